package elasticsearch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/storage/logrecord"
)

// benchLogs makes records as web servers and services write them: about 300 bytes, with four labels
// of their own and four of their resource.
func benchLogs(batch string, count int, start time.Time) plog.Logs {
	random := rand.New(rand.NewPCG(uint64(len(batch)), 7))
	paths := []string{"/api/cart", "/api/checkout", "/api/products/list", "/health", "/api/users/profile", "/static/app.js"}
	agents := []string{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "curl/8.5.0", "Go-http-client/2.0", "okhttp/4.12.0"}
	logs := plog.NewLogs()
	for service := range 4 {
		resource := logs.ResourceLogs().AppendEmpty()
		attributes := resource.Resource().Attributes()
		attributes.PutStr("service.name", []string{"checkout", "cart", "web-frontend", "billing"}[service])
		attributes.PutStr("service.instance.id", fmt.Sprintf("pod-%d", service))
		attributes.PutStr("host.name", fmt.Sprintf("node-%d.internal", service))
		attributes.PutStr("k8s.namespace.name", "shop")
		attributes.PutStr("deployment.environment.name", "production")
		records := resource.ScopeLogs().AppendEmpty().LogRecords()
		for i := range count / 4 {
			number := service*count/4 + i
			record := records.AppendEmpty()
			record.SetTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(number) * time.Microsecond)))
			record.SetSeverityNumber([]plog.SeverityNumber{plog.SeverityNumberInfo, plog.SeverityNumberInfo, plog.SeverityNumberInfo, plog.SeverityNumberWarn, plog.SeverityNumberError}[random.IntN(5)])
			path, took := paths[random.IntN(len(paths))], random.IntN(900)
			record.Body().SetStr(fmt.Sprintf("10.%d.%d.%d - GET %s?item=%d HTTP/1.1 200 %d bytes in %dms trace=%08x upstream=10.0.3.%d:8080 cache=miss",
				random.IntN(256), random.IntN(256), random.IntN(256), path, random.IntN(100000), random.IntN(60000), took, random.Uint32(), random.IntN(30)))
			record.Attributes().PutStr("http.route", path)
			record.Attributes().PutInt("http.status_code", int64([]int{200, 200, 200, 404, 500}[random.IntN(5)]))
			record.Attributes().PutInt("duration_ms", int64(took))
			record.Attributes().PutStr("user_agent", agents[random.IntN(len(agents))])
			var trace [16]byte
			for j := range trace {
				trace[j] = byte(random.IntN(256))
			}
			record.SetTraceID(trace)
			record.SetSpanID([8]byte(trace[:8]))
			record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, number))
		}
	}
	return logs
}

// BenchmarkEncode makes the documents of a batch of a thousand records.
func BenchmarkEncode(b *testing.B) {
	logs := benchLogs("batch", 1000, time.Now().Add(-time.Hour))
	classes := newClasses(DefaultConfig())
	var flattener logrecord.Flattener
	var e encoder
	var request bulk
	b.ReportAllocs()
	for b.Loop() {
		request.reset(testOrg)
		err := flattener.Each(logs, func(row *logrecord.Row) error {
			request.add(classes.of(testOrg), row, &e)
			return nil
		})
		require.NoError(b, err)
	}
	b.SetBytes(int64(len(request.body)))
	b.ReportMetric(float64(b.N*1000)/b.Elapsed().Seconds(), "records/s")
}

// batchRecords is how many records a Kafka fetch brings, about.
const batchRecords = 5000

// BenchmarkWrite compares Write with a bare bulk load of the same documents, made beforehand, in
// turns on the same server.
func BenchmarkWrite(b *testing.B) {
	for _, compression := range []string{compressionNone, compressionGzip} {
		b.Run(compression, func(b *testing.B) { benchmarkWrite(b, compression) })
	}
}

func benchmarkWrite(b *testing.B, compression string) {
	b.Helper()
	store := openTest(b, func(cfg *Config) { cfg.Refresh, cfg.Compression, cfg.MaxBulkBytes = refreshNone, compression, 2<<20 })
	start := time.Now().Add(-time.Hour)
	var written, loaded time.Duration
	var client float64
	round := 0
	for b.Loop() {
		name := fmt.Sprintf("%d.%d", b.N, round)
		bodies := bareBodies(b, store, benchLogs("bare"+name, batchRecords, start))
		began := time.Now()
		loadBare(b, store, bodies)
		loaded += time.Since(began)

		logs := benchLogs("store"+name, batchRecords, start)
		began, cpu := time.Now(), ownCPU(b)
		refused, err := write(b.Context(), store, logs)
		written += time.Since(began)
		client += (ownCPU(b) - cpu).Seconds()
		require.NoError(b, err)
		require.Empty(b, refused)
		round++
	}
	records := float64(round * batchRecords)
	b.ReportMetric(records/written.Seconds(), "records/s")
	b.ReportMetric(records/loaded.Seconds(), "bare-records/s")
	b.ReportMetric(loaded.Seconds()/written.Seconds(), "of-bare")
	b.ReportMetric(client/records*1e6, "client-us/record")
}

// ownCPU is the processor time of this process.
func ownCPU(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// bareBodies makes the requests of a bulk load.
func bareBodies(b *testing.B, store *Store, logs plog.Logs) [][]byte {
	b.Helper()
	var flattener logrecord.Flattener
	var e encoder
	request := &bulk{}
	request.reset(testOrg)
	var bodies [][]byte
	require.NoError(b, flattener.Each(logs, func(row *logrecord.Row) error {
		request.add(store.classes.of(testOrg), row, &e)
		if len(request.body) >= store.cfg.MaxBulkBytes {
			bodies = append(bodies, request.body)
			request = &bulk{}
			request.reset(testOrg)
		}
		return nil
	}))
	if len(request.items) > 0 {
		bodies = append(bodies, request.body)
	}
	return bodies
}

// loadBare sends them one after the other, as curl would.
func loadBare(b *testing.B, store *Store, bodies [][]byte) {
	b.Helper()
	index := store.classes.of(testOrg).index(time.Now().Add(-time.Hour).UnixNano())
	for _, body := range bodies {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, store.cfg.Endpoints[0]+"/"+index+"/_bulk?filter_path=errors", bytes.NewReader(body))
		require.NoError(b, err)
		request.Header.Set("Content-Type", "application/x-ndjson")
		response, err := http.DefaultClient.Do(request)
		require.NoError(b, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(b, errors.Join(err, response.Body.Close()))
		require.JSONEq(b, `{"errors":false}`, string(answer))
	}
}
