package query

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Chart is a question for as many values as a chart has room for.
type Chart struct {
	Query    string
	From, To time.Time
	Points   int           // times in the answer, at least 2
	Limit    int           // series in the answer, at least 1
	Order    Order         // which series are kept
	Finest   time.Duration // no step between evaluations is shorter; at least a millisecond
}

// ChartAnswer holds the series of a chart on one grid of times.
type ChartAnswer struct {
	Step     time.Duration // between two times
	Times    []int64       // Unix milliseconds
	Series   []ChartSeries // the kept ones, in their order
	Total    int           // series that the query gives
	Reduced  bool          // pairs of values are the lowest and the highest of a bucket
	Warnings []string
}

// chartBudget bounds the work of one chart: evaluations of one series at one time. A million
// take about a quarter of a second of one core and 16 MB; reading the samples comes on top, and
// is the same for fewer evaluations.
const chartBudget = 1_000_000

// windowCost is how many samples inside a range selector cost as much as one evaluation.
const windowCost = 16

// Chart evaluates a query for a chart. When the range holds more than the chart has room for,
// the query is evaluated at finer steps, as far as the budget goes, and each bucket of two
// points gets its lowest and its highest value in the order of their times: a spike of one
// sample is drawn as high as it was. (This is the min-max part of M4: Jugel et al., VLDB 2014.)
func (e *Engine) Chart(ctx context.Context, org storage.OrgID, c Chart) (*ChartAnswer, error) {
	parsed, err := e.parser.ParseExpr(c.Query)
	if err != nil {
		return nil, e.parseError(ctx, err)
	}
	finest := max(c.Finest, smoothness(parsed)/windowSteps)
	plan := planChart(c, finest, 1)
	if plan.bucket > plan.grid {
		perStep, err := e.probe(ctx, org, c)
		if err != nil {
			return nil, err
		}
		plan = planChart(c, finest, perStep)
	}
	answer, err := e.evaluateChart(ctx, org, c, plan)
	if errcode.Of(err) == errcode.Unprocessable && plan.evaluations > 1 {
		// More series than the probe saw: the plain steps may still fit the limit.
		plan = chartPlan{grid: plan.grid, bucket: plan.grid, evaluations: 1}
		answer, err = e.evaluateChart(ctx, org, c, plan)
	}
	return answer, err
}

// A chart's evaluations are without the limits on the points and series of an answer: they are
// reduced before they become one.

// probe measures what one step of the query costs, in evaluations, at the end of the range and
// in its middle. (One query over the range would decode every sample of it.)
func (e *Engine) probe(ctx context.Context, org storage.OrgID, c Chart) (int, error) {
	cost := 1
	for _, at := range []time.Time{c.To, c.From.Add(c.To.Sub(c.From) / 2)} {
		result, err := e.calculate(ctx, org, c.Query, Range{From: at, To: at, Step: time.Second}, Options{unlimitedSeries: true})
		if err != nil {
			return 0, err
		}
		if matrix, ok := result.Value.(promql.Matrix); ok {
			cost = max(cost, len(matrix))
		}
		cost = max(cost, int(result.query.Stats().Samples.TotalSamples/windowCost))
		if err := result.Close(); err != nil {
			return 0, err
		}
	}
	return cost, nil
}

func (e *Engine) evaluateChart(ctx context.Context, org storage.OrgID, c Chart, plan chartPlan) (*ChartAnswer, error) {
	start := alignDown(c.From.UnixMilli(), plan.bucket.Milliseconds())
	step := plan.bucket / time.Duration(plan.evaluations)
	result, err := e.overRange(ctx, org, c.Query, Range{From: time.UnixMilli(start), To: c.To, Step: step}, Options{unlimitedSeries: true})
	if err != nil {
		return nil, err
	}
	answer := &ChartAnswer{Step: plan.grid, Reduced: plan.evaluations > 1, Warnings: result.Warnings}
	for t := start; t <= c.To.UnixMilli(); t += plan.grid.Milliseconds() {
		answer.Times = append(answer.Times, t)
	}
	if matrix, ok := result.Value.(promql.Matrix); ok {
		answer.fill(matrix, c, plan)
	}
	return answer, result.Close()
}

// alignDown rounds to a multiple at or before t, so that a chart that moves on asks for the
// same buckets again and its line does not flicker.
func alignDown(t, multiple int64) int64 {
	rest := t % multiple
	if rest < 0 {
		rest += multiple
	}
	return t - rest
}
