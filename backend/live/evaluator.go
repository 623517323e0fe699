package live

import (
	"context"
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
	org  storage.OrgID
	expr string
	at   int64 // Unix milliseconds
}

// outcome is the answer of an evaluation, as the JSON array of its series.
type outcome struct {
	done   chan struct{} // closed when the other fields are set
	series []byte
	err    error
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

// evaluate returns the series of an expression at a time, as a JSON array.
func (e *evaluator) evaluate(ctx context.Context, key evaluation) ([]byte, error) {
	result := e.start(key)
	select {
	case <-result.done:
		return result.series, result.err
	case <-ctx.Done():
		return nil, ctx.Err()
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
		result.series, result.err = e.run(key)
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

func (e *evaluator) run(key evaluation) ([]byte, error) {
	result, err := e.engine.Instant(e.ctx, key.org, key.expr, time.UnixMilli(key.at), query.Options{})
	if err != nil {
		return nil, err
	}
	series, err := appendSeries(nil, result)
	if closeErr := result.Close(); err == nil {
		err = closeErr
	}
	return series, err
}

// wait returns when no evaluation is running any more.
func (e *evaluator) wait() { e.group.Wait() }

// appendSeries appends the array of series of a frame. Native histograms have no single value
// and are left out.
func appendSeries(b []byte, result *query.Result) ([]byte, error) {
	switch value := result.Value.(type) {
	case promql.Vector:
		b = append(b, '[')
		first := true
		for _, sample := range value {
			if sample.H != nil {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = appendSample(b, sample.Metric, sample.F)
		}
		return append(b, ']'), nil
	case promql.Scalar:
		b = append(b, '[')
		b = appendSample(b, labels.EmptyLabels(), value.V)
		return append(b, ']'), nil
	}
	return nil, errcode.InvalidField("query", "gives a "+string(result.Value.Type())+", not a value for each series",
		"use an expression that gives an instant vector, such as rate(x[1m])")
}

func appendSample(b []byte, metric labels.Labels, value float64) []byte {
	b = append(b, `{"labels":`...)
	b = queryjson.AppendLabels(b, metric)
	b = append(b, `,"value":`...)
	b = queryjson.AppendNumber(b, value)
	return append(b, '}')
}
