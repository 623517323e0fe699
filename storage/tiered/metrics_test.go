package tiered

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/local/metrics"
	"github.com/pharos-obs/pharos/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testOrg storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000a"

// fed is a join whose appenders feed both stores, as a log would.
type fed struct {
	*Metrics
	stores [2]storage.MetricStore // hot, durable
	// takes says whether a store gets a sample.
	takes func(hot bool, t int64) bool
}

func both(bool, int64) bool { return true }

func openFed(t *testing.T, dir string, cfg metrics.Config, state State) *fed {
	t.Helper()
	f := &fed{takes: both}
	for i, name := range []string{"hot", "durable"} {
		store, err := metrics.Open(filepath.Join(dir, name), cfg, zaptest.NewLogger(t, zaptest.Level(zapcore.WarnLevel)))
		require.NoError(t, err)
		f.stores[i] = store
	}
	progress := &Progress{}
	progress.Set(state)
	f.Metrics = NewMetrics(f.stores[0], f.stores[1], progress)
	return f
}

func (f *fed) Close() error {
	return errors.Join(f.Metrics.Close(), f.stores[0].Close(), f.stores[1].Close())
}

func (f *fed) Open(ctx context.Context, org storage.OrgID) (storage.OrgMetrics, error) {
	joined, err := f.Metrics.Open(ctx, org)
	if err != nil {
		return nil, err
	}
	if _, err := joined.(*handle).openDurable(ctx); err != nil {
		return nil, errors.Join(err, joined.Close())
	}
	return &fedOrg{handle: joined.(*handle), takes: f.takes}, nil
}

type fedOrg struct {
	*handle
	takes func(bool, int64) bool
}

func (o *fedOrg) AppenderV2(ctx context.Context) promstorage.AppenderV2 {
	return &fedAppender{hot: o.hot.AppenderV2(ctx), durable: o.durable.AppenderV2(ctx), takes: o.takes}
}

// fedAppender has no references: those of the two stores differ.
type fedAppender struct {
	hot, durable promstorage.AppenderV2
	takes        func(bool, int64) bool
}

func (a *fedAppender) Append(_ promstorage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts promstorage.AppendV2Options) (promstorage.SeriesRef, error) {
	var errs []error
	if a.takes(true, t) {
		_, err := a.hot.Append(0, ls, st, t, v, h, fh, opts)
		errs = append(errs, err)
	}
	if a.takes(false, t) {
		_, err := a.durable.Append(0, ls, st, t, v, h, fh, opts)
		errs = append(errs, err)
	}
	return 0, errors.Join(errs...)
}

func (a *fedAppender) Commit() error   { return errors.Join(a.hot.Commit(), a.durable.Commit()) }
func (a *fedAppender) Rollback() error { return errors.Join(a.hot.Rollback(), a.durable.Rollback()) }

func (a *fedAppender) DescribeFamily(name string, meta metadata.Metadata) {
	a.hot.(storage.FamilyDescriber).DescribeFamily(name, meta)
	a.durable.(storage.FamilyDescriber).DescribeFamily(name, meta)
}

// TestConformance cuts between the samples that the suite writes.
func TestConformance(t *testing.T) {
	for name, cut := range map[string]func(now time.Time) time.Time{
		"hot alone":         func(time.Time) time.Time { return time.Time{} },
		"between":           func(now time.Time) time.Time { return now.Truncate(time.Second).Add(-500 * time.Millisecond) },
		"at a sample":       func(now time.Time) time.Time { return now.Truncate(time.Second) },
		"durable alone":     func(now time.Time) time.Time { return now.Add(time.Hour) },
		"a while ago":       func(now time.Time) time.Time { return now.Add(-45 * time.Minute) },
		"after a late one":  func(now time.Time) time.Time { return now.Add(-15 * time.Minute) },
		"still catching up": func(time.Time) time.Time { return time.Unix(0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.RunMetricStore(t, func(t *testing.T, dir string) storage.MetricStore {
				t.Helper()
				cfg := metrics.DefaultConfig()
				cfg.MaxSeries = storagetest.SeriesLimit
				cfg.OutOfOrderWindow = storagetest.OutOfOrderWindow
				return openFed(t, dir, cfg, State{CaughtUp: name != "still catching up", CompleteFrom: cut(time.Now()), Until: time.Now()})
			})
		})
	}
}

// TestPromQL has the hot store begin a while before the cut and the durable one end at it, so that
// a gap and doubles would be seen, and then all samples in both.
func TestPromQL(t *testing.T) {
	for name, test := range map[string]struct {
		cut   time.Duration
		split bool
	}{"divided early": {time.Minute, true}, "divided late": {25 * time.Minute, true}, "twice": {10 * time.Minute, false}} {
		t.Run(name, func(t *testing.T) {
			cut := time.UnixMilli(test.cut.Milliseconds())
			storagetest.RunPromQL(t, func(t *testing.T) storage.MetricStore {
				t.Helper()
				cfg := metrics.DefaultConfig()
				cfg.RetentionTime = 0
				f := openFed(t, t.TempDir(), cfg, State{CaughtUp: true, CompleteFrom: cut, Until: time.Now()})
				if test.split {
					f.takes = func(hot bool, t int64) bool {
						return hot && t >= cut.Add(-10*time.Minute).UnixMilli() || !hot && t < cut.UnixMilli()
					}
				}
				return f
			})
		})
	}
}

func TestCapabilities(t *testing.T) {
	for _, test := range []struct{ hot, durable, want storage.MetricCapabilities }{
		{},
		{hot: storage.MetricCapabilities{NoExemplars: true}, want: storage.MetricCapabilities{NoExemplars: true}},
		{durable: storage.MetricCapabilities{NoNativeHistograms: true, NoStartTimestamps: true}, want: storage.MetricCapabilities{NoNativeHistograms: true, NoStartTimestamps: true}},
	} {
		join := NewMetrics(&brokenStore{capabilities: test.hot}, &brokenStore{capabilities: test.durable}, &Progress{})
		require.Equal(t, test.want, join.Capabilities())
	}
}

const anyTime = math.MaxInt64 / 2
