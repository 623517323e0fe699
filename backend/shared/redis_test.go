package shared

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/test/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect returns a connection to a server of the test's own.
func connect(t *testing.T) (*Redis, *servers.Redis) {
	t.Helper()
	server := servers.Run(t, servers.StartRedis)
	r := New(Options{Address: server.Address, Prefix: "test:", Timeout: 2 * time.Second})
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	return r, server
}

func TestBuckets(t *testing.T) {
	r, _ := connect(t)
	forwarding, serving := r.Buckets("forwarding"), r.Buckets("serving")
	granted, _, err := forwarding.Take(t.Context(), "key 1", 0.01, 10, 4)
	require.NoError(t, err)
	assert.Equal(t, 4, granted)
	granted, _, err = forwarding.Take(t.Context(), "key 1", 0.01, 10, 100)
	require.NoError(t, err)
	assert.Equal(t, 6, granted, "what is left")
	granted, wait, err := forwarding.Take(t.Context(), "key 1", 0.01, 10, 1)
	require.NoError(t, err)
	assert.Zero(t, granted)
	assert.InDelta(t, 100, wait.Seconds(), 30)
	for name, bucket := range map[string]Buckets{"key 2": forwarding, "key 1": serving} {
		granted, _, err = bucket.Take(t.Context(), name, 0.01, 10, 10)
		require.NoError(t, err)
		assert.Equal(t, 10, granted, name)
	}
	require.NoError(t, r.Health(t.Context()))
}

// TestBucketsOfMany draws from one bucket by many connections at once.
func TestBucketsOfMany(t *testing.T) {
	r, server := connect(t)
	second := New(Options{Address: server.Address, Prefix: "test:", Timeout: 2 * time.Second})
	defer second.Close()
	var total atomic.Int64
	var drawing sync.WaitGroup
	for _, from := range []*Redis{r, second} {
		for range 4 {
			drawing.Go(func() {
				for range 50 {
					granted, _, err := from.Buckets("x").Take(context.Background(), "one", 0.001, 200, 3)
					if assert.NoError(t, err) {
						total.Add(int64(granted))
					}
				}
			})
		}
	}
	drawing.Wait()
	assert.Equal(t, int64(200), total.Load())
}

func TestValues(t *testing.T) {
	r, _ := connect(t)
	require.NoError(t, r.Set(t.Context(), map[string][]byte{"a": []byte("\x00\xff"), "b": {}}, time.Hour))
	require.NoError(t, r.Set(t.Context(), map[string][]byte{"short": []byte("x")}, time.Millisecond))
	values, err := r.Get(t.Context(), []string{"a", "none", "b"})
	require.NoError(t, err)
	assert.Equal(t, [][]byte{[]byte("\x00\xff"), nil, {}}, values)
	require.Eventually(t, func() bool {
		values, err := r.Get(t.Context(), []string{"short"})
		return err == nil && values[0] == nil
	}, time.Minute, time.Millisecond)
}

// TestAway holds that a Redis that hangs or is gone costs one call, and that it is used again.
func TestAway(t *testing.T) {
	r, server := connect(t)
	clock := time.Now()
	r.now = func() time.Time { return clock }
	require.NoError(t, r.Set(t.Context(), map[string][]byte{"a": []byte("1")}, time.Hour))

	require.NoError(t, server.Pause())
	_, err := r.Get(t.Context(), []string{"a"})
	require.ErrorContains(t, err, "ask Redis")
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	for n := range 1000 {
		_, err = r.Get(t.Context(), []string{strconv.Itoa(n)}) // each would take the time-out
		require.Error(t, err)
	}
	require.NoError(t, server.Resume())
	_, err = r.Get(t.Context(), []string{"a"})
	require.Error(t, err, "it rests")
	clock = clock.Add(2 * restAfterFailure)
	values, err := r.Get(t.Context(), []string{"a"})
	require.NoError(t, err)
	assert.Equal(t, "1", string(values[0]))

	server.Kill()
	require.Error(t, r.Health(t.Context()))
	require.NoError(t, server.Start(t.Context()))
	clock = clock.Add(2 * restAfterFailure)
	require.NoError(t, r.Health(t.Context()))
	values, err = r.Get(t.Context(), []string{"a"})
	require.NoError(t, err)
	assert.Nil(t, values[0], "it keeps nothing")
}

// TestCallerThatLeaves does not speak against Redis.
func TestCallerThatLeaves(t *testing.T) {
	r, _ := connect(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := r.Get(gone, []string{"a"})
	require.Error(t, err)
	_, err = r.Get(t.Context(), []string{"a"})
	require.NoError(t, err)
}
