package tiered

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/local/metrics"
)

// BenchmarkRead evaluates a query over an hour of a thousand series: on a local store, through
// the join when all of it is hot, and when a half of it comes from each store.
func BenchmarkRead(b *testing.B) {
	const series, step = 1000, 15 * time.Second
	now := time.Now().Truncate(time.Minute)
	stores := make([]storage.MetricStore, 2)
	for i := range stores {
		store, err := metrics.Open(b.TempDir(), metrics.DefaultConfig(), zap.NewNop())
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, store.Close()) })
		org, err := store.Open(b.Context(), testOrg)
		require.NoError(b, err)
		for at := now.Add(-time.Hour); at.Before(now); at = at.Add(step) {
			app := org.AppenderV2(b.Context())
			for n := range series {
				_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, "load", "instance", fmt.Sprint(n), "job", fmt.Sprint(n%10)), 0, at.UnixMilli(), float64(n), nil, nil, promstorage.AppendV2Options{})
				require.NoError(b, err)
			}
			require.NoError(b, app.Commit())
		}
		require.NoError(b, org.Close())
		stores[i] = store
	}
	joined := func(cut time.Time) storage.MetricStore {
		progress := &Progress{}
		progress.Set(State{CaughtUp: true, CompleteFrom: cut, Until: now.Add(time.Hour), Writers: now})
		return NewMetrics(stores[0], stores[1], progress)
	}
	engine := promql.NewEngine(promql.EngineOpts{Timeout: time.Minute, MaxSamples: 1e8, Parser: parser.NewParser(parser.Options{})})
	defer func() { require.NoError(b, engine.Close()) }()
	for _, of := range []struct {
		name  string
		store storage.MetricStore
	}{{"local", stores[0]}, {"hot", joined(now.Add(-2 * time.Hour))}, {"both", joined(now.Add(-30 * time.Minute))}} {
		b.Run(of.name, func(b *testing.B) {
			for b.Loop() {
				org, err := of.store.Open(b.Context(), testOrg)
				require.NoError(b, err)
				query, err := engine.NewRangeQuery(b.Context(), org, nil, "avg by (job) (load)", now.Add(-55*time.Minute), now, 30*time.Second)
				require.NoError(b, err)
				result := query.Exec(b.Context())
				require.NoError(b, result.Err)
				query.Close()
				require.NoError(b, org.Close())
			}
		})
	}
}
