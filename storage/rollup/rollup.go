// Package rollup lets queries be answered from rollups where the answer is that of the samples.
//
// A rollup has a row for each series and bucket: minimum, maximum, sum, count and last value. Its
// buckets end at multiples of their width and do not have their start, (k*width, (k+1)*width], as
// the windows of PromQL do. Whoever evaluates max_over_time(x[1h]) at whole hours may be given the
// greatest value of each hour in place of the samples. It asks for that by a Request in the
// context of Select; the store gives samples from which the function makes the same value,
// whether they come from a rollup or are made of the samples by Samples.
package rollup

import (
	"context"
	"sync/atomic"
	"time"
)

// Func is what the caller will do with the samples of its windows.
type Func string

// The functions. The caller adds up what it gets for Count.
const (
	Min   Func = "min"
	Max   Func = "max"
	Sum   Func = "sum"
	Count Func = "count"
	Last  Func = "last"
)

// Request asks for samples of buckets in place of those of a series.
type Request struct {
	Width time.Duration // of the buckets, one of storage.RollupReader's
	Func  Func
	// Read is set by a store that has read a rollup.
	Read *atomic.Bool
}

type contextKey struct{}

// NewContext returns a context for Select that carries a request.
func NewContext(ctx context.Context, request Request) context.Context {
	return context.WithValue(ctx, contextKey{}, request)
}

// FromContext returns the request of a context for Select.
func FromContext(ctx context.Context) (Request, bool) {
	request, ok := ctx.Value(contextKey{}).(Request)
	return request, ok
}

// End returns the last millisecond of the bucket that a time is in.
func (r Request) End(t int64) int64 {
	width := r.Width.Milliseconds()
	rest := t % width
	if rest < 0 {
		rest += width
	}
	if rest == 0 {
		return t
	}
	return t - rest + width
}
