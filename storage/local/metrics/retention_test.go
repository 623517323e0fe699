package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRetentionOfHours holds that a short retention keeps all of its time, also when the newest
// block ends in the future: late samples make one of the two hours that go on.
func TestRetentionOfHours(t *testing.T) {
	now := time.Now()
	const block = 2 * time.Hour
	ahead := now.Truncate(block).Add(block).Sub(now) // how far the block of now lies in the future
	cfg := DefaultConfig()
	cfg.RetentionTime = 2*block - ahead/2
	store := open(t, t.TempDir(), cfg)
	defer func() { require.NoError(t, store.Close()) }()
	org, err := store.Open(t.Context(), acme)
	require.NoError(t, err)
	defer func() { require.NoError(t, org.Close()) }()
	up := labels.FromStrings("__name__", "up")
	put := func(at time.Time) {
		app := org.AppenderV2(t.Context())
		_, err := app.Append(0, up, 0, at.UnixMilli(), 1, nil, nil, promstorage.AppendV2Options{})
		require.NoError(t, err)
		require.NoError(t, app.Commit())
	}
	first := now.Add(-8 * time.Hour)
	want := 0
	for at := first; at.Before(now); at = at.Add(time.Minute) {
		put(at)
		if at.After(now.Add(-cfg.RetentionTime).Add(time.Minute)) {
			want++
		}
	}
	put(now)
	put(now.Add(-time.Second)) // late
	db := org.(*handle).db
	require.NoError(t, db.CompactOOOHead(t.Context()))
	require.NoError(t, db.Compact(t.Context()))
	for _, b := range db.Blocks() {
		assert.Greater(t, b.Meta().MaxTime, notBefore(cfg.RetentionTime), "what is older is gone")
	}
	querier, err := org.Querier(now.Add(-cfg.RetentionTime).Add(time.Minute).UnixMilli(), now.UnixMilli())
	require.NoError(t, err)
	defer func() { require.NoError(t, querier.Close()) }()
	set := querier.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "up"))
	require.True(t, set.Next())
	got := 0
	for it := set.At().Iterator(nil); it.Next() != chunkenc.ValNone; {
		got++
	}
	assert.Equal(t, want+2, got)
}
