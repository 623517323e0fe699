package query_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const load = "load 1m\n  up{job=\"a\"} 1x10\n  up{job=\"b\"} 1x10\n"

func newEngine(t *testing.T, store storage.MetricStore, change func(*query.Config)) *query.Engine {
	t.Helper()
	config := query.DefaultConfig()
	if change != nil {
		change(&config)
	}
	engine, err := query.New(store, config, nil, zap.NewNop())
	require.NoError(t, err)
	return engine
}

func TestLimitsNameThemselvesAndTheFix(t *testing.T) {
	tests := []struct {
		name   string
		change func(*query.Config)
		span   query.Range
		code   errcode.Code
		want   string
	}{
		{"samples", func(c *query.Config) { c.MaxSamples = 5 }, query.Range{To: time.Unix(600, 0), Step: time.Minute}, errcode.Unprocessable, "the limit is 5 (max_samples)"},
		{"series", func(c *query.Config) { c.MaxSeries = 1 }, query.Range{To: time.Unix(60, 0), Step: time.Minute}, errcode.Unprocessable, "the limit of 1 (max_series)"},
		{"points", func(c *query.Config) { c.MaxPoints = 9 }, query.Range{To: time.Unix(600, 0), Step: time.Minute}, errcode.Invalid, "use a step of at least 1m7s"},
		{"time", func(c *query.Config) { c.Timeout = time.Nanosecond }, query.Range{To: time.Unix(60, 0), Step: time.Minute}, errcode.Timeout, "1ns"},
		{"tiny step", nil, query.Range{To: time.Unix(60, 0), Step: time.Microsecond}, errcode.Invalid, "below a millisecond"},
		{"no step", nil, query.Range{To: time.Unix(60, 0)}, errcode.Invalid, "not positive"},
		{"backwards", nil, query.Range{From: time.Unix(90, 0), To: time.Unix(60, 0), Step: 1}, errcode.Invalid, "before the start"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := querytest.NewMetrics(t, load)
			if tt.span.From.IsZero() {
				tt.span.From = time.Unix(0, 0)
			}
			_, err := newEngine(t, store, tt.change).Range(t.Context(), querytest.Org, "up", tt.span, query.Options{})
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, tt.code, errcode.Of(err))
			var coded *errcode.Error
			require.ErrorAs(t, err, &coded)
			assert.NotEmpty(t, coded.Fix)
			assert.Zero(t, store.OpenCount())
		})
	}
}

// blocking is a store whose Open waits.
type blocking struct {
	storage.MetricStore
	entered chan struct{}
	release chan struct{}
}

func (b *blocking) Open(ctx context.Context, org storage.OrgID) (storage.OrgMetrics, error) {
	b.entered <- struct{}{}
	select {
	case <-b.release:
		return b.MetricStore.Open(ctx, org)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestQueriesWaitForASlot(t *testing.T) {
	store := &blocking{querytest.NewMetrics(t, load), make(chan struct{}, 1), make(chan struct{})}
	engine := newEngine(t, store, func(c *query.Config) { c.MaxConcurrent = 1 })
	done := make(chan error)
	go func() {
		result, err := engine.Instant(t.Context(), querytest.Org, "up", time.Unix(0, 0), query.Options{})
		if err == nil {
			err = result.Close()
		}
		done <- err
	}()
	<-store.entered
	_, err := engine.Instant(t.Context(), querytest.Org, "up", time.Unix(0, 0), query.Options{Timeout: time.Millisecond})
	require.ErrorContains(t, err, "max_concurrent")
	assert.Equal(t, errcode.Timeout, errcode.Of(err))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = engine.LabelNames(gone, querytest.Org, query.Selection{})
	assert.Equal(t, errcode.Canceled, errcode.Of(err))

	close(store.release)
	require.NoError(t, <-done)
	_, err = engine.LabelNames(t.Context(), querytest.Org, query.Selection{})
	assert.NoError(t, err, "the slot is free again")
}

func TestClientThatWentAway(t *testing.T) {
	store := &blocking{querytest.NewMetrics(t, load), make(chan struct{}, 1), make(chan struct{})}
	engine := newEngine(t, store, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-store.entered
		cancel()
	}()
	_, err := engine.Instant(ctx, querytest.Org, "up", time.Unix(0, 0), query.Options{})
	assert.Equal(t, errcode.Canceled, errcode.Of(err))
}

func TestLookback(t *testing.T) {
	engine := newEngine(t, querytest.NewMetrics(t, load), nil)
	for lookback, want := range map[time.Duration]int{0: 2, time.Second: 0} {
		result, err := engine.Instant(t.Context(), querytest.Org, "up", time.Unix(90, 0), query.Options{LookbackDelta: lookback})
		require.NoError(t, err)
		assert.Len(t, result.Value.(promql.Vector), want)
		require.NoError(t, result.Close())
	}
}

func TestSeriesFromWhereTheLastPageEnded(t *testing.T) {
	engine := newEngine(t, querytest.NewMetrics(t, load), nil)
	selection := query.Selection{Limit: 1}
	first, err := engine.Series(t.Context(), querytest.Org, selection)
	require.NoError(t, err)
	assert.True(t, first.Truncated)
	selection.After = first.Items[0]
	second, err := engine.Series(t.Context(), querytest.Org, selection)
	require.NoError(t, err)
	assert.False(t, second.Truncated)
	assert.Equal(t, []labels.Labels{labels.FromStrings("__name__", "up", "job", "b")}, second.Items)
}

func TestStoreErrorsKeepTheirCode(t *testing.T) {
	store := querytest.NewMetrics(t, load)
	engine := newEngine(t, store, nil)
	store.OpenErr = errcode.New(errcode.Unavailable, "closing")
	_, err := engine.Instant(t.Context(), querytest.Org, "up", time.Now(), query.Options{})
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	store.OpenErr = errors.New("disk gone")
	_, err = engine.Metadata(t.Context(), querytest.Org, "", 0)
	assert.Equal(t, errcode.Internal, errcode.Of(err))
}

func TestExpression(t *testing.T) {
	tests := []struct {
		question query.Metrics
		want     string
	}{
		{query.Metrics{Metric: "cpu"}, `{__name__="cpu"}`},
		{query.Metrics{Metric: `a"b`, InstanceID: "x", Aggregation: query.Last}, `{__name__="a\"b",instance="x"}`},
		{query.Metrics{Metric: "cpu", Service: "s", Aggregation: query.Avg, Step: time.Second}, `avg by () ({__name__="cpu",service="s"} or {__name__="cpu",job="s"})`},
		{query.Metrics{Metric: "cpu", Aggregation: query.Max, By: []string{"job", "k8s.pod"}, Step: time.Hour}, `max by (job, "k8s.pod") (max_over_time({__name__="cpu"}[1h]))`},
		{query.Metrics{Metric: "cpu", Aggregation: query.Sum, Step: 150 * time.Second}, `sum by () (avg_over_time({__name__="cpu"}[2m30s]))`},
		{query.Metrics{Metric: "cpu", Aggregation: query.Count, Step: time.Hour}, `count by () (count_over_time({__name__="cpu"}[1h]))`},
		{query.Metrics{Metric: "c", Aggregation: query.Rate, Step: time.Second}, `rate({__name__="c"}[2m])`},
		{query.Metrics{Metric: "c", Aggregation: query.Increase, By: []string{"job"}, Step: time.Hour}, `sum by (job) (increase({__name__="c"}[1h]))`},
	}
	for _, tt := range tests {
		got, err := tt.question.Expression()
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
		_, err = query.NewParser().ParseExpr(got)
		assert.NoError(t, err, got)
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	for field, change := range map[string]func(*query.Config){
		"timeout":        func(c *query.Config) { c.Timeout = 0 },
		"max_samples":    func(c *query.Config) { c.MaxSamples = 0 },
		"max_points":     func(c *query.Config) { c.MaxPoints = -1 },
		"max_series":     func(c *query.Config) { c.MaxSeries = 0 },
		"lookback_delta": func(c *query.Config) { c.LookbackDelta = 0 },
		"max_concurrent": func(c *query.Config) { c.MaxConcurrent = 0 },
	} {
		config := query.DefaultConfig()
		require.NoError(t, config.Validate())
		change(&config)
		_, err := query.New(nil, config, nil, zap.NewNop())
		assert.ErrorContains(t, err, field)
	}
}
