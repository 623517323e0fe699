package query_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
)

// memory is a cache in memory.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	lives  map[time.Duration]int // values by their life
	away   error
}

func newMemory() *memory {
	return &memory{values: map[string][]byte{}, lives: map[time.Duration]int{}}
}

func (m *memory) Get(_ context.Context, keys []string) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = m.values[key]
	}
	return values, m.away
}

func (m *memory) Set(_ context.Context, values map[string][]byte, life time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, value := range values {
		m.values[key] = bytes.Clone(value)
		m.lives[life]++
	}
	return m.away
}

// drop forgets some values, as a cache does that is full, and spoils others.
func (m *memory) drop(random *rand.Rand) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.values {
		switch random.IntN(6) {
		case 0:
			delete(m.values, key)
		case 1:
			if bytes.Contains([]byte(key), []byte("block")) {
				m.values[key] = []byte("spoiled")
			}
		}
	}
}

// someHours have counters with resets, gaps, a series that begins late, histograms, and odd values.
const someHours = `load 15s
	requests_total{job="a"} 0+3x300 5+7x400
	requests_total{job="b"} 0+1x200 _x150 400+2x350
	queue{job="a"} 1 NaN 3x200 Inf -2x500
	queue{job="late"} _x500 4+1x200
	latency{job="a"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{sum:1 count:1 buckets:[1]}}x700
`

// TestCacheGivesTheSameAnswers asks for random ranges, with a cache that forgets and breaks.
func TestCacheGivesTheSameAnswers(t *testing.T) {
	store := querytest.NewMetrics(t, someHours)
	plain := newEngine(t, store, nil)
	registry := prometheus.NewRegistry()
	cache := newMemory()
	engine := newEngine(t, store, nil)
	require.NoError(t, engine.UseCache(cache, registry))
	expressions := []string{
		`rate(requests_total[2m])`, `sum(rate(requests_total[1m]))`, `queue`, `queue offset 5m`, `absent(queue{job="late"})`, `topk(1, queue)`,
		`max_over_time(queue[10m:30s])`, `time()`, `histogram_quantile(0.5, latency)`, `latency`, `requests_total > 100`, `sum by (job) (queue) / 2`,
		// Those that depend on the range, or on what comes later, are not cached.
		`queue @ end()`, `queue @ start()`, `queue offset -5m`, `queue @ 600`, `max_over_time(queue[5m] @ end())`,
		`max_over_time(queue[step()])`, `queue offset -step()`, `increase(requests_total[2m] smoothed)`,
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	steps := []time.Duration{time.Second, 7 * time.Second, 15 * time.Second, time.Minute, 1500 * time.Millisecond}
	phases := []time.Duration{0, 3 * time.Second, 250 * time.Millisecond}
	for round := range 400 {
		expr := expressions[random.IntN(len(expressions))]
		step := steps[random.IntN(len(steps))]
		from := time.UnixMilli(0).Add(time.Duration(random.IntN(200)-30) * step).Add(phases[random.IntN(len(phases))])
		span := query.Range{From: from, To: from.Add(time.Duration(random.IntN(1200)) * step).Add(time.Duration(random.IntN(1000)) * time.Millisecond), Step: step}
		where := fmt.Sprintf("round %d: %s from %d to %d by %s", round, expr, span.From.UnixMilli(), span.To.UnixMilli(), step)
		want, wantErr := plain.Range(t.Context(), querytest.Org, expr, span, query.Options{})
		got, err := engine.Range(t.Context(), querytest.Org, expr, span, query.Options{})
		if wantErr != nil {
			require.Error(t, err, where)
			continue
		}
		require.NoError(t, err, where)
		require.Equal(t, want.Value.String(), got.Value.String(), where)
		require.ElementsMatch(t, want.Infos, got.Infos, where)
		require.Equal(t, want.Warnings, got.Warnings, where)
		require.NoError(t, errors.Join(want.Close(), got.Close()))
		if random.IntN(20) == 0 {
			cache.drop(random)
		}
	}
	assert.Zero(t, store.OpenCount())
	hits, err := testutil.GatherAndCount(registry, "pharos_query_cache_blocks_total")
	require.NoError(t, err)
	assert.Equal(t, 2, hits)
	assert.Positive(t, blocks(t, registry, "hit"))
	assert.Positive(t, blocks(t, registry, "miss"))
}

// blocks returns how many blocks the cache had, or had not.
func blocks(t *testing.T, registry *prometheus.Registry, result string) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "pharos_query_cache_blocks_total" && metric.GetLabel()[0].GetValue() == result {
				return metric.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no blocks of %s", result)
	return 0
}

var twoHours = query.Range{From: time.Unix(0, 0), To: time.Unix(7200, 0), Step: 15 * time.Second}

func ask(t *testing.T, engine *query.Engine, span query.Range) string {
	t.Helper()
	result, err := engine.Range(t.Context(), querytest.Org, "queue", span, query.Options{})
	require.NoError(t, err)
	text := result.Value.String()
	require.NoError(t, result.Close())
	return text
}

func TestCacheIsAskedAgain(t *testing.T) {
	registry, cache := prometheus.NewRegistry(), newMemory()
	engine := newEngine(t, querytest.NewMetrics(t, someHours), nil)
	require.NoError(t, engine.UseCache(cache, registry))
	first := ask(t, engine, twoHours)
	misses := blocks(t, registry, "miss")
	assert.Positive(t, misses)
	assert.Zero(t, blocks(t, registry, "hit"))
	assert.Equal(t, first, ask(t, engine, twoHours))
	assert.InDelta(t, misses, blocks(t, registry, "hit"), 0, "all blocks were there")
	assert.Contains(t, cache.lives, 10*time.Minute, "nothing comes late after so long")

	later := twoHours
	later.From, later.To = later.From.Add(time.Hour), later.To.Add(time.Minute)
	ask(t, engine, later)
	assert.InDelta(t, misses, blocks(t, registry, "miss"), 0, "a range that moves on finds them too")
}

func TestCacheForgetsWhatIsDeleted(t *testing.T) {
	registry, cache := prometheus.NewRegistry(), newMemory()
	engine := newEngine(t, querytest.NewMetrics(t, someHours), nil)
	require.NoError(t, engine.UseCache(cache, registry))
	ask(t, engine, twoHours)
	require.NoError(t, engine.Forget(t.Context(), "another"))
	ask(t, engine, twoHours)
	hits := blocks(t, registry, "hit")
	assert.Positive(t, hits)
	require.NoError(t, engine.Forget(t.Context(), querytest.Org))
	ask(t, engine, twoHours)
	assert.InDelta(t, hits, blocks(t, registry, "hit"), 0)
}

func TestCacheAway(t *testing.T) {
	registry, cache := prometheus.NewRegistry(), newMemory()
	engine := newEngine(t, querytest.NewMetrics(t, someHours), nil)
	require.NoError(t, engine.UseCache(cache, registry))
	want := ask(t, engine, twoHours)
	cache.away = errors.New("away")
	assert.Equal(t, want, ask(t, engine, twoHours))
	require.Error(t, engine.Forget(t.Context(), querytest.Org))
	failures, err := testutil.GatherAndCount(registry, "pharos_query_cache_failures_total")
	require.NoError(t, err)
	assert.Equal(t, 1, failures)
}

func TestCacheHoldsTheLimits(t *testing.T) {
	cache := newMemory()
	engine := newEngine(t, querytest.NewMetrics(t, someHours), func(c *query.Config) { c.MaxSeries = 1 })
	require.NoError(t, engine.UseCache(cache, nil))
	for range 2 {
		_, err := engine.Range(t.Context(), querytest.Org, "queue", query.Range{From: time.Unix(0, 0), To: time.Unix(9000, 0), Step: 15 * time.Second}, query.Options{})
		require.ErrorContains(t, err, "max_series")
	}
}

func TestNoCache(t *testing.T) {
	cache := newMemory()
	engine := newEngine(t, querytest.NewMetrics(t, someHours), func(c *query.Config) { c.CacheTTL = 0 })
	require.NoError(t, engine.UseCache(cache, nil))
	ask(t, engine, twoHours)
	assert.Empty(t, cache.values)
	require.NoError(t, engine.Forget(t.Context(), querytest.Org))
}

// TestChartsUseTheCache draws a chart twice.
func TestChartsUseTheCache(t *testing.T) {
	registry := prometheus.NewRegistry()
	store := querytest.NewMetrics(t, someHours)
	engine := newEngine(t, store, nil)
	require.NoError(t, engine.UseCache(newMemory(), registry))
	chart := query.Chart{Query: "queue", From: time.Unix(60, 0), To: time.Unix(9000, 0), Points: 300, Limit: 10, Finest: time.Second}
	want, err := newEngine(t, store, nil).Chart(t.Context(), querytest.Org, chart)
	require.NoError(t, err)
	for range 2 {
		got, err := engine.Chart(t.Context(), querytest.Org, chart)
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprint(slices.Clone(want.Series)), fmt.Sprint(got.Series))
	}
	assert.Positive(t, blocks(t, registry, "hit"))
}
