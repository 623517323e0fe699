package timescale

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// BenchmarkWrite stores batches of 10,000 samples (1000 series, 10 scrapes) through the store and,
// side by side, by bare COPY into a table of the same columns, key and partitions: by pgx from Go
// values, and from bytes that were encoded beforehand, which is as little as a client can do.
//
//	go test -run '^$' -bench Write -benchtime 300x ./storage/timescale
//
// us/row are microseconds of CPU: of the client, this process, and of all of the server's.
func BenchmarkWrite(b *testing.B) {
	const series, scrapes = 1000, 10
	db := onPostgreSQL(b)
	cfg := db.config()
	cfg.RetentionTime = 0
	store := open(b, cfg)
	defer store.closeIn(b)
	org, err := store.Open(b.Context(), acme)
	require.NoError(b, err)
	all := make([]labels.Labels, series)
	for n := range all {
		all[n] = labels.FromStrings("__name__", "system_cpu_time_seconds_total", "job", "shop/checkout", "instance", "host-"+strconv.Itoa(n/20), "cpu", strconv.Itoa(n%20), "state", "user", "cluster", "eu-1")
	}
	start := dayOf(time.Now().UnixMilli())
	at := func(batch, scrape int) int64 { return start + int64(batch*scrapes+scrape)*20 }

	b.Run("store", func(b *testing.B) {
		store.truncateSamples(b, db)
		measure(b, series*scrapes, func(batch int) {
			app := org.AppenderV2(b.Context())
			for scrape := range scrapes {
				for _, ls := range all {
					_, err := app.Append(0, ls, 0, at(batch, scrape), float64(batch)*1.1, nil, nil, promstorage.AppendV2Options{})
					require.NoError(b, err)
				}
			}
			require.NoError(b, app.Commit())
		})
		require.Zero(b, store.Counters().Duplicates)
	})
	rows := func(batch int) []row {
		rows := make([]row, 0, series*scrapes)
		for scrape := range scrapes {
			for id := range all {
				rows = append(rows, row{id: int64(id), t: at(batch, scrape), bits: uint64(batch)})
			}
		}
		return rows
	}
	inTx := func(b *testing.B, fn func(*pgxpool.Conn) error) {
		b.Helper()
		conn, err := store.pool.Acquire(b.Context())
		require.NoError(b, err)
		defer conn.Release()
		require.NoError(b, pgx.BeginFunc(b.Context(), conn, func(pgx.Tx) error { return fn(conn) }))
	}
	b.Run("COPY by pgx", func(b *testing.B) {
		store.truncateSamples(b, db)
		measure(b, series*scrapes, func(batch int) {
			rows := rows(batch)
			inTx(b, func(conn *pgxpool.Conn) error {
				_, err := conn.CopyFrom(b.Context(), pgx.Identifier{db.schema, "samples"}, []string{"time", "series_id", "value"}, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
					return []any{time.UnixMilli(rows[i].t), rows[i].id, float64(batch) * 1.1}, nil
				}))
				return err
			})
		})
	})
	b.Run("COPY of bytes", func(b *testing.B) {
		store.truncateSamples(b, db)
		encoded := make([][]byte, b.N)
		for batch := range encoded {
			encoded[batch], _ = encodeRows(rows(batch))
		}
		measure(b, series*scrapes, func(batch int) {
			inTx(b, func(conn *pgxpool.Conn) error {
				_, err := conn.Conn().PgConn().CopyFrom(b.Context(), bytes.NewReader(encoded[batch]), store.sql("COPY pharos.samples (time, series_id, value) FROM STDIN BINARY"))
				return err
			})
		})
	})
}

func (s *Store) truncateSamples(tb testing.TB, db database) {
	tb.Helper()
	db.exec(tb, "TRUNCATE pharos.samples; CHECKPOINT")
	require.NoError(tb, s.Maintain(context.WithoutCancel(tb.Context())))
}

// measure runs the batches of a benchmark and reports rows and CPU.
func measure(b *testing.B, rows int, batch func(int)) {
	b.Helper()
	client, server := ownCPU(b), serverCPU(b)
	b.ResetTimer()
	for i := range b.N {
		batch(i)
	}
	b.StopTimer()
	total := float64(rows * b.N)
	b.ReportMetric(total/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64((ownCPU(b)-client).Microseconds())/total, "client-us/row")
	b.ReportMetric(float64((serverCPU(b)-server).Microseconds())/total, "server-us/row")
}

func ownCPU(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// serverCPU adds up what the processes of the server that live have used.
func serverCPU(tb testing.TB) time.Duration {
	tb.Helper()
	parent := strconv.Itoa(postgres.server.PID())
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(tb, err)
	ticks := 0
	for _, name := range stats {
		content, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
		if fields[1] != parent {
			continue
		}
		for _, field := range fields[11:13] {
			n, err := strconv.Atoi(field)
			require.NoError(tb, err, fmt.Sprint(fields))
			ticks += n
		}
	}
	const tick = 10 * time.Millisecond // USER_HZ
	return time.Duration(ticks) * tick
}
