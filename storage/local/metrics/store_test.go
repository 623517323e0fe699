package metrics

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAppendAndQuery(t *testing.T) {
	store, err := Open(t.TempDir(), DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	org, err := store.Open(t.Context(), "acme")
	require.NoError(t, err)
	defer func() { require.NoError(t, org.Close()) }()

	now := int64(1_800_000_000_000)
	app := org.AppenderV2(t.Context())
	_, err = app.Append(0, labels.FromStrings("__name__", "up"), 0, now, 1, nil, nil, promstorage.AppendV2Options{})
	require.NoError(t, err)
	require.NoError(t, app.Commit())

	querier, err := org.Querier(now, now)
	require.NoError(t, err)
	defer func() { require.NoError(t, querier.Close()) }()
	set := querier.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "up"))
	require.True(t, set.Next())
	require.False(t, set.Next())
}
