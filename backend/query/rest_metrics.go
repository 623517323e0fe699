package query

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/queryjson"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// defaultPoints is how many points a series has when the caller names no step.
const defaultPoints = 300

type metricsInput struct {
	Service    string `query:"service" doc:"Only series whose label service or job has this value" example:"checkout"`
	InstanceID string `query:"instance_id" doc:"Only series whose label instance has this value"`
	Metric     string `query:"metric" doc:"Name of the metric; required" example:"system_cpu_utilization_ratio"`
	From       string `query:"from" doc:"Start: RFC 3339 with a zone, Unix seconds or milliseconds, or now-15m; an hour before the end by default" example:"now-15m"`
	To         string `query:"to" doc:"End; now by default"`
	Step       string `query:"step" doc:"Time between points, such as 15s; chosen for about 300 points by default"`
	Agg        string `query:"agg" doc:"How to join series: avg, min, max, sum, count, rate or increase; last keeps them apart" example:"avg"`
	By         string `query:"by" doc:"Labels to keep when joining, separated by commas" example:"service,instance"`
}

type metricsOutput struct {
	Body metricsAnswer
}

// metricsAnswer is written by AppendJSON; the tags are for the OpenAPI document.
type metricsAnswer struct {
	Series     []metricsSeries `json:"series"`
	Resolution string          `json:"resolution" doc:"Time between points, and where rollups were read how wide their buckets are" example:"1h from rollup 1h"`
	Warnings   []string        `json:"warnings,omitempty" doc:"What to know about the values"`
}

type metricsSeries struct {
	Labels seriesLabels `json:"labels"`
	Points points       `json:"points"`
}

// seriesLabels are Prometheus labels, which the API shows as an object.
type seriesLabels struct{ set labels.Labels }

// Schema implements huma.SchemaProvider.
func (seriesLabels) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString}, Description: "Labels of the series"}
}

// points are the values of a series.
type points []promql.FPoint

// Schema implements huma.SchemaProvider.
func (points) Schema(huma.Registry) *huma.Schema {
	two := 2
	return &huma.Schema{
		Type:        huma.TypeArray,
		Description: "Pairs of time in Unix milliseconds and value; a value that JSON has no number for is one of the strings NaN, +Inf and -Inf",
		Items: &huma.Schema{
			Type: huma.TypeArray, MinItems: &two, MaxItems: &two,
			Items: &huma.Schema{OneOf: []*huma.Schema{
				{Type: huma.TypeNumber}, {Type: huma.TypeString, Enum: []any{"NaN", "+Inf", "-Inf"}},
			}},
			Examples: []any{[]any{1767366245000, 0.25}},
		},
	}
}

func (r *REST) metrics(ctx context.Context, input *metricsInput) (*metricsOutput, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	question, span, err := r.question(input)
	if err != nil {
		return nil, err
	}
	expr, err := question.Expression()
	if err != nil {
		return nil, err
	}
	result, err := r.engine.Range(ctx, org, expr, span, Options{})
	if err != nil {
		return nil, err
	}
	answer := metricsAnswer{Resolution: model.Duration(span.Step).String(), Warnings: result.Warnings, Series: []metricsSeries{}}
	if result.Rollup > 0 {
		answer.Resolution += " from rollup " + model.Duration(result.Rollup).String()
	}
	if matrix, ok := result.Value.(promql.Matrix); ok {
		answer.addMatrix(matrix)
	}
	if err := result.Close(); err != nil {
		return nil, err
	}
	return &metricsOutput{Body: answer}, nil
}

// question reads the parameters.
func (r *REST) question(input *metricsInput) (Metrics, Range, error) {
	from, to, err := querytime.ParseSpan(input.From, input.To, r.now())
	if err != nil {
		return Metrics{}, Range{}, err
	}
	step := querytime.Step(to.Sub(from), defaultPoints)
	if input.Step != "" {
		if step, err = querytime.ParseDuration("step", input.Step); err != nil {
			return Metrics{}, Range{}, err
		}
		if step < time.Second {
			return Metrics{}, Range{}, errcode.InvalidField("step", "is below a second", "use a duration such as 15s")
		}
	} else {
		// A step of our choice starts at a round time, so that a chart that is drawn again
		// asks for the same points.
		from = from.Truncate(step)
	}
	from = roundForRollups(from, to, step)
	question := Metrics{
		Service: input.Service, InstanceID: input.InstanceID, Metric: input.Metric,
		Aggregation: Aggregation(input.Agg), Step: step,
	}
	if input.By != "" {
		question.By = strings.Split(input.By, ",")
	}
	return question, Range{From: from, To: to, Step: step}, nil
}

// roundForRollups lets long steps begin at a round time, so that rollups can answer.
func roundForRollups(from, to time.Time, step time.Duration) time.Time {
	if step < bucketsFrom || to.Sub(from) < rollupsFrom {
		return from
	}
	for _, round := range []time.Duration{time.Hour, 5 * time.Minute, time.Minute} {
		if step%round == 0 {
			return from.Truncate(round)
		}
	}
	return from
}

// addMatrix copies the points, because the result's own are given back.
func (a *metricsAnswer) addMatrix(matrix promql.Matrix) {
	left := 0
	for _, series := range matrix {
		if len(series.Histograms) > 0 {
			left++
		}
		if len(series.Floats) == 0 {
			continue
		}
		a.Series = append(a.Series, metricsSeries{
			Labels: seriesLabels{series.Metric},
			Points: append(points(nil), series.Floats...),
		})
	}
	if left > 0 {
		a.Warnings = append(a.Warnings, histogramsLeftOut(left))
	}
}

// AppendJSON appends the answer; the API's encoder prefers it to reflection.
func (a metricsAnswer) AppendJSON(b []byte) []byte {
	b = append(b, `{"series":[`...)
	for i, series := range a.Series {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"labels":`...)
		b = queryjson.AppendLabels(b, series.Labels.set)
		b = append(b, `,"points":[`...)
		for j, point := range series.Points {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, '[')
			b = strconv.AppendInt(b, point.T, 10)
			b = append(b, ',')
			b = queryjson.AppendNumber(b, point.F)
			b = append(b, ']')
		}
		b = append(b, "]}"...)
	}
	b = append(b, `],"resolution":`...)
	b = queryjson.AppendString(b, a.Resolution)
	if len(a.Warnings) > 0 {
		b = append(b, `,"warnings":`...)
		b = queryjson.AppendStrings(b, a.Warnings)
	}
	return append(b, '}')
}

// MarshalJSON implements json.Marshaler.
func (a metricsAnswer) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil), nil }
