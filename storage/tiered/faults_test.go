package tiered

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/local/metrics"
)

// brokenStore is a store that is away.
type brokenStore struct {
	storage.MetricStore
	capabilities storage.MetricCapabilities
	late         bool // it opens, and fails when it is read
}

var errAway = errcode.New(errcode.Unavailable, "the database is away")

func (b *brokenStore) Open(context.Context, storage.OrgID) (storage.OrgMetrics, error) {
	if b.late {
		return brokenOrg{}, nil
	}
	return nil, errAway
}
func (b *brokenStore) Capabilities() storage.MetricCapabilities { return b.capabilities }
func (b *brokenStore) Retention() storage.Retention             { return storage.Retention{Time: time.Hour} }
func (b *brokenStore) Health(context.Context) error             { return errAway }

type brokenOrg struct{ storage.OrgMetrics }

func (brokenOrg) Close() error                                      { return nil }
func (brokenOrg) Querier(int64, int64) (promstorage.Querier, error) { return brokenQuerier{}, nil }
func (brokenOrg) Stats(context.Context) (storage.MetricStats, error) {
	return storage.MetricStats{}, errAway
}

func (brokenOrg) Metadata(context.Context, string, int) (map[string][]metadata.Metadata, error) {
	return nil, errAway
}

func (brokenOrg) ExemplarQuerier(context.Context) (promstorage.ExemplarQuerier, error) {
	return nil, errAway
}

type brokenQuerier struct{ promstorage.Querier }

func (brokenQuerier) Close() error { return nil }
func (brokenQuerier) Select(context.Context, bool, *promstorage.SelectHints, ...*labels.Matcher) promstorage.SeriesSet {
	return promstorage.ErrSeriesSet(errAway)
}

func (brokenQuerier) LabelNames(context.Context, *promstorage.LabelHints, ...*labels.Matcher) ([]string, promAnnotations, error) {
	return nil, nil, errAway
}

// newHot returns a store with a sample every minute of the last three hours, of two series.
func newHot(t *testing.T, now time.Time) storage.MetricStore {
	t.Helper()
	store := openLocal(t, metrics.DefaultConfig())
	org := open(t, store)
	app := org.AppenderV2(t.Context())
	for at := now.Add(-3 * time.Hour); !at.After(now); at = at.Add(time.Minute) {
		for _, job := range []string{"api", "db"} {
			_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, "up", "job", job), 0, at.UnixMilli(), 1, nil, nil, promstorage.AppendV2Options{
				Metadata:  metadata.Metadata{Type: model.MetricTypeGauge},
				Exemplars: []exemplar.Exemplar{{Labels: labels.FromStrings("trace_id", at.String()), Value: 1, Ts: at.UnixMilli(), HasTs: true}},
			})
			require.NoError(t, err)
		}
	}
	require.NoError(t, app.Commit())
	return store
}

// TestDurableAway holds that what lies in the hot tier is answered while the durable store is
// away, and what does not is an error, but for finding one's way.
func TestDurableAway(t *testing.T) {
	now := time.Now().Truncate(time.Minute)
	hot := newHot(t, now)
	state := State{CaughtUp: true, CompleteFrom: now.Add(-2 * time.Hour), Until: now, Heard: now, Writers: now}
	all := labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+")
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixMilli() }
	for name, late := range map[string]bool{"does not open": false, "does not answer": true} {
		t.Run(name, func(t *testing.T) {
			progress := &Progress{}
			progress.Set(state)
			join := NewMetrics(hot, &brokenStore{late: late}, progress)
			org := open(t, join)

			inside, err := org.Querier(ago(2*time.Hour), now.UnixMilli())
			require.NoError(t, err)
			set := inside.Select(t.Context(), true, nil, all)
			assert.Equal(t, []int{121, 121}, counts(t, set))
			assert.Empty(t, set.Warnings())
			names, notes, err := inside.LabelNames(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, []string{"__name__", "job"}, names)
			assert.Empty(t, notes)

			beyond, err := org.Querier(ago(150*time.Minute), now.UnixMilli())
			require.NoError(t, err)
			set = beyond.Select(t.Context(), true, nil, all)
			assert.False(t, set.Next())
			require.ErrorContains(t, set.Err(), "read samples before "+moment(state.CompleteFrom)+", which are in the durable store")
			assert.Equal(t, errcode.Unavailable, errcode.Of(set.Err()))
			set = beyond.Select(t.Context(), true, &promstorage.SelectHints{Start: ago(time.Hour), End: now.UnixMilli()}, all)
			assert.Equal(t, []int{61, 61}, counts(t, set), "the hints say what is looked at")

			set = beyond.Select(t.Context(), true, &promstorage.SelectHints{Start: ago(150 * time.Minute), End: now.UnixMilli(), Func: "series"}, all)
			found := 0
			for set.Next() {
				found++
			}
			require.NoError(t, set.Err())
			assert.Equal(t, 2, found)
			assert.Contains(t, textOf(set.Warnings()), "the database is away")
			names, notes, err = beyond.LabelNames(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, []string{"__name__", "job"}, names)
			assert.Contains(t, textOf(notes), "the database is away")

			meta, err := org.Metadata(t.Context(), "", 0)
			require.NoError(t, err)
			assert.Len(t, meta, 1)
			exemplars, err := org.ExemplarQuerier(t.Context())
			require.NoError(t, err)
			results, err := exemplars.Select(ago(time.Hour), now.UnixMilli(), []*labels.Matcher{all})
			require.NoError(t, err)
			assert.Len(t, results, 2)
			_, err = exemplars.Select(ago(3*time.Hour), now.UnixMilli(), []*labels.Matcher{all})
			require.ErrorIs(t, err, errAway)
			_, err = org.Stats(t.Context())
			require.ErrorIs(t, err, errAway)
			require.ErrorIs(t, join.Health(t.Context()), errAway)

			progress.Set(State{Behind: 12, Heard: now})
			catching, err := org.Querier(ago(time.Minute), now.UnixMilli())
			require.NoError(t, err)
			set = catching.Select(t.Context(), true, nil, all)
			assert.False(t, set.Next())
			require.ErrorIs(t, set.Err(), errAway, "a hot tier that is not complete is not asked")
			for _, q := range []promstorage.Querier{inside, beyond, catching} {
				require.NoError(t, q.Close())
			}
		})
	}
}

// TestHotAway holds that the durable store answers while the hot one is broken, and says what it
// does not have.
func TestHotAway(t *testing.T) {
	now := time.Now().Truncate(time.Minute)
	progress := &Progress{}
	progress.Set(State{CaughtUp: true, Until: now, Writers: now.Add(-time.Hour)})
	org := open(t, NewMetrics(&brokenStore{}, newHot(t, now), progress))
	q, err := org.Querier(now.Add(-2*time.Hour).UnixMilli(), anyTime)
	require.NoError(t, err)
	set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "job", "api"))
	assert.Equal(t, []int{121}, counts(t, set))
	assert.Contains(t, textOf(set.Warnings()), "the hot tier cannot be read: the database is away")
	require.NoError(t, q.Close())
	require.ErrorIs(t, org.Delete(t.Context(), now, now), errAway)
}

// TestWarnings has all states of progress, and the ranges that are concerned.
func TestWarnings(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	minutes := func(n int) time.Time { return now.Add(time.Duration(n) * time.Minute) }
	whole := State{CaughtUp: true, CompleteFrom: minutes(-60), Until: now, Writers: minutes(0)}
	with := func(change func(*State)) State {
		state := whole
		change(&state)
		return state
	}
	for name, test := range map[string]struct {
		state    State
		from, to int
		want     string
	}{
		"all is well":              {whole, -300, 0, ""},
		"writers are late":         {with(func(s *State) { s.Writers = minutes(-30) }), -300, 0, ""},
		"a hole":                   {with(func(s *State) { s.Writers = minutes(-90) }), -300, 0, "samples from 2026-11-24 10:30:00Z to 2026-11-24 11:00:00Z may be missing"},
		"a part of the hole":       {with(func(s *State) { s.Writers = minutes(-90) }), -80, -70, "samples from 2026-11-24 10:40:00Z to 2026-11-24 10:50:00Z may be missing"},
		"before the hole":          {with(func(s *State) { s.Writers = minutes(-90) }), -300, -91, ""},
		"after the hole":           {with(func(s *State) { s.Writers = minutes(-90) }), -60, 0, ""},
		"nobody knows the writers": {with(func(s *State) { s.Writers = time.Time{} }), -300, 0, ""},
		"the hot tier is late":     {with(func(s *State) { s.Until = minutes(-1) }), -10, 0, "samples since 2026-11-24 11:59:00Z may be missing: the hot tier is 1m0s behind"},
		"late, and not concerned":  {with(func(s *State) { s.Until = minutes(-1) }), -10, -2, ""},
		"catching up":              {with(func(s *State) { s.CaughtUp, s.Behind = false, 7 }), -10, 0, ""},
		"both are late": {
			with(func(s *State) { s.CaughtUp, s.Behind, s.Writers = false, 7, minutes(-5) }), -10, 0,
			"samples from 2026-11-24 11:55:00Z to 2026-11-24 12:00:00Z may be missing: the writers have not stored what came later than that, and the hot tier is catching up, 7 messages behind",
		},
		"nothing is known": {State{}, -10, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			progress := &Progress{}
			progress.Set(test.state)
			join := NewMetrics(openLocal(t, metrics.DefaultConfig()), openLocal(t, metrics.DefaultConfig()), progress)
			join.now = func() time.Time { return now }
			notes := join.cut(testOrg, nil).warnings(span{minutes(test.from).UnixMilli(), minutes(test.to).UnixMilli()})
			if test.want == "" {
				assert.Empty(t, notes)
				return
			}
			require.Len(t, notes, 1)
			assert.Contains(t, textOf(notes), test.want)
		})
	}
}

func TestCut(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	cfg := metrics.DefaultConfig()
	cfg.RetentionTime = 3 * time.Hour
	progress := &Progress{}
	join := NewMetrics(openLocal(t, cfg), openLocal(t, metrics.DefaultConfig()), progress)
	join.now = func() time.Time { return now }
	assert.Equal(t, int64(math.MaxInt64), join.cut(testOrg, nil).at, "nothing is known")
	progress.Set(State{CaughtUp: true})
	assert.Equal(t, now.Add(-179*time.Minute).UnixMilli(), join.cut(testOrg, nil).at, "what the hot store keeps, and a margin")
	progress.Set(State{CaughtUp: true, CompleteFrom: now.Add(-time.Hour)})
	assert.Equal(t, now.Add(-time.Hour).UnixMilli(), join.cut(testOrg, nil).at)
	progress.Set(State{CaughtUp: true, CompleteFrom: now.Add(-4 * time.Hour)})
	assert.Equal(t, now.Add(-179*time.Minute).UnixMilli(), join.cut(testOrg, nil).at)
	progress.Set(State{CaughtUp: true, CompleteFrom: now.Add(-time.Hour)})
	progress.Lack(testOrg, now.Add(-time.Minute))
	progress.Lack(testOrg, now.Add(-time.Hour))
	assert.Equal(t, now.Add(-time.Minute).UnixMilli(), join.cut(testOrg, nil).at, "the tier refused some of this organisation's")
	assert.Equal(t, now.Add(-time.Hour).UnixMilli(), join.cut("another", nil).at)
	progress.Set(State{CompleteFrom: now.Add(-time.Hour)})
	assert.Equal(t, int64(math.MaxInt64), join.cut(testOrg, nil).at)
}

// TestCounts holds that reads are counted by where they went.
func TestCounts(t *testing.T) {
	now := time.Now().Truncate(time.Minute)
	progress := &Progress{}
	progress.Set(State{CaughtUp: true, CompleteFrom: now.Add(-time.Hour), Until: now, Writers: now.Add(-90 * time.Minute)})
	join := NewMetrics(newHot(t, now), newHot(t, now), progress)
	org := open(t, join)
	for _, ago := range [][2]time.Duration{{30 * time.Minute, 0}, {2 * time.Hour, 0}, {3 * time.Hour, 2 * time.Hour}} {
		q, err := org.Querier(now.Add(-ago[0]).UnixMilli(), now.Add(-ago[1]).UnixMilli())
		require.NoError(t, err)
		counts(t, q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "job", "api")))
		require.NoError(t, q.Close())
	}
	assert.Equal(t, Counts{Hot: 1, Both: 1, Durable: 1, Holes: 1}, join.Counts())
}

func TestTakesNothing(t *testing.T) {
	org := open(t, NewMetrics(openLocal(t, metrics.DefaultConfig()), openLocal(t, metrics.DefaultConfig()), &Progress{}))
	app := org.AppenderV2(t.Context())
	_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, "up"), 0, 1, 1, nil, nil, promstorage.AppendV2Options{})
	assert.Equal(t, errcode.Unimplemented, errcode.Of(err))
	assert.Equal(t, errcode.Unimplemented, errcode.Of(app.Commit()))
	require.NoError(t, app.Rollback())
	require.NoError(t, org.Close())
	_, err = org.Querier(0, 1)
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
}
