package listcache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryListIsMadeOnce(t *testing.T) {
	c := New[[]string]()
	now := time.Unix(0, 0)
	c.now = func() time.Time { return now }
	var made atomic.Int32
	started, release := make(chan struct{}), make(chan struct{})
	work := func(context.Context) ([]string, error) {
		if made.Add(1) == 1 {
			close(started)
		}
		<-release
		return []string{"a"}, nil
	}
	var wait sync.WaitGroup
	ask := func() {
		got, err := c.Get(t.Context(), Question{org: "o"}, work)
		assert.Len(t, got, 1, err)
	}
	wait.Go(ask)
	<-started
	for range 10 {
		wait.Go(ask)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Get(gone, Question{org: "o"}, work)
	require.ErrorIs(t, err, context.Canceled, "who waits may leave")
	close(release)
	wait.Wait()
	assert.Equal(t, int32(1), made.Load())
	now = now.Add(KeepFor)
	ask()
	assert.Equal(t, int32(2), made.Load(), "it was too old")
	for i := range 3 * maxLists {
		_, err := c.Get(t.Context(), Question{org: "o", from: int64(i)}, work)
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, len(c.lists), maxLists)
}

func TestAFailureIsNotKept(t *testing.T) {
	c := New[[]string]()
	failed := errors.New("gone")
	_, err := c.Get(t.Context(), Question{}, func(context.Context) ([]string, error) { return nil, failed })
	require.ErrorIs(t, err, failed)
	got, err := c.Get(t.Context(), Question{}, func(context.Context) ([]string, error) { return []string{"a"}, nil })
	require.NoError(t, err)
	assert.Len(t, got, 1)
}
