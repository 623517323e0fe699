package query

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
)

// REST serves the metric queries of /v1/query for those who don't know PromQL.
type REST struct {
	engine *Engine
	now    func() time.Time
}

// NewREST returns the REST queries over an engine.
func NewREST(engine *Engine) *REST {
	return &REST{engine: engine, now: time.Now}
}

// Register adds the operations to the API.
func (r *REST) Register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "query-metrics",
		Method:      http.MethodGet,
		Path:        "/v1/query/metrics",
		Summary:     "Values of a metric over time",
		Description: "Without `agg` every series comes back with its newest value at each step. `avg`, `min`, `max`, `sum` and `count` " +
			"join the series into one, or into one for each value of the labels in `by`; `rate` and `increase` are for counters. " +
			"From a step of two minutes on, the samples within a step are joined too, by their average for `sum`. " +
			"Over three hours and more such steps begin at a round time, so that rollups can answer where the store has some; `resolution` says so. " +
			"Whatever else you want to calculate: PromQL at /api/v1/query_range.",
		Tags:     []string{"query"},
		Metadata: map[string]any{"scope": auth.ScopeQuery},
	}, r.metrics)
	huma.Register(api, huma.Operation{
		OperationID: "query-range",
		Method:      http.MethodPost,
		Path:        "/v1/query/range",
		Summary:     "PromQL over time, reduced to what a chart can show",
		Description: "All series share one grid of about `points` times. When the range holds more, the query is evaluated at finer steps and " +
			"every two values are the lowest and the highest of their bucket, in the order of their times, so that spikes survive. " +
			"Of more than `limit` series those that `order` prefers are kept; `total_series` says how many there are. " +
			"For a value at exactly every step: /api/v1/query_range.",
		Tags:          []string{"query"},
		DefaultStatus: http.StatusOK,
		Metadata:      map[string]any{"scope": auth.ScopeQuery},
	}, r.chart)
	huma.Register(api, huma.Operation{
		OperationID: "query-series",
		Method:      http.MethodGet,
		Path:        "/v1/query/series",
		Summary:     "Series and what is known about them",
		Tags:        []string{"query"},
		Metadata:    map[string]any{"scope": auth.ScopeQuery},
	}, r.series)
}
