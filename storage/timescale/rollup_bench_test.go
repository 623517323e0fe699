package timescale

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage/rollup"
)

// BenchmarkLongRange reads two weeks of 50 series with a sample every 15 s, by hours, from samples and from
// the rollup. (The samples are made by the server, to be done soon.)
//
//	go test -run '^$' -bench LongRange -benchtime 5x ./storage/timescale
func BenchmarkLongRange(b *testing.B) {
	const series, days = 50, 14
	db := onPostgreSQL(b)
	store := open(b, db.config())
	defer store.closeIn(b)
	org, err := store.Open(b.Context(), acme)
	require.NoError(b, err)
	now := time.Now().Truncate(time.Hour)
	require.NoError(b, write(b.Context(), org, series, now.UnixMilli()))
	db.exec(b, "BEGIN; DELETE FROM pharos.rollup_log; COMMIT")
	from := now.Add(-days * day)
	for d := dayOf(from.UnixMilli()); d <= now.UnixMilli(); d += day.Milliseconds() {
		db.exec(b, fmt.Sprintf("CREATE TABLE IF NOT EXISTS pharos.samples_p%s PARTITION OF pharos.samples FOR VALUES FROM ('%s') TO ('%s')",
			timeOf(d).Format(partitionDay), timeOf(d).Format(time.RFC3339), timeOf(d).Add(day).Format(time.RFC3339)))
	}
	db.exec(b, fmt.Sprintf(`INSERT INTO pharos.samples (time, series_id, value) SELECT at, id, random() FROM generate_series('%s'::timestamptz, '%s', INTERVAL '15 seconds') AS at, pharos.series
		ON CONFLICT DO NOTHING; INSERT INTO pharos.rollup_log (level, bucket) SELECT 0, at + INTERVAL '1 millisecond' FROM generate_series('%s'::timestamptz, '%s', INTERVAL '1 minute') AS at; ANALYZE pharos.samples`,
		from.Format(time.RFC3339), now.Format(time.RFC3339), from.Add(-time.Minute).Format(time.RFC3339), now.Format(time.RFC3339)))
	begin := time.Now()
	require.NoError(b, store.RollUp(b.Context()))
	rolled := time.Since(begin)
	read := func(b *testing.B, asked rollup.Request) int {
		b.Helper()
		querier, err := asking{org, asked}.Querier(from.UnixMilli()+1, now.UnixMilli())
		if asked.Width == 0 {
			querier, err = org.Querier(from.UnixMilli()+1, now.UnixMilli())
		}
		require.NoError(b, err)
		set, samples := querier.Select(b.Context(), true, &promstorage.SelectHints{Start: from.UnixMilli() + 1, End: now.UnixMilli()}, labels.MustNewMatcher(labels.MatchEqual, "__name__", "load")), 0
		var it chunkenc.Iterator
		for set.Next() {
			for it = set.At().Iterator(it); it.Next() != chunkenc.ValNone; {
				samples++
			}
		}
		require.NoError(b, set.Err())
		return samples
	}
	b.Run("samples", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(read(b, rollup.Request{})), "samples")
		}
	})
	b.Run("rollup 1h", func(b *testing.B) {
		var used atomic.Bool
		for b.Loop() {
			b.ReportMetric(float64(read(b, rollup.Request{Width: time.Hour, Func: rollup.Max, Read: &used})), "samples")
		}
		require.True(b, used.Load())
	})
	b.Run("rolling up", func(b *testing.B) {
		b.ReportMetric(float64(series*days*24*240)/rolled.Seconds(), "samples/s")
	})
}
