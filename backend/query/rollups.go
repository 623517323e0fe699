package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rollup"
)

// rollupsFrom is how long the time must be that a function looks at for rollups to be asked for.
const rollupsFrom = 3 * time.Hour

// rollupLabel marks a selector whose samples are asked for as buckets: its value is the function.
const rollupLabel = "__pharos_rollup__"

// rolledUp is a query that reads rollups.
type rolledUp struct {
	expr  string
	width time.Duration
	read  atomic.Bool // whether the store had some
}

// rollUp rewrites the functions over long ranges of a query that rollups answer as samples do: their
// windows are whole buckets at every step. It returns nil when there is none. A rate is never among them.
//
// The expression is changed as text, where the parser says that the calls are: max_over_time(x[1h]) selects
// x{__pharos_rollup__="max"}, an average is a sum through a count.
func (e *Engine) rollUp(expr string, span Range) *rolledUp {
	reader, ok := e.store.(storage.RollupReader)
	if !ok || strings.Contains(expr, rollupLabel) {
		return nil
	}
	parsed, err := e.parser.ParseExpr(expr)
	if err != nil {
		return nil // the engine says what is wrong
	}
	calls := rollupCalls(parsed, span)
	if len(calls) == 0 {
		return nil
	}
	width := widest(reader.RollupWidths(), calls, span)
	if width == 0 {
		return nil
	}
	text := expr
	for _, call := range slices.Backward(calls) {
		at := call.node.PositionRange()
		text = text[:at.Start] + call.rewritten() + text[at.End:]
	}
	return &rolledUp{expr: text, width: width}
}

// rollupCall is a call that may read rollups.
type rollupCall struct {
	node   *parser.Call
	matrix *parser.MatrixSelector
	vector *parser.VectorSelector
}

// rollupCalls finds the calls, in the order of the text. Within a subquery times are others than those
// of the query, and the modifier @ leads to one time for all steps.
func rollupCalls(expr parser.Expr, span Range) []rollupCall {
	var calls []rollupCall
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		call, ok := node.(*parser.Call)
		if !ok || len(call.Args) != 1 || rollupFunctions(call.Func.Name) == nil {
			return nil
		}
		for _, above := range path {
			if _, within := above.(*parser.SubqueryExpr); within {
				return nil
			}
		}
		matrix, ok := unwrap(call.Args[0]).(*parser.MatrixSelector)
		if !ok || matrix.RangeExpr != nil || span.To.Sub(span.From)+matrix.Range < rollupsFrom {
			return nil
		}
		vector, ok := matrix.VectorSelector.(*parser.VectorSelector)
		if !ok || vector.Timestamp != nil || vector.StartOrEnd != 0 || vector.Anchored || vector.Smoothed || vector.OriginalOffsetExpr != nil {
			return nil
		}
		calls = append(calls, rollupCall{call, matrix, vector})
		return nil
	})
	slices.SortFunc(calls, func(a, b rollupCall) int {
		return int(a.node.PositionRange().Start - b.node.PositionRange().Start)
	})
	return calls
}

func unwrap(expr parser.Expr) parser.Expr {
	for {
		inner, ok := expr.(*parser.ParenExpr)
		if !ok {
			return expr
		}
		expr = inner.Expr
	}
}

// rollupFunctions returns what of a rollup a function needs; nil when samples alone will do.
func rollupFunctions(name string) []rollup.Func {
	switch name {
	case "min_over_time":
		return []rollup.Func{rollup.Min}
	case "max_over_time":
		return []rollup.Func{rollup.Max}
	case "sum_over_time":
		return []rollup.Func{rollup.Sum}
	case "last_over_time":
		return []rollup.Func{rollup.Last}
	case "count_over_time":
		return []rollup.Func{rollup.Count}
	case "avg_over_time":
		return []rollup.Func{rollup.Sum, rollup.Count}
	}
	return nil
}

// widest returns the widest buckets of which every window of all calls is made; 0 when there are none.
func widest(widths []time.Duration, calls []rollupCall, span Range) time.Duration {
	fits := func(width time.Duration) bool {
		if time.Duration(span.From.UnixMilli()%width.Milliseconds()) != 0 || span.From.Nanosecond()%int(time.Millisecond) != 0 {
			return false
		}
		if span.To.After(span.From) && span.Step%width != 0 {
			return false
		}
		for _, call := range calls {
			if call.matrix.Range%width != 0 || call.vector.OriginalOffset%width != 0 {
				return false
			}
		}
		return true
	}
	for _, width := range slices.Backward(widths) {
		if fits(width) {
			return width
		}
	}
	return 0
}

// rewritten returns the text of a call that reads rollups.
func (c rollupCall) rewritten() string {
	functions := rollupFunctions(c.node.Func.Name)
	parts := make([]string, len(functions))
	for i, function := range functions {
		vector := *c.vector
		vector.LabelMatchers = append(slices.Clone(vector.LabelMatchers), labels.MustNewMatcher(labels.MatchEqual, rollupLabel, string(function)))
		matrix := *c.matrix
		matrix.VectorSelector = &vector
		name := c.node.Func.Name
		if function == rollup.Count || len(functions) > 1 {
			name = "sum_over_time"
		}
		parts[i] = fmt.Sprintf("%s(%s)", name, matrix.String())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " / ") + ")"
}

// over returns the metrics of an organisation as the rewritten query reads them.
func (r *rolledUp) over(metrics promstorage.Queryable) promstorage.Queryable {
	return promstorage.QueryableFunc(func(mint, maxt int64) (promstorage.Querier, error) {
		querier, err := metrics.Querier(mint, maxt)
		return rollupQuerier{querier, r}, err
	})
}

// rollupQuerier turns the marks of selectors into requests to the store.
type rollupQuerier struct {
	promstorage.Querier
	query *rolledUp
}

// Select implements storage.Querier.
func (q rollupQuerier) Select(ctx context.Context, sortSeries bool, hints *promstorage.SelectHints, matchers ...*labels.Matcher) promstorage.SeriesSet {
	at := slices.IndexFunc(matchers, func(m *labels.Matcher) bool { return m.Name == rollupLabel })
	if at >= 0 {
		ctx = rollup.NewContext(ctx, rollup.Request{Width: q.query.width, Func: rollup.Func(matchers[at].Value), Read: &q.query.read})
		matchers = slices.Delete(slices.Clone(matchers), at, at+1)
	}
	return q.Querier.Select(ctx, sortSeries, hints, matchers...)
}
