package query

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// chartPlan says how a chart is evaluated: evaluations a bucket, and how far apart the times of
// the answer are. Without reduction a bucket is one step of the grid.
type chartPlan struct {
	grid        time.Duration
	bucket      time.Duration
	evaluations int
}

// planChart chooses the grid for a query of which one step costs perStep evaluations.
func planChart(c Chart, finest time.Duration, perStep int) chartPlan {
	length := max(c.To.Sub(c.From), time.Millisecond)
	plain := max(niceStep(length/time.Duration(c.Points)), roundUp(finest))
	if length/time.Duration(c.Points) <= finest {
		return chartPlan{grid: plain, bucket: plain, evaluations: 1}
	}
	// Two points a bucket.
	bucket := niceStep(2 * length / time.Duration(c.Points))
	if bucket%(2*time.Millisecond) != 0 {
		bucket += time.Millisecond
	}
	buckets := int(length/bucket) + 1
	evaluations := evaluationsOf(bucket, min(int(bucket/finest), chartBudget/(buckets*perStep)))
	if evaluations <= 2 {
		return chartPlan{grid: plain, bucket: plain, evaluations: 1}
	}
	return chartPlan{grid: bucket / 2, bucket: bucket, evaluations: evaluations}
}

// evaluationsOf returns the largest number up to most that cuts a bucket into whole milliseconds.
func evaluationsOf(bucket time.Duration, most int) int {
	for n := min(most, int(bucket.Milliseconds())); n > 1; n-- {
		if bucket.Milliseconds()%int64(n) == 0 {
			return n
		}
	}
	return 1
}

// niceStep returns the next longer step that fills minutes, hours and days without rest.
func niceStep(wanted time.Duration) time.Duration {
	for _, unit := range []struct {
		length time.Duration
		counts []time.Duration
	}{
		{time.Millisecond, []time.Duration{1, 2, 5, 10, 20, 50, 100, 200, 250, 500}},
		{time.Second, []time.Duration{1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40}},
		{time.Minute, []time.Duration{1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40}},
		{time.Hour, []time.Duration{1, 2, 3, 4, 6, 8, 12}},
	} {
		if i := slices.IndexFunc(unit.counts, func(n time.Duration) bool { return n*unit.length >= wanted }); i >= 0 {
			return unit.counts[i] * unit.length
		}
	}
	const day = 24 * time.Hour
	return (wanted + day - 1).Truncate(day)
}

// roundUp makes whole milliseconds, which is what PromQL calculates with.
func roundUp(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// windowSteps is how many evaluations in the length of a window show all of its movement.
const windowSteps = 10

// smoothness returns the shortest window that every value of an expression is calculated over:
// rate(x[5m]) moves slowly, and evaluating it every second would show nothing more. It is 0
// when an expression sees single samples.
func smoothness(expr parser.Expr) time.Duration {
	shortest := time.Duration(-1)
	single := false
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			_, inRange := parentOf(path).(*parser.MatrixSelector)
			single = single || !inRange
		case *parser.MatrixSelector:
			single = single || seesSingle(path)
			if shortest < 0 || n.Range < shortest {
				shortest = n.Range
			}
		case *parser.SubqueryExpr:
			single = true // its own step decides
		}
		return nil
	})
	if single || shortest < 0 {
		return 0
	}
	return shortest
}

func parentOf(path []parser.Node) parser.Node {
	if len(path) == 0 {
		return nil
	}
	return path[len(path)-1]
}

// seesSingle says whether the function around a range looks at single samples of it.
func seesSingle(path []parser.Node) bool {
	for _, node := range slices.Backward(path) {
		if call, ok := node.(*parser.Call); ok {
			return !slices.Contains([]string{
				"rate", "increase", "delta", "deriv", "predict_linear", "avg_over_time", "sum_over_time", "count_over_time",
				"quantile_over_time", "stddev_over_time", "stdvar_over_time", "changes", "resets",
			}, call.Func.Name)
		}
	}
	return true
}
