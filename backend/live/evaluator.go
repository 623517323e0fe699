package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/queryjson"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// evaluation names one run of an expression. Everybody who asks for the same gets the same
// answer.
type evaluation struct {
	org   storage.OrgID
	expr  string
	limit int // series that are kept; 0 for all
	order query.Order
	at    int64 // Unix milliseconds
}

// outcome is the answer of an evaluation.
type outcome struct {
	done  chan struct{} // closed when the other fields are set
	frame seriesFrame
	err   error
}

// seriesFrame are the series of a frame.
type seriesFrame struct {
	series []byte // JSON array
	total  int    // series that the expression gives
}

// evaluator runs expressions, each once for all who ask at the same time.
type evaluator struct {
	engine *query.Engine
	ctx    context.Context //nolint:containedctx // an evaluation outlives the client that asked first

	mu      sync.Mutex // guards running
	running map[evaluation]*outcome
	group   sync.WaitGroup
}

// keepFor is how long an answer waits for others who ask for the same moment.
const keepFor = 2 * time.Second

func newEvaluator(ctx context.Context, engine *query.Engine) *evaluator {
	return &evaluator{engine: engine, ctx: ctx, running: map[evaluation]*outcome{}}
}

// evaluate returns the series of an expression at a time.
func (e *evaluator) evaluate(ctx context.Context, key evaluation) (seriesFrame, error) {
	result := e.start(key)
	select {
	case <-result.done:
		return result.frame, result.err
	case <-ctx.Done():
		return seriesFrame{}, ctx.Err()
	}
}

func (e *evaluator) start(key evaluation) *outcome {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known, ok := e.running[key]; ok {
		return known
	}
	result := &outcome{done: make(chan struct{})}
	e.running[key] = result
	e.group.Go(func() {
		result.frame, result.err = e.run(key)
		close(result.done)
		select {
		case <-time.After(keepFor):
		case <-e.ctx.Done():
		}
		e.mu.Lock()
		delete(e.running, key)
		e.mu.Unlock()
	})
	return result
}

func (e *evaluator) run(key evaluation) (seriesFrame, error) {
	result, err := e.engine.Instant(e.ctx, key.org, key.expr, time.UnixMilli(key.at), query.Options{})
	if err != nil {
		return seriesFrame{}, err
	}
	frame, err := frameOf(result, key)
	if closeErr := result.Close(); err == nil {
		err = closeErr
	}
	return frame, err
}

// wait returns when no evaluation is running any more.
func (e *evaluator) wait() { e.group.Wait() }

// frameOf encodes the series that are kept. Native histograms have no single value and are
// left out.
func frameOf(result *query.Result, key evaluation) (seriesFrame, error) {
	switch value := result.Value.(type) {
	case promql.Vector:
		kept := slices.DeleteFunc(value, func(s promql.Sample) bool { return s.H != nil })
		total := len(kept)
		if key.limit > 0 {
			query.SortSamples(kept, key.order)
			kept = kept[:min(key.limit, total)]
		}
		return seriesFrame{appendSamples(nil, kept), total}, nil
	case promql.Scalar:
		return seriesFrame{appendSamples(nil, promql.Vector{{F: value.V}}), 1}, nil
	}
	return seriesFrame{}, errcode.InvalidField("query", "gives a "+string(result.Value.Type())+", not a value for each series",
		"use an expression that gives an instant vector, such as rate(x[1m])")
}

func appendSamples(b []byte, samples promql.Vector) []byte {
	b = append(b, '[')
	for i, sample := range samples {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSample(b, sample.Metric, sample.F)
	}
	return append(b, ']')
}

func appendSample(b []byte, metric labels.Labels, value float64) []byte {
	b = append(b, `{"labels":`...)
	b = queryjson.AppendLabels(b, metric)
	b = append(b, `,"value":`...)
	b = queryjson.AppendNumber(b, value)
	return append(b, '}')
}
