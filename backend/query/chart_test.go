package query_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// chartStore holds series with a sample a second over hours.
func chartStore(tb testing.TB, series, seconds int, value func(series, second int) float64) *querytest.Metrics {
	tb.Helper()
	store := querytest.NewMetrics(tb, "")
	for i := range series {
		appender := store.Storage.AppenderV2(tb.Context())
		set := labels.FromStrings("__name__", "gauge", "i", fmt.Sprint(i))
		for second := range seconds {
			_, err := appender.Append(0, set, 0, int64(second)*1000, value(i, second), nil, nil, promstorage.AOptions{})
			require.NoError(tb, err)
		}
		require.NoError(tb, appender.Commit())
	}
	return store
}

func chartOf(t *testing.T, store *querytest.Metrics, c query.Chart) *query.ChartAnswer {
	t.Helper()
	if c.Finest == 0 {
		c.Finest = time.Second
	}
	answer, err := newEngine(t, store, nil).Chart(t.Context(), querytest.Org, c)
	require.NoError(t, err)
	for _, series := range answer.Series {
		require.Len(t, series.Values, len(answer.Times), "one grid for all series")
	}
	assert.Zero(t, store.OpenCount())
	return answer
}

func seconds(n int) time.Time { return time.Unix(int64(n), 0) }

func TestChartKeepsSpikes(t *testing.T) {
	const hours = 6 * 3600
	spikes := map[int]float64{1234: 100, 9999: -50, 20001: 77}
	store := chartStore(t, 1, hours, func(_, second int) float64 {
		if spike, ok := spikes[second]; ok {
			return spike
		}
		return 10 + math.Sin(float64(second)/600)
	})
	answer := chartOf(t, store, query.Chart{Query: "gauge", From: seconds(0), To: seconds(hours - 1), Points: 400, Limit: 10})
	assert.True(t, answer.Reduced)
	assert.LessOrEqual(t, len(answer.Times), 402)
	assert.Greater(t, len(answer.Times), 250, "the chart is not coarser than it must be")
	require.Len(t, answer.Series, 1)
	for second, spike := range spikes {
		found := false
		for i, value := range answer.Series[0].Values {
			if value == spike {
				found = true
				assert.InDelta(t, second, answer.Times[i]/1000, 2*answer.Step.Seconds(), "the spike is where it was")
			}
		}
		assert.True(t, found, "the spike %v is drawn", spike)
	}
	assert.Equal(t, query.ChartStats{Min: -50, Max: 100, Avg: answer.Series[0].Stats.Avg, Last: answer.Series[0].Stats.Last}, answer.Series[0].Stats)
	for i := range answer.Times[1:] {
		assert.Equal(t, answer.Step.Milliseconds(), answer.Times[i+1]-answer.Times[i], "the grid is even")
	}
}

func TestChartPutsLowAndHighInTheOrderOfTheirTimes(t *testing.T) {
	// A saw that rises for a minute and falls at once.
	store := chartStore(t, 1, 3600, func(_, second int) float64 { return float64(second % 60) })
	answer := chartOf(t, store, query.Chart{Query: "gauge", From: seconds(0), To: seconds(3599), Points: 120, Limit: 1})
	require.True(t, answer.Reduced)
	require.Equal(t, 30*time.Second, answer.Step)
	for i := 0; i+1 < len(answer.Times); i += 2 {
		assert.Zero(t, answer.Series[0].Values[i])
		assert.InDelta(t, 59, answer.Series[0].Values[i+1], 0)
	}
}

func TestChartOfFewValuesIsExact(t *testing.T) {
	store := chartStore(t, 2, 300, func(i, second int) float64 { return float64(second + 1000*i) })
	answer := chartOf(t, store, query.Chart{Query: "gauge", From: seconds(10), To: seconds(299), Points: 1000, Limit: 10})
	assert.False(t, answer.Reduced)
	assert.Equal(t, time.Second, answer.Step)
	require.Len(t, answer.Times, 290)
	for i, at := range answer.Times {
		assert.InDelta(t, float64(at/1000), answer.Series[1].Values[i], 0)
		assert.InDelta(t, float64(at/1000)+1000, answer.Series[0].Values[i], 0, "the highest comes first")
	}
	assert.Equal(t, query.ChartStats{Min: 10, Max: 299, Avg: 154.5, Last: 299}, answer.Series[1].Stats)
}

func TestChartHasHolesWhereNothingWas(t *testing.T) {
	store := querytest.NewMetrics(t, "load 1s\n  gap 1x100 stale _x400 5x100\n  odd NaN Inf -Inf 3 NaN\n")
	answer := chartOf(t, store, query.Chart{Query: "gap", From: seconds(0), To: seconds(600), Points: 60, Limit: 1})
	require.True(t, answer.Reduced)
	for i, at := range answer.Times {
		value := answer.Series[0].Values[i]
		switch second := at / 1000; {
		case second < 100:
			assert.InDelta(t, 1, value, 0)
		case second > 130 && second < 480:
			assert.True(t, math.IsNaN(value), "%d", second)
		case second > 520:
			assert.InDelta(t, 5, value, 0)
		}
	}
	answer = chartOf(t, store, query.Chart{Query: "odd", From: seconds(0), To: seconds(4), Points: 60, Limit: 1})
	assert.Equal(t, query.ChartStats{Min: 3, Max: 3, Avg: 3, Last: 3}, answer.Series[0].Stats)
}

func TestChartKeepsTheSeriesThatTheOrderPrefers(t *testing.T) {
	// Series i is i most of the time; 0 has the highest spike and 1 ends highest.
	store := chartStore(t, 12, 600, func(i, second int) float64 {
		switch {
		case i == 0 && second == 300:
			return 1000
		case i == 1 && second == 599:
			return 500
		}
		return float64(i)
	})
	for order, want := range map[query.Order][]string{
		query.ByMax:  {"0", "1", "11"},
		query.ByLast: {"1", "11", "10"},
		query.ByAvg:  {"11", "10", "9"},
		query.ByName: {"0", "1", "10"},
	} {
		answer := chartOf(t, store, query.Chart{Query: "gauge", From: seconds(0), To: seconds(599), Points: 100, Limit: 3, Order: order})
		var got []string
		for _, series := range answer.Series {
			got = append(got, series.Labels.Get("i"))
		}
		assert.Equal(t, want, got, order)
		assert.Equal(t, 12, answer.Total)
	}
}

func TestChartStepsAreAsFineAsTheyShowSomething(t *testing.T) {
	store := chartStore(t, 3, 3600, func(i, second int) float64 { return float64(second * (i + 1)) })
	for _, tt := range []struct {
		query   string
		finest  time.Duration
		reduced bool
		step    time.Duration
	}{
		{"gauge", time.Second, true, 10 * time.Second},
		{"gauge", 15 * time.Second, false, 15 * time.Second}, // no finer than asked for
		{"gauge", time.Minute, false, time.Minute},
		{"rate(gauge[5m])", time.Second, false, 30 * time.Second}, // a smooth line as it is
		{"irate(gauge[5m])", time.Second, true, 10 * time.Second}, // sees single samples
		{"rate(gauge[5m]) / gauge", time.Second, true, 10 * time.Second},
		{"max_over_time(gauge[5m])", time.Second, true, 10 * time.Second},
		{"sum(rate(gauge[1m]))", time.Second, false, 10 * time.Second},
		{"vector(1)", time.Second, true, 10 * time.Second},
		{"1", time.Second, true, 10 * time.Second},
	} {
		answer := chartOf(t, store, query.Chart{Query: tt.query, From: seconds(0), To: seconds(3599), Points: 400, Limit: 10, Finest: tt.finest})
		assert.Equal(t, tt.reduced, answer.Reduced, tt.query)
		assert.Equal(t, tt.step, answer.Step, tt.query)
	}
}

func TestChartOfABusyQueryStaysWithinItsBudget(t *testing.T) {
	store := chartStore(t, 300, 7200, func(i, second int) float64 { return float64(i + second) })
	answer, err := newEngine(t, store, func(c *query.Config) { c.MaxSamples = 4_000_000 }).Chart(t.Context(), querytest.Org,
		query.Chart{Query: "gauge", From: seconds(0), To: seconds(7199), Points: 1000, Limit: 20, Finest: time.Millisecond})
	require.NoError(t, err, "the finest step would need 2,160,000,000 evaluations")
	assert.Equal(t, 300, answer.Total)
	assert.Len(t, answer.Series, 20)
}

func TestChartErrors(t *testing.T) {
	store := chartStore(t, 10, 600, func(_, second int) float64 { return float64(second) })
	for name, tt := range map[string]struct {
		query  string
		change func(*query.Config)
		code   errcode.Code
		want   string
	}{
		"parse":   {query: "sum(gauge", code: errcode.Invalid, want: "1:10: parse error"},
		"type":    {query: `"text"`, code: errcode.Invalid, want: "string"},
		"samples": {query: "gauge", change: func(c *query.Config) { c.MaxSamples = 10 }, code: errcode.Unprocessable, want: "max_samples"},
		"time":    {query: "gauge", change: func(c *query.Config) { c.Timeout = time.Nanosecond }, code: errcode.Timeout, want: "1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newEngine(t, store, tt.change).Chart(t.Context(), querytest.Org,
				query.Chart{Query: tt.query, From: seconds(0), To: seconds(599), Points: 100, Limit: 10, Finest: time.Second})
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, tt.code, errcode.Of(err))
			if tt.code == errcode.Invalid {
				var coded *errcode.Error
				require.ErrorAs(t, err, &coded)
				assert.Equal(t, "query", coded.Field)
			}
			assert.Zero(t, store.OpenCount())
		})
	}
}
