package query

import (
	"context"
	"math/bits"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage"
)

// Cache keeps parts of answers for every backend. Whatever it does not return is calculated.
type Cache interface {
	// Get returns the values of keys in their order, nil for those that are not there.
	Get(ctx context.Context, keys []string) ([][]byte, error)
	// Set keeps values for a time; it may forget them before.
	Set(ctx context.Context, values map[string][]byte, lifetime time.Duration) error
}

const (
	// settledAfter is after how long a block is kept: samples of now are still on their way.
	settledAfter = 2 * time.Minute
	// lateFor is for how long samples may come late, and change what was calculated.
	lateFor = 25 * time.Hour
	// longLife is how many times longer than others blocks are kept that no late sample changes.
	longLife = 10

	leastBlock, mostBlock = 16, 256 // steps of a block
	usualBlock            = 10 * time.Minute
	maxRuns               = 4    // evaluations of one query; more cost more than one over all of it
	maxBlocks             = 1000 // keys of one query
)

// cached is the engine's use of a cache.
type cached struct {
	Cache
	lifetime time.Duration
	logger   *zap.Logger
	now      func() time.Time
	failures prometheus.Counter
	hits     prometheus.Counter
	misses   prometheus.Counter
}

// UseCache makes the engine keep what it has calculated of ranges, in blocks of whole steps, so
// that a chart that is drawn again a little later, or for somebody else, is calculated at its end
// alone. It must be called before the first query. The registerer may be nil.
//
// A block holds the steps of a query from one multiple of its length to the next, and is kept when
// it is settled, for Config.CacheTTL: so long can it hide a sample that comes late. What was
// deleted is hidden at once. Prometheus' own front ends (Thanos, Mimir) do the same with extents.
func (e *Engine) UseCache(cache Cache, registerer prometheus.Registerer) error {
	blocks := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pharos_query_cache_blocks_total", Help: "Blocks of steps that queries asked the cache for, by whether it had them.",
	}, []string{"result"})
	c := &cached{
		Cache: cache, lifetime: e.config.CacheTTL, logger: e.logger, now: time.Now,
		hits: blocks.WithLabelValues("hit"), misses: blocks.WithLabelValues("miss"),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "pharos_query_cache_failures_total", Help: "Calls of the cache that failed; the answer was calculated.",
		}),
	}
	if registerer != nil {
		for _, collector := range []prometheus.Collector{blocks, c.failures} {
			if err := registerer.Register(collector); err != nil {
				return err
			}
		}
	}
	if e.config.CacheTTL > 0 {
		e.cache = c
	}
	return nil
}

// Forget makes the cache forget an organisation, whose data has been deleted.
func (e *Engine) Forget(ctx context.Context, org storage.OrgID) error {
	if e.cache == nil {
		return nil
	}
	return e.cache.begin(ctx, org, newGeneration())
}

// generationLife is longer than the life of every block.
const generationLife = 24 * time.Hour

// newGeneration returns a name that no generation had. Were it a number, a cache that forgets it
// would begin again with numbers that its blocks have.
func newGeneration() string { return uuid.NewString() }

// begin begins a generation of an organisation's data: blocks of others are not read.
func (c *cached) begin(ctx context.Context, org storage.OrgID, generation string) error {
	return c.Set(ctx, map[string][]byte{generationKey(org): []byte(generation)}, generationLife)
}

// cacheable says whether every step of an expression has the same value in whatever range it is
// evaluated, and none looks at what is newer than itself.
func cacheable(expr parser.Expr) bool {
	fit := true
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			fit = fit && n.Timestamp == nil && n.StartOrEnd == 0 && n.OriginalOffset >= 0 && n.OriginalOffsetExpr == nil && !n.Anchored && !n.Smoothed
		case *parser.MatrixSelector:
			fit = fit && n.RangeExpr == nil
		case *parser.SubqueryExpr:
			fit = fit && n.Timestamp == nil && n.StartOrEnd == 0 && n.OriginalOffset >= 0 && n.OriginalOffsetExpr == nil && n.RangeExpr == nil && n.StepExpr == nil
		case *parser.Call:
			fit = fit && !slices.Contains([]string{"start", "end", "range", "step"}, n.Func.Name)
		}
		return nil
	})
	return fit
}

// blockSteps is how many steps are in a block; it follows from the step alone, so that every range
// has the same blocks.
func blockSteps(step time.Duration) int64 {
	wanted := max(leastBlock, min(mostBlock, int64(usualBlock/step)))
	return int64(1) << (bits.Len64(uint64(wanted)) - 1)
}

// piece is a part of a range: one block, or steps that make no whole one. Times are Unix
// milliseconds, of the first and the last step.
type piece struct {
	from, to int64
	block    int64
	whole    bool // a block that is settled, which the cache may have
	found    *answerBlock
}

// cut divides a range into pieces.
func cut(from, to, step int64, settled int64) []piece {
	steps := blockSteps(time.Duration(step) * time.Millisecond)
	phase := from - alignDown(from, step)
	first, last := (from-phase)/step, alignDown(to-phase, step)/step
	var pieces []piece
	for at := first; at <= last; {
		block := alignDown(at, steps) / steps
		end := min(last, (block+1)*steps-1)
		p := piece{from: at*step + phase, to: end*step + phase, block: block}
		p.whole = at == block*steps && end == (block+1)*steps-1 && p.to <= settled
		pieces = append(pieces, p)
		at = end + 1
	}
	return pieces
}

// evaluate evaluates an expression over a range, without what the cache has of it.
func (c *cached) evaluate(ctx context.Context, q question, direct func(Range) (*Result, error)) (*Result, error) {
	from, to, step := q.span.From.UnixMilli(), q.span.To.UnixMilli(), q.span.Step.Milliseconds()
	pieces := cut(from, to, step, c.now().Add(-settledAfter).UnixMilli())
	keys, whole := q.keys(pieces)
	if len(whole) == 0 || len(whole) > maxBlocks {
		return direct(q.span)
	}
	generation := c.fill(ctx, q, pieces, whole, keys)
	if generation == nil {
		return direct(q.span)
	}
	runs := missing(pieces)
	if len(runs) > maxRuns {
		runs = [][2]int{{0, len(pieces)}}
	}
	joined := newJoin(q.span)
	next := 0
	for _, run := range runs {
		joined.addBlocks(pieces[next:run[0]])
		next = run[1]
		result, err := direct(Range{From: time.UnixMilli(pieces[run[0]].from), To: time.UnixMilli(pieces[run[1]-1].to), Step: q.span.Step})
		if err != nil {
			return nil, err
		}
		matrix, ok := result.Value.(promql.Matrix)
		if ok {
			joined.add(matrix, result)
			c.keep(ctx, q, *generation, pieces[run[0]:run[1]], matrix, result)
		}
		if err := result.Close(); err != nil {
			return nil, err
		}
	}
	joined.addBlocks(pieces[next:])
	return joined.result(), nil
}

// fill asks the cache for whole blocks, and returns the generation that the organisation's data is
// in; nil when the cache does not answer.
func (c *cached) fill(ctx context.Context, q question, pieces []piece, whole []int, keys []string) *string {
	values, err := c.Get(ctx, append([]string{generationKey(q.org)}, keys...))
	if err != nil || len(values) != len(keys)+1 {
		c.failures.Inc()
		return nil
	}
	generation := string(values[0])
	if generation == "" {
		generation = newGeneration()
		if err := c.begin(ctx, q.org, generation); err != nil {
			c.failures.Inc()
			return nil
		}
	}
	hits := 0
	for i, content := range values[1:] {
		if content == nil {
			continue
		}
		block, err := decodeBlock(content)
		if err != nil {
			c.logger.Warn("A block in the cache cannot be read; it is calculated anew", zap.Error(err))
			continue
		}
		if block.Generation == generation {
			pieces[whole[i]].found = block
			hits++
		}
	}
	c.hits.Add(float64(hits))
	c.misses.Add(float64(len(keys) - hits))
	return &generation
}

// missing returns the runs of pieces that have to be calculated, as pairs of a first and a last
// one, which is not part of it.
func missing(pieces []piece) (runs [][2]int) {
	for i := range pieces {
		switch {
		case pieces[i].found != nil:
		case i > 0 && pieces[i-1].found == nil:
			runs[len(runs)-1][1] = i + 1
		default:
			runs = append(runs, [2]int{i, i + 1})
		}
	}
	return runs
}

// keep puts whole blocks into the cache. What comes with a warning may be incomplete, and is not
// kept.
func (c *cached) keep(ctx context.Context, q question, generation string, pieces []piece, matrix promql.Matrix, result *Result) {
	if len(result.Warnings) > 0 || len(matrix) > maxCachedSeries {
		return
	}
	now := c.now()
	young, old := make(map[string][]byte), make(map[string][]byte)
	for i := range pieces {
		p := &pieces[i]
		if !p.whole || p.found != nil {
			continue
		}
		content, err := encodeBlock(&answerBlock{Generation: generation, Infos: result.Infos, Rollup: result.Rollup, Matrix: within(matrix, p.from, p.to)})
		if err != nil {
			c.logger.Warn("Encoding a block for the cache", zap.Error(err))
			return
		}
		if len(content) > maxBlockBytes {
			continue
		}
		target := young
		if time.UnixMilli(p.to).Before(now.Add(-lateFor)) {
			target = old
		}
		target[q.key(p.block)] = content
	}
	for lifetime, values := range map[time.Duration]map[string][]byte{c.lifetime: young, longLife * c.lifetime: old} {
		if len(values) == 0 {
			continue
		}
		if err := c.Set(ctx, values, lifetime); err != nil {
			c.failures.Inc()
		}
	}
}
