package timescale

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
)

// appendAll commits one sample of each series.
func appendAll(tb testing.TB, org storage.OrgMetrics, at int64, all ...labels.Labels) {
	tb.Helper()
	app := org.AppenderV2(tb.Context())
	for _, ls := range all {
		_, err := app.Append(0, ls, 0, at, 1, nil, nil, promstorage.AppendV2Options{})
		require.NoError(tb, err)
	}
	require.NoError(tb, app.Commit())
}

// TestMatchersAgreeWithPrometheus compares what is found with what Prometheus' matchers say.
func TestMatchersAgreeWithPrometheus(t *testing.T) {
	store := openIn(t, onPostgreSQL(t).config())
	org := openOrg(t, store)
	values := []string{"", "a", "A", "ab", "b", "a.b", "a\nb", "a\"b\\c'", "%", "a%b", "ä", "[a]", "null", "1", "{}", " a", "$1"}
	now := time.Now().UnixMilli()
	var all []labels.Labels
	for _, v := range values {
		for _, w := range []string{"", "x"} {
			all = append(all, labels.NewBuilder(labels.FromStrings("__name__", "m"+v, "l", v, "other", w)).Labels().WithoutEmpty())
		}
	}
	appendAll(t, org, now, all...)
	elsewhere, err := store.Open(t.Context(), other)
	require.NoError(t, err)
	appendAll(t, elsewhere, now, append(all, labels.FromStrings("__name__", "m", "l", "elsewhere"))...)

	patterns := append([]string{"a|b", "a|", "|", ".*", ".+", "a.*", "a.+", "a.", "(?i)a.*", "(?i:ab|B)", "^a$", "a\nb|%", "[ab]", "(a|b)", "x{0,2}", "a\\.b", ".*b", "ä.*", "a\x00", "a\\x00|b", "elsewhere"}, values...)
	for _, kind := range []labels.MatchType{labels.MatchEqual, labels.MatchNotEqual, labels.MatchRegexp, labels.MatchNotRegexp} {
		for _, name := range []string{"l", "__name__", "missing"} {
			for _, pattern := range patterns {
				if name == "__name__" {
					pattern = "m" + pattern
				}
				matcher, err := labels.NewMatcher(kind, name, pattern)
				if err != nil {
					continue // not a regular expression
				}
				want := map[string]bool{}
				for _, ls := range all {
					if matcher.Matches(ls.Get(name)) && ls.Get("other") == "x" {
						want[ls.String()] = true
					}
				}
				found := map[string]bool{}
				querier, err := org.Querier(now, now)
				require.NoError(t, err)
				set := querier.Select(t.Context(), true, nil, matcher, labels.MustNewMatcher(labels.MatchEqual, "other", "x"))
				last := labels.EmptyLabels()
				for set.Next() {
					found[set.At().Labels().String()] = true
					assert.Positive(t, labels.Compare(set.At().Labels(), last), "in order")
					last = set.At().Labels()
				}
				require.NoError(t, set.Err(), matcher.String())
				assert.Equal(t, want, found, matcher.String())
			}
		}
	}
}

func TestLabelNamesAndValues(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			store := openIn(t, on(t).config())
			org := openOrg(t, store)
			now := time.Now().UnixMilli()
			appendAll(t, org, now, labels.FromStrings("__name__", "up", "job", "api"), labels.FromStrings("__name__", "up", "job", "db", "zone", "1"))
			appendAll(t, org, now-time.Hour.Milliseconds(), labels.FromStrings("__name__", "old", "past", "p"))
			elsewhere, err := store.Open(t.Context(), other)
			require.NoError(t, err)
			appendAll(t, elsewhere, now, labels.FromStrings("__name__", "secret", "hidden", "h"))

			recent, err := org.Querier(now-1000, now)
			require.NoError(t, err)
			ever, err := org.Querier(math.MinInt64, math.MaxInt64)
			require.NoError(t, err)
			names := func(q promstorage.Querier, limit int, matchers ...*labels.Matcher) []string {
				found, _, err := q.LabelNames(t.Context(), &promstorage.LabelHints{Limit: limit}, matchers...)
				require.NoError(t, err)
				return found
			}
			assert.Equal(t, []string{"__name__", "job", "zone"}, names(recent, 0))
			assert.Equal(t, []string{"__name__", "job"}, names(recent, 2))
			assert.Equal(t, []string{"__name__", "job"}, names(recent, 0, labels.MustNewMatcher(labels.MatchEqual, "job", "api")))
			assert.Equal(t, []string{"__name__", "job", "past", "zone"}, names(ever, 0))
			for _, c := range []struct {
				querier promstorage.Querier
				label   string
				want    []string
			}{{recent, "job", []string{"api", "db"}}, {recent, "__name__", []string{"up"}}, {ever, "__name__", []string{"old", "up"}}, {ever, "hidden", []string{}}} {
				found, _, err := c.querier.LabelValues(t.Context(), c.label, nil)
				require.NoError(t, err)
				assert.Equal(t, c.want, found, c.label)
			}
			listed := 0
			set := recent.Select(t.Context(), true, &promstorage.SelectHints{Func: "series", Start: now - 1000, End: now}, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
			for set.Next() {
				listed++
				assert.Equal(t, chunkenc.ValNone, set.At().Iterator(nil).Next(), "names only")
			}
			require.NoError(t, set.Err())
			assert.Equal(t, 2, listed)
		})
	}
}

// TestPagesOfSeries reads more series than one page has, as samples and as chunks, by a pool of one
// connection that many selections share.
func TestPagesOfSeries(t *testing.T) {
	db := onPostgreSQL(t)
	cfg := db.config()
	cfg.MaxConnections, cfg.ReadDSN = 1, cfg.DSN
	org := openOrg(t, openIn(t, cfg))
	const series = firstPage*2 + 7
	now := time.Now().UnixMilli()
	require.NoError(t, write(t.Context(), org, series, now-2000, now-1000, now))
	querier, err := org.Querier(now-1000, now)
	require.NoError(t, err)
	var sets []promstorage.SeriesSet
	for range 5 {
		sets = append(sets, querier.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "load")))
	}
	var kept []promstorage.Series
	for range series {
		for _, set := range sets {
			require.True(t, set.Next())
		}
		kept = append(kept, sets[0].At())
	}
	for _, set := range sets {
		assert.False(t, set.Next())
		require.NoError(t, set.Err())
	}
	for _, one := range kept {
		it := one.Iterator(nil)
		require.Equal(t, chunkenc.ValFloat, it.Next())
		at, v := it.At()
		assert.Equal(t, now-1000, at)
		assert.Equal(t, one.Labels().Get("n"), strconv.Itoa(int(v)))
	}

	chunks, err := org.(promstorage.ChunkQueryable).ChunkQuerier(now-1000, now)
	require.NoError(t, err)
	set, found, samples := chunks.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "load")), 0, 0
	for set.Next() {
		found++
		for it := set.At().Iterator(nil); it.Next(); {
			samples += it.At().Chunk.NumSamples()
		}
	}
	require.NoError(t, set.Err())
	assert.Equal(t, [2]int{series, 2 * series}, [2]int{found, samples})
}

// TestCacheForgets holds that a cache smaller than the series changes nothing but the work.
func TestCacheForgets(t *testing.T) {
	db := onPostgreSQL(t)
	cfg := db.config()
	cfg.CacheSeries = minCache
	org := openOrg(t, openIn(t, cfg))
	now := time.Now().UnixMilli()
	for i := range int64(3) {
		require.NoError(t, write(t.Context(), org, 3*minCache, now+i))
	}
	series, samples := count(t, org)
	assert.Equal(t, [2]int{3 * minCache, 9 * minCache}, [2]int{series, samples})
	assert.EqualValues(t, 3*minCache, db.number(t, "SELECT count(*) FROM pharos.series"))
	cache := org.(*handle).org.cache.Load()
	assert.LessOrEqual(t, len(cache.current)+len(cache.older), minCache)
}

// TestManyOrganisations holds that series of the same labels are kept apart.
func TestManyOrganisations(t *testing.T) {
	store := openIn(t, onPostgreSQL(t).config())
	now := time.Now().UnixMilli()
	for n := range 20 {
		org, err := store.Open(t.Context(), storage.OrgID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)))
		require.NoError(t, err)
		require.NoError(t, write(t.Context(), org, n+1, now))
	}
	for n := range 20 {
		org, err := store.Open(t.Context(), storage.OrgID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)))
		require.NoError(t, err)
		if n == 7 {
			require.NoError(t, org.Delete(t.Context(), time.UnixMilli(0), time.UnixMilli(now), labels.MustNewMatcher(labels.MatchEqual, "__name__", "load")))
			series, _ := count(t, org)
			assert.Zero(t, series)
			continue
		}
		series, samples := count(t, org)
		assert.Equal(t, [2]int{n + 1, n + 1}, [2]int{series, samples})
	}
}
