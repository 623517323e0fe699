package query_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2/humatest"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rollup"
)

// rolling is a store with rollups, which it makes of its samples. It notes what it is asked for.
type rolling struct {
	storage.MetricStore
	asked map[string]int
}

func (rolling) RollupWidths() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, time.Hour}
}

func (r rolling) Open(ctx context.Context, org storage.OrgID) (storage.OrgMetrics, error) {
	opened, err := r.MetricStore.Open(ctx, org)
	return rollingOrg{opened, r}, err
}

type rollingOrg struct {
	storage.OrgMetrics
	store rolling
}

func (r rollingOrg) Querier(mint, maxt int64) (promstorage.Querier, error) {
	querier, err := r.OrgMetrics.Querier(mint, maxt)
	return rollingQuerier{querier, r.store}, err
}

type rollingQuerier struct {
	promstorage.Querier
	store rolling
}

func (r rollingQuerier) Select(ctx context.Context, sorted bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	set := r.Querier.Select(ctx, sorted, hints, matchers...)
	request, ok := rollup.FromContext(ctx)
	if !ok {
		r.store.asked["samples"]++
		return set
	}
	r.store.asked[fmt.Sprintf("%s %s", request.Func, request.Width)]++
	request.Read.Store(true)
	return rollup.Set(set, request)
}

// randomLoad is a day of series with gaps, NaNs and ends.
func randomLoad() string {
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	text.WriteString("load 20s\n")
	for n := range 4 {
		fmt.Fprintf(&text, "  m{n=\"%d\", job=\"%d\"}", n, n%2)
		for range 24 * 180 {
			switch random.IntN(50) {
			case 0:
				text.WriteString(" stale")
			case 1:
				text.WriteString(" NaN")
			case 2, 3:
				text.WriteString(" _x4")
			default:
				fmt.Fprintf(&text, " %d", random.IntN(1000))
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

func TestRollupsAnswerAsSamples(t *testing.T) {
	plain := querytest.NewMetrics(t, randomLoad())
	hour := func(n float64) time.Time { return time.UnixMilli(int64(n * 3_600_000)) }
	hours := query.Range{From: hour(2), To: hour(20), Step: time.Hour}
	odd := query.Range{From: hour(2).Add(time.Second), To: hour(20), Step: time.Hour}
	quarters := query.Range{From: hour(2.25), To: hour(9), Step: 15 * time.Minute}
	short := query.Range{From: hour(2), To: hour(3), Step: time.Minute}
	at := query.Range{From: hour(20), To: hour(20)}
	const samples = "samples"
	for _, tt := range []struct {
		expr string
		span query.Range
		want string // what is asked for, in order
	}{
		{"max_over_time(m[1h])", hours, "max 1h0m0s"},
		{"min_over_time(m[3h])", hours, "min 1h0m0s"},
		{"sum_over_time(m[1h] offset 1h)", hours, "sum 1h0m0s"},
		{"count_over_time(m[1h])", hours, "count 1h0m0s"},
		{"last_over_time(m[1h])", hours, "last 1h0m0s"},
		{"avg_over_time(m[1h])", hours, "count 1h0m0s, sum 1h0m0s"},
		{"max by (job) (avg_over_time(m{n=~\"[0-2]\"}[1h])) > 500", hours, "count 1h0m0s, sum 1h0m0s"},
		{"max_over_time((m[1h])) - on(n, job) min_over_time(m[30m])", hours, "max 5m0s, min 5m0s"},
		{"max_over_time(m[45m])", quarters, "max 5m0s"},
		{"max_over_time(m[12h])", at, "max 1h0m0s"},
		{"max_over_time(m[1h] offset 7m)", hours, "max 1m0s"},
		{"clamp_max(max_over_time(m[1h]), 3) + rate(m[5m])", hours, "max 1h0m0s, samples"},
		// Never, or not at these times.
		{"max_over_time(m[1h])", odd, samples},
		{"max_over_time(m[90s])", hours, samples},
		{"max_over_time(m[1h] offset 1s)", hours, samples},
		{"max_over_time(m[5m])", short, samples},
		{"rate(m[1h])", hours, samples},
		{"increase(m[1h]) + changes(m[1h]) + deriv(m[1h])", hours, "samples, samples, samples"},
		{"stddev_over_time(m[1h])", hours, samples},
		{"max_over_time(m[1h] @ 7200)", hours, samples},
		{"max_over_time(m[1h] @ end())", hours, samples},
		{"max_over_time(m[1h:1m])", hours, samples},
		{"avg_over_time(max_over_time(m[10m])[1h:10m])", hours, samples},
		{"absent_over_time(m[1h])", hours, samples},
		{"max(m)", hours, samples},
		{`max_over_time(m{__pharos_rollup__=""}[1h])`, hours, samples},
	} {
		t.Run(tt.expr, func(t *testing.T) {
			store := rolling{plain, map[string]int{}}
			ask := func(of storage.MetricStore) (answer promql.Matrix, rollup time.Duration, infos string) {
				engine := newEngine(t, of, nil)
				result, err := engine.Range(t.Context(), querytest.Org, tt.expr, query.Range{From: tt.span.From, To: tt.span.To, Step: max(tt.span.Step, 1e9)}, query.Options{})
				require.NoError(t, err)
				defer func() { require.NoError(t, result.Close()) }()
				for _, series := range result.Value.(promql.Matrix) {
					answer = append(answer, promql.Series{Metric: series.Metric, Floats: append([]promql.FPoint(nil), series.Floats...)})
				}
				return answer, result.Rollup, strings.Join(result.Infos, " ")
			}
			want, _, _ := ask(plain)
			got, read, infos := ask(store)
			require.Len(t, got, len(want))
			for i := range want {
				assert.Equal(t, want[i].Metric, got[i].Metric)
				require.Len(t, got[i].Floats, len(want[i].Floats))
				for j, point := range want[i].Floats {
					assert.Equal(t, point.T, got[i].Floats[j].T)
					assert.InDelta(t, point.F, got[i].Floats[j].F, 1e-9)
				}
			}
			var asked []string
			for what, times := range store.asked {
				for range times {
					asked = append(asked, what)
				}
			}
			assert.ElementsMatch(t, strings.Split(tt.want, ", "), asked)
			assert.Equal(t, tt.want != samples && !strings.HasPrefix(tt.want, "samples"), read > 0)
			assert.Equal(t, read > 0, strings.Contains(infos, "read from rollups of"))
		})
	}
}

// TestInstantReadsRollups has no step that would have to fit.
func TestInstantReadsRollups(t *testing.T) {
	store := rolling{querytest.NewMetrics(t, "load 1m\n  up 0+1x1000\n"), map[string]int{}}
	result, err := newEngine(t, store, nil).Instant(t.Context(), querytest.Org, "sum_over_time(up[12h])", time.Unix(12*3600, 0), query.Options{})
	require.NoError(t, err)
	assert.InDelta(t, 721*720/2, result.Value.(promql.Vector)[0].F, 0)
	assert.Equal(t, time.Hour, result.Rollup)
	require.NoError(t, result.Close())
}

// TestRESTSaysWhichRollupItRead asks for hours from a crooked time on.
func TestRESTSaysWhichRollupItRead(t *testing.T) {
	_, server := humatest.New(t)
	query.NewREST(newEngine(t, rolling{querytest.NewMetrics(t, "load 1m\n  up 1+1x1000\n"), map[string]int{}}, nil)).Register(server)
	ctx := auth.NewContext(t.Context(), auth.Principal{OrgID: querytest.Org, Scopes: []auth.Scope{auth.ScopeAdmin}})
	for params, want := range map[string]string{
		"agg=avg&from=3661&to=18000&step=1h":  `{"series":[{"labels":{},"points":[[3600000,31.5],[7200000,91.5],[10800000,151.5],[14400000,211.5],[18000000,271.5]]}],"resolution":"1h from rollup 1h"}`,
		"agg=last&from=3661&to=14400&step=1h": `{"series":[{"labels":{"__name__":"up"},"points":[[3661000,62],[7261000,122],[10861000,182]]}],"resolution":"1h"}`,
		"agg=last&from=3661&to=14461&step=1h": `{"series":[{"labels":{"__name__":"up"},"points":[[3600000,61],[7200000,121],[10800000,181],[14400000,241]]}],"resolution":"1h from rollup 1h"}`,
		"agg=max&from=100&to=43200&step=10m":  "5m",
		"agg=rate&from=100&to=43200&step=1h":  "1h",
		"from=100&to=43200&step=1h":           "1h",
	} {
		answer := server.GetCtx(ctx, "/v1/query/metrics?metric=up&"+params)
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		if strings.HasPrefix(want, "{") {
			assert.JSONEq(t, want, answer.Body.String(), params)
			continue
		}
		assert.Contains(t, answer.Body.String(), want+`"}`, params)
	}
}
