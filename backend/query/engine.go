package query

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promstorage "github.com/prometheus/prometheus/storage"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Engine answers queries. It is safe for concurrent use.
type Engine struct {
	store  storage.MetricStore
	config Config
	engine *promql.Engine
	parser parser.Parser
	slots  chan struct{}
	logger *zap.Logger
	cache  *cached // nil without one
}

// New returns an engine over the store. The registerer takes the engine's own metrics; it may
// be nil.
func New(store storage.MetricStore, config Config, registerer prometheus.Registerer, logger *zap.Logger) (*Engine, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("query limits: %w", err)
	}
	promqlParser := NewParser()
	engine := promql.NewEngine(promql.EngineOpts{
		Reg:                  registerer,
		MaxSamples:           config.MaxSamples,
		Timeout:              config.Timeout,
		LookbackDelta:        config.LookbackDelta,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		EnablePerStepStats:   true,
		NoStepSubqueryIntervalFn: func(int64) int64 {
			return time.Minute.Milliseconds()
		},
		Parser: promqlParser,
	})
	return &Engine{
		store:  store,
		config: config,
		engine: engine,
		parser: promqlParser,
		slots:  make(chan struct{}, config.MaxConcurrent),
		logger: logger,
	}, nil
}

// NewParser returns a parser for the whole of PromQL, experimental functions included.
func NewParser() parser.Parser {
	return parser.NewParser(parser.Options{
		EnableExperimentalFunctions:  true,
		ExperimentalDurationExpr:     true,
		EnableExtendedRangeSelectors: true,
		EnableBinopFillModifiers:     true,
	})
}

// Limits returns the limits that the engine holds.
func (e *Engine) Limits() Config { return e.config }

// Parser returns the parser of the engine's dialect.
func (e *Engine) Parser() parser.Parser { return e.parser }

// Options change how one query is evaluated; the zero value changes nothing.
type Options struct {
	Timeout       time.Duration // shortens the engine's time-out
	LookbackDelta time.Duration // replaces the engine's lookback

	unlimitedSeries bool // the caller keeps but some of the series
}

// Result is the answer to a query. It must be closed when its value is no longer used.
type Result struct {
	Value    parser.Value
	Warnings []string
	Infos    []string
	Rollup   time.Duration // how wide the buckets are of the rollup that was read; 0 for none

	query promql.Query // nil when the value has memory of its own
	org   storage.OrgMetrics
}

// Close gives the memory of the value back.
func (r *Result) Close() error {
	if r.query == nil {
		return nil
	}
	r.query.Close()
	return r.org.Close()
}

// Instant evaluates expr at one time.
func (e *Engine) Instant(ctx context.Context, org storage.OrgID, expr string, at time.Time, opts Options) (*Result, error) {
	span := Range{From: at, To: at}
	return e.run(ctx, org, expr, span, opts, func(ctx context.Context, q promstorage.Queryable, o promql.QueryOpts, expr string) (promql.Query, error) {
		return e.engine.NewInstantQuery(ctx, q, o, expr, at)
	})
}

// Range is the time span of a range query: From, From+Step, and so on, up to To.
type Range struct {
	From, To time.Time
	Step     time.Duration
}

// Range evaluates expr at every step of a time span.
func (e *Engine) Range(ctx context.Context, org storage.OrgID, expr string, span Range, opts Options) (*Result, error) {
	if err := e.checkRange(span); err != nil {
		return nil, err
	}
	return e.overRange(ctx, org, expr, span, opts)
}

// overRange evaluates at every step, of which the cache may have some.
func (e *Engine) overRange(ctx context.Context, org storage.OrgID, expr string, span Range, opts Options) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout(opts))
	defer cancel()
	direct := func(span Range) (*Result, error) { return e.calculate(ctx, org, expr, span, opts) }
	if e.cache == nil || span.Step%time.Millisecond != 0 || span.From.UnixNano()%int64(time.Millisecond) != 0 {
		return direct(span)
	}
	parsed, err := e.parser.ParseExpr(expr)
	if err != nil || !cacheable(parsed) {
		return direct(span) // the engine says what is wrong
	}
	result, err := e.cache.evaluate(ctx, newQuestion(org, parsed.String(), opts.LookbackDelta, span), direct)
	if err == nil && result.query == nil && seriesCount(result.Value) > e.config.MaxSeries && !opts.unlimitedSeries {
		return nil, e.tooManySeries(seriesCount(result.Value))
	}
	return result, err
}

// calculate evaluates at every step.
func (e *Engine) calculate(ctx context.Context, org storage.OrgID, expr string, span Range, opts Options) (*Result, error) {
	return e.run(ctx, org, expr, span, opts, func(ctx context.Context, q promstorage.Queryable, o promql.QueryOpts, expr string) (promql.Query, error) {
		return e.engine.NewRangeQuery(ctx, q, o, expr, span.From, span.To, span.Step)
	})
}

func (e *Engine) checkRange(span Range) error {
	if span.To.Before(span.From) {
		return errcode.InvalidField("to", "is before the start", "swap the two")
	}
	if span.Step <= 0 {
		return errcode.InvalidField("step", "is not positive", "use a duration such as 15s")
	}
	if span.Step < time.Millisecond {
		return errcode.InvalidField("step", "is below a millisecond", "use a duration such as 15s")
	}
	length := span.To.Sub(span.From)
	if int64(length/span.Step) > int64(e.config.MaxPoints) {
		return errcode.InvalidField("step",
			fmt.Sprintf("gives more points a series than the limit of %d", e.config.MaxPoints),
			fmt.Sprintf("use a step of at least %s, or a shorter time range", stepAtLeast(length, e.config.MaxPoints)))
	}
	return nil
}

// stepAtLeast returns the smallest whole number of seconds that keeps a range within a number
// of points.
func stepAtLeast(length time.Duration, points int) time.Duration {
	step := length / time.Duration(points)
	return step.Truncate(time.Second) + time.Second
}

type newQuery func(ctx context.Context, q promstorage.Queryable, o promql.QueryOpts, expr string) (promql.Query, error)

func (e *Engine) run(ctx context.Context, org storage.OrgID, expr string, span Range, opts Options, create newQuery) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout(opts))
	defer cancel()
	release, err := e.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	metrics, err := e.store.Open(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("open the metrics: %w", err)
	}
	result, err := e.execute(ctx, metrics, expr, span, opts, create)
	if err != nil {
		e.closeQuietly(metrics)
		return nil, err
	}
	return result, nil
}

func (e *Engine) execute(ctx context.Context, metrics storage.OrgMetrics, expr string, span Range, opts Options, create newQuery) (*Result, error) {
	samples := promstorage.Queryable(metrics)
	rolled := e.rollUp(expr, span)
	if rolled != nil {
		samples, expr = rolled.over(metrics), rolled.expr
	}
	promQuery, err := create(ctx, samples, promql.NewPrometheusQueryOpts(false, opts.LookbackDelta), expr)
	if err != nil {
		return nil, e.parseError(ctx, err)
	}
	answer := promQuery.Exec(ctx)
	if answer.Err != nil {
		promQuery.Close()
		return nil, e.executionError(answer.Err)
	}
	if count := seriesCount(answer.Value); count > e.config.MaxSeries && !opts.unlimitedSeries {
		promQuery.Close()
		return nil, e.tooManySeries(count)
	}
	warnings, infos := answer.Warnings.AsStrings(expr, maxAnnotations, maxAnnotations)
	result := &Result{Value: answer.Value, Warnings: warnings, Infos: infos, query: promQuery, org: metrics}
	if rolled != nil && rolled.read.Load() {
		result.Rollup = rolled.width
		result.Infos = append(result.Infos, fmt.Sprintf("PromQL info: read from rollups of %s, which give the same answer as samples", model.Duration(rolled.width)))
	}
	return result, nil
}

// maxAnnotations is how many warnings and how many infos an answer carries, as in Prometheus.
const maxAnnotations = 10

func seriesCount(value parser.Value) int {
	switch v := value.(type) {
	case promql.Matrix:
		return len(v)
	case promql.Vector:
		return len(v)
	}
	return 0
}

func (e *Engine) timeout(opts Options) time.Duration {
	if opts.Timeout > 0 {
		return min(opts.Timeout, e.config.Timeout)
	}
	return e.config.Timeout
}

// acquire waits for one of the slots in which queries run.
func (e *Engine) acquire(ctx context.Context) (func(), error) {
	select {
	case e.slots <- struct{}{}:
		return func() { <-e.slots }, nil
	case <-ctx.Done():
		if errcode.Of(ctx.Err()) == errcode.Canceled {
			return nil, errcode.New(errcode.Canceled, "the client went away: %w", ctx.Err())
		}
		return nil, &errcode.Error{
			Code:    errcode.Timeout,
			Message: fmt.Sprintf("waited %s while %d queries ran (max_concurrent)", e.config.Timeout, e.config.MaxConcurrent),
			Fix:     "try again later, or with fewer queries at once",
			Err:     ctx.Err(),
		}
	}
}

func (e *Engine) closeQuietly(metrics storage.OrgMetrics) {
	if err := metrics.Close(); err != nil {
		e.logger.Warn("Closing the metrics of an organisation", zap.Error(err))
	}
}
