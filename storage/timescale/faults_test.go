package timescale

import (
	"context"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/test/servers"
)

const (
	acme  storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000a"
	other storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000b"
)

func openOrg(tb testing.TB, store *Store) storage.OrgMetrics {
	tb.Helper()
	org, err := store.Open(tb.Context(), acme)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, org.Close()) })
	return org
}

// openIn opens a store that closes with the test.
func openIn(tb testing.TB, cfg Config) *Store {
	tb.Helper()
	store := open(tb, cfg)
	tb.Cleanup(func() { store.closeIn(tb) })
	return store
}

func numbered(n int) labels.Labels {
	return labels.FromStrings("__name__", "load", "job", "api", "n", strconv.Itoa(n))
}

// write commits one sample of each series at some times.
func write(ctx context.Context, org storage.OrgMetrics, series int, times ...int64) error {
	app := org.AppenderV2(ctx)
	for n := range series {
		for _, at := range times {
			if _, err := app.Append(0, numbered(n), 0, at, float64(n), nil, nil, promstorage.AppendV2Options{}); err != nil {
				return err
			}
		}
	}
	return app.Commit()
}

// count returns how many series and samples can be read.
func count(tb testing.TB, org storage.OrgMetrics) (series, samples int) {
	tb.Helper()
	querier, err := org.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	require.NoError(tb, err)
	set := querier.Select(tb.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "load"))
	for set.Next() {
		series++
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			samples++
		}
	}
	require.NoError(tb, set.Err())
	return series, samples
}

func TestServerKilledUnderLoad(t *testing.T) {
	server := servers.Run(t, servers.StartPostgreSQL) // its own, to kill
	store := openIn(t, database{dsn: server.DSN("postgres"), schema: "killed"}.config())
	org := openOrg(t, store)
	const writers, batches, series = 3, 40, 20
	start := time.Now().Add(-time.Hour).UnixMilli()
	require.NoError(t, write(t.Context(), org, series, start))

	var refused atomic.Int64
	var done sync.WaitGroup
	killed := make(chan struct{})
	for writer := range writers {
		done.Go(func() {
			for batch := range batches {
				if batch == batches/2 {
					<-killed
				}
				at := start + int64(1+writer*batches+batch)*1000
				// A caller that is told to try again does, as the Kafka receiver.
				for err := write(t.Context(), org, series, at); err != nil; err = write(t.Context(), org, series, at) {
					if !assert.True(t, errcode.Retryable(err), "%v", err) {
						return
					}
					refused.Add(1)
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	server.Kill()
	close(killed)
	require.Eventually(t, func() bool { return refused.Load() > 0 }, 30*time.Second, time.Millisecond)
	assert.Equal(t, errcode.Unavailable, errcode.Of(store.Health(t.Context())))
	// What the killed one leaves behind takes a moment to end.
	require.Eventually(t, func() bool { return server.Start(t.Context()) == nil }, time.Minute, 100*time.Millisecond)
	done.Wait()

	found, samples := count(t, org)
	assert.Equal(t, series, found)
	assert.Equal(t, series*(1+writers*batches), samples)
	stats, err := org.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, samples, stats.Samples, "the counts are of the same transactions")
	require.NoError(t, store.Health(t.Context()))
}

func TestTwoWritersOfTheSame(t *testing.T) {
	db := onPostgreSQL(t)
	const batches, series = 20, 50
	start := dayOf(time.Now().UnixMilli()) - 5000 // over midnight, so that both create partitions
	var done sync.WaitGroup
	var stores []*Store
	for range 3 {
		stores = append(stores, openIn(t, db.config()))
	}
	for _, store := range stores {
		org := openOrg(t, store)
		done.Go(func() {
			for batch := range int64(batches) {
				assert.NoError(t, write(t.Context(), org, series, start+batch*500, start+batch*500+250))
			}
		})
	}
	done.Wait()
	found, samples := count(t, openOrg(t, stores[0]))
	assert.Equal(t, series, found)
	assert.Equal(t, series*batches*2, samples)
	assert.EqualValues(t, series, db.number(t, "SELECT series_count FROM pharos.orgs"))
	assert.EqualValues(t, samples, db.number(t, "SELECT sum(samples)::bigint FROM pharos.usage"))
	var sum Counters
	for _, store := range stores {
		c := store.Counters()
		sum.Rows, sum.Duplicates = sum.Rows+c.Rows, sum.Duplicates+c.Duplicates
	}
	assert.EqualValues(t, samples, sum.Rows)
	assert.EqualValues(t, 2*samples, sum.Duplicates)
}

func TestDuplicateTimesInABatch(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			store := openIn(t, on(t).config())
			org := openOrg(t, store)
			now := time.Now().UnixMilli()
			require.NoError(t, write(t.Context(), org, 3, now, now-2000, now, now-1000, now-2000))
			_, samples := count(t, org)
			assert.Equal(t, 9, samples)
			assert.Equal(t, Counters{Rows: 9, Series: 3, Duplicates: 6}, store.Counters(), "one COPY")

			// Some of a batch is there already, at other times than the newest.
			require.NoError(t, write(t.Context(), org, 4, now-2000, now-1500, now-1000))
			_, samples = count(t, org)
			assert.Equal(t, 9+3+3, samples)
			assert.Equal(t, Counters{Rows: 15, Series: 4, Duplicates: 12, Staged: 1}, store.Counters())
		})
	}
}

func TestDeletedSeriesWithACachedID(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			writer, deleter := openIn(t, db.config()), openIn(t, db.config())
			org := openOrg(t, writer)
			now := time.Now().UnixMilli()
			require.NoError(t, write(t.Context(), org, 5, now-2000))
			before := db.number(t, "SELECT max(id) FROM pharos.series")
			require.NoError(t, openOrg(t, deleter).Delete(t.Context(), time.UnixMilli(0), time.UnixMilli(now), labels.MustNewMatcher(labels.MatchRegexp, "n", "[0-2]")))
			assert.EqualValues(t, 2, db.number(t, "SELECT count(*) FROM pharos.series"))
			assert.EqualValues(t, 2, db.number(t, "SELECT series_count FROM pharos.orgs"))

			require.NoError(t, write(t.Context(), org, 5, now-1000)) // the writer has all five ids in its cache
			assert.EqualValues(t, 1, writer.Counters().StaleIDs)
			found, samples := count(t, org)
			assert.Equal(t, 5, found)
			assert.Equal(t, 2+5, samples)
			assert.EqualValues(t, 3, db.number(t, "SELECT count(*) FROM pharos.series WHERE id > $1", before), "no id twice")
			assert.Zero(t, db.number(t, "SELECT count(*) FROM pharos.samples WHERE series_id NOT IN (SELECT id FROM pharos.series)"))
			assert.EqualValues(t, samples, db.number(t, "SELECT sum(samples)::bigint FROM pharos.usage"))
		})
	}
}

// TestDeleteWaitsForWriters holds a writer in the middle of its transaction.
func TestDeleteWaitsForWriters(t *testing.T) {
	db := onPostgreSQL(t)
	store := openIn(t, db.config())
	org := openOrg(t, store)
	now := time.Now().UnixMilli()
	require.NoError(t, write(t.Context(), org, 1, now-1000))
	conn, err := store.pool.Acquire(t.Context())
	require.NoError(t, err)
	_, err = store.begin(t.Context(), conn, org.(*handle).org, false)
	require.NoError(t, err)
	deleted := make(chan error, 1)
	go func() {
		deleted <- org.Delete(t.Context(), time.UnixMilli(0), time.UnixMilli(now), labels.MustNewMatcher(labels.MatchEqual, "n", "0"))
	}()
	require.Eventually(t, func() bool {
		return db.number(t, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1", int64(uint32(store.class))) == 1
	}, 10*time.Second, time.Millisecond)
	id := db.number(t, "SELECT id FROM pharos.series")
	require.NoError(t, store.copyRows(t.Context(), conn, "pharos.samples", []row{{id: id, t: now}}))
	require.NoError(t, store.end(t.Context(), conn))
	conn.Release()
	require.NoError(t, <-deleted)
	assert.EqualValues(t, 1, db.number(t, "SELECT count(*) FROM pharos.series"), "it has got a sample meanwhile, past what is deleted")
}

func TestBitsOfNaNs(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			org := openOrg(t, openIn(t, db.config()))
			now := time.Now().UnixMilli()
			bits := []uint64{value.StaleNaN, value.NormalNaN, 0xfff8000000000001, math.Float64bits(math.Inf(-1)), 1 << 63}
			for i, b := range bits {
				app := org.AppenderV2(t.Context())
				_, err := app.Append(0, numbered(0), 0, now+int64(i), math.Float64frombits(b), nil, nil, promstorage.AppendV2Options{})
				require.NoError(t, err)
				require.NoError(t, app.Commit())
			}
			// Again, through the temporary table.
			querier, err := org.Querier(now, now+10)
			require.NoError(t, err)
			set := querier.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "n", "0"))
			require.True(t, set.Next())
			var found []uint64
			it := set.At().Iterator(nil)
			for it.Next() == chunkenc.ValFloat {
				_, v := it.At()
				found = append(found, math.Float64bits(v))
			}
			assert.Equal(t, bits, found)
			assert.EqualValues(t, 1, db.number(t, "SELECT count(*) FROM pharos.samples WHERE pharos.is_stale(value)"))
			assert.EqualValues(t, len(bits)-1, db.number(t, "SELECT count(*) FROM pharos.metrics WHERE service = 'api' AND metric_name = 'load' AND labels->>'n' = '0'"))
		})
	}
}

// TestRefusedLabels holds that a series PostgreSQL can't store does not spoil its batch.
func TestRefusedLabels(t *testing.T) {
	db := onPostgreSQL(t)
	org := openOrg(t, openIn(t, db.config()))
	now := time.Now().UnixMilli()
	app := org.AppenderV2(t.Context())
	for _, bad := range []labels.Labels{
		labels.FromStrings("__name__", "load", "a", "b\x00c"),
		labels.FromStrings("__name__", "load", "a", "\xff"),
		labels.FromStrings("__name__", string(make([]byte, 2000))),
	} {
		_, err := app.Append(0, bad, 0, now, 1, nil, nil, promstorage.AppendV2Options{})
		assert.Equal(t, errcode.Invalid, errcode.Of(err))
	}
	good := exemplar.Exemplar{Labels: labels.FromStrings("trace", "a\"\\<é"), Value: 1}
	_, err := app.Append(0, labels.FromStrings("__name__", "load", "ü\"{\\", "$1'"), 0, now, 1, nil, nil, promstorage.AppendV2Options{Exemplars: []exemplar.Exemplar{good}})
	require.NoError(t, err)
	_, err = app.Append(0, numbered(1), 0, now+2*time.Hour.Milliseconds(), 1, nil, nil, promstorage.AppendV2Options{})
	require.ErrorIs(t, err, promstorage.ErrOutOfBounds)
	require.NoError(t, app.Commit())
	series, samples := count(t, org)
	assert.Equal(t, [2]int{1, 1}, [2]int{series, samples})
	assert.EqualValues(t, 1, db.number(t, "SELECT count(*) FROM pharos.exemplars"))
}

// TestRetryOfHistograms sends floats, histograms and start times twice.
func TestRetryOfHistograms(t *testing.T) {
	store := openIn(t, onPostgreSQL(t).config())
	org := openOrg(t, store)
	now := time.Now().UnixMilli()
	sent := &histogram.Histogram{Schema: 1, Count: 2, Sum: 3, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{2}}
	for range 2 {
		app := org.AppenderV2(t.Context())
		for i := range int64(10) {
			_, err := app.Append(0, numbered(0), now-5000, now+i, 0, sent, nil, promstorage.AppendV2Options{})
			require.NoError(t, err)
			_, err = app.Append(0, numbered(1), now-5000, now+i, 7, nil, nil, promstorage.AppendV2Options{})
			require.NoError(t, err)
		}
		require.NoError(t, app.Commit())
	}
	_, samples := count(t, org)
	assert.Equal(t, 20, samples)
	assert.Equal(t, Counters{Rows: 20, Series: 2, Duplicates: 20, Staged: 1}, store.Counters())
	querier, err := org.Querier(now, now)
	require.NoError(t, err)
	set := querier.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "n", "0"))
	require.True(t, set.Next())
	it := set.At().Iterator(nil)
	require.Equal(t, chunkenc.ValHistogram, it.Next())
	assert.Equal(t, now-5000, it.AtST())
	_, h := it.AtHistogram(nil)
	assert.True(t, sent.Equals(h), "%s", h)
}
