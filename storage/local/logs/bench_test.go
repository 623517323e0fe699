package logs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// benchLogs makes a request of lines of about 256 bytes.
func benchLogs(random *rand.Rand, lines int) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", fmt.Sprintf("service-%d", random.IntN(10)))
	resource.Resource().Attributes().PutStr("host.name", fmt.Sprintf("host-%d", random.IntN(10)))
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for range lines {
		record := records.AppendEmpty()
		record.SetSeverityText([]string{"INFO", "WARN", "ERROR"}[random.IntN(3)])
		record.Body().SetStr(fmt.Sprintf("GET /api/v1/orders/%d took %d ms user=%x %s", random.IntN(1e6), random.IntN(900), random.Uint64(), strings.Repeat("lorem ipsum ", 8)))
		record.Attributes().PutStr("http.method", "GET")
		record.Attributes().PutInt("http.status_code", int64(200+random.IntN(5)))
		record.Attributes().PutStr("region", "north")
		record.SetTraceID(pcommon.TraceID{byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256)), 1})
		record.Attributes().PutStr(logrecord.IDAttribute, "")
	}
	return logs
}

// stamp gives a prepared request new ids and times, as a receiver does.
func stamp(logs plog.Logs, batch string) {
	now := time.Now().UnixNano()
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	for i := range records.Len() {
		records.At(i).SetTimestamp(pcommon.Timestamp(now + int64(i)))
		id, _ := records.At(i).Attributes().Get(logrecord.IDAttribute)
		id.SetStr(fmt.Sprintf("%s-%d", batch, i))
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkWrite writes requests of 1,000 lines; it reports the process's CPU time a line, which
// has the engine's merges in it, and the making of ids.
func BenchmarkWrite(b *testing.B) {
	const lines = 1000
	store, err := Open(b.TempDir(), DefaultConfig(), zap.NewNop())
	require.NoError(b, err)
	var batches atomic.Int64
	b.ResetTimer()
	before := cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		random := rand.New(rand.NewPCG(1, uint64(batches.Add(1))))
		requests := make([]plog.Logs, 16)
		for i := range requests {
			requests[i] = benchLogs(random, lines)
		}
		for i := 0; pb.Next(); i++ {
			logs := requests[i%len(requests)]
			stamp(logs, fmt.Sprintf("0193a4c5-7d1e-%012x", batches.Add(1)))
			if err := store.Write(b.Context(), testOrg, logs); err != nil {
				b.Error(err)
			}
		}
	})
	used := cpuTime() - before
	b.StopTimer()
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/lines, "cpu-ns/line")
	b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "lines/s")
	require.NoError(b, store.Close())
}

// BenchmarkEngine gives the engine the same lines without ids and without the journal: what
// BenchmarkWrite is to be compared with.
func BenchmarkEngine(b *testing.B) {
	const lines = 1000
	engine, err := openEngine(b.TempDir(), DefaultConfig())
	require.NoError(b, err)
	b.ResetTimer()
	before := cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		random := rand.New(rand.NewPCG(1, 2))
		requests := make([]plog.Logs, 16)
		for i := range requests {
			requests[i] = benchLogs(random, lines)
		}
		var flattener logrecord.Flattener
		for i := 0; pb.Next(); i++ {
			rows := logstorage.GetLogRows(nil, nil, nil, nil, "")
			logs := requests[i%len(requests)]
			stamp(logs, "x")
			var fields []logstorage.Field
			_ = flattener.Each(logs, func(flat *logrecord.Row) error {
				fields = fields[:0]
				for _, f := range flat.Fields {
					fields = append(fields, logstorage.Field(f))
				}
				rows.MustAdd(tenant(1), flat.Time, fields, 2)
				return nil
			})
			engine.MustAddRows(rows)
			logstorage.PutLogRows(rows)
		}
	})
	used := cpuTime() - before
	b.StopTimer()
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/lines, "cpu-ns/line")
	engine.MustClose()
}

// BenchmarkJournal is the store's own share of BenchmarkWrite: from plog.Logs to the journal,
// with the copies that the engine takes.
func BenchmarkJournal(b *testing.B) {
	const lines = 1000
	journal, err := openJournal(b.TempDir())
	require.NoError(b, err)
	logs := benchLogs(rand.New(rand.NewPCG(1, 2)), lines)
	stamp(logs, "0193a4c5-7d1e-00000001")
	var work batch
	table := newSeenTable()
	now := time.Now()
	bytes := 0
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, work.build(b.Context(), 1, logs, table, window{0, now.Add(time.Hour).UnixNano()}, now))
		_, err := journal.append(work.encoder.buf)
		require.NoError(b, err)
		bytes = len(work.encoder.buf)
		work.rows.release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
	b.ReportMetric(float64(bytes)/lines, "journal-B/line")
	require.NoError(b, journal.close())
}

// BenchmarkRead reads from a million lines.
func BenchmarkRead(b *testing.B) {
	store, err := Open(b.TempDir(), DefaultConfig(), zap.NewNop())
	require.NoError(b, err)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		logs := benchLogs(random, 1000)
		stamp(logs, fmt.Sprintf("batch%d", i))
		require.NoError(b, store.Write(b.Context(), testOrg, logs))
	}
	for name, text := range map[string]string{"newest": "", "word": "GET level:error", "rare": "user=1", "phrase": `"lorem ipsum lorem"`} {
		filter, err := logfilter.Parse(text)
		require.NoError(b, err)
		b.Run("search "+name, func(b *testing.B) {
			for b.Loop() {
				_, err := store.Search(b.Context(), testOrg, storage.LogQuery{Filter: filter, Limit: 50})
				require.NoError(b, err)
			}
		})
	}
	b.Run("histogram by level", func(b *testing.B) {
		for b.Loop() {
			_, err := store.Histogram(b.Context(), testOrg, storage.HistogramQuery{Step: time.Minute, By: "level"})
			require.NoError(b, err)
		}
	})
	b.Run("fields", func(b *testing.B) {
		for b.Loop() {
			_, err := store.Fields(b.Context(), testOrg, storage.FieldsQuery{Names: []string{"level", "service", "region"}})
			require.NoError(b, err)
		}
	})
	require.NoError(b, store.Close())
}
