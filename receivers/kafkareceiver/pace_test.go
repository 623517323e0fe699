package kafkareceiver

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPace lets readers of partitions with random times hand on as fast as they can, one of them
// only up to its middle, where it fails.
func TestPace(t *testing.T) {
	const partitions, messages, ahead = 8, 400, 10 * time.Second
	start := time.Unix(1_700_000_000, 0)
	p := newPace(ahead)
	for partition := range partitions {
		p.enter(partition, start)
	}
	var mu sync.Mutex
	var order []time.Time
	var running sync.WaitGroup
	for partition := range partitions {
		running.Go(func() {
			defer p.leave(partition)
			at := start
			for n := range messages {
				at = at.Add(time.Duration(rand.Int64N(int64(4 * time.Second))))
				until, err := p.admit(t.Context(), partition, at)
				if !assert.Equal(t, nil, err) || !assert.False(t, at.After(until)) { //nolint:testifylint // not the test's goroutine
					return
				}
				mu.Lock()
				order = append(order, at)
				mu.Unlock()
				if partition == 0 && n == messages/2 {
					return
				}
			}
		})
	}
	running.Wait()
	require.Greater(t, len(order), (partitions-1)*messages)
	assert.LessOrEqual(t, mostAhead(order), ahead)
	assert.Positive(t, mostAhead(order), "they were read side by side")
}

// mostAhead returns by how much a message was handed on before an older one, at most.
func mostAhead(order []time.Time) (most time.Duration) {
	newest := order[0]
	for _, at := range order {
		most = max(most, newest.Sub(at))
		if at.After(newest) {
			newest = at
		}
	}
	return most
}

func TestPaceEnds(t *testing.T) {
	p := newPace(time.Second)
	p.enter(1, time.Unix(0, 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.admit(ctx, 2, time.Unix(100, 0))
	require.ErrorIs(t, err, context.Canceled)
	p.leave(1)
	until, err := p.admit(t.Context(), 2, time.Unix(100, 0))
	require.NoError(t, err)
	assert.Equal(t, time.Unix(101, 0), until, "nobody else has anything")
}

func TestEnds(t *testing.T) {
	var e ends
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	_, ok := e.passed(5)
	assert.False(t, ok)
	for _, known := range []struct{ second, offset int64 }{{10, 5}, {20, 5}, {30, 9}, {40, 12}} {
		e.add(at(known.second), known.offset)
	}
	for next, want := range map[int64]int64{5: 20, 8: 20, 9: 30, 11: 30, 12: 40, 100: 40} {
		got, ok := e.passed(next)
		assert.True(t, ok)
		assert.Equal(t, at(want), got, next)
	}
	_, ok = e.passed(4)
	assert.False(t, ok, "longer ago than anything known")
	e.add(at(50), 1)
	got, ok := e.passed(4)
	assert.True(t, ok)
	assert.Equal(t, at(50), got, "the topic began anew")

	for n := range int64(10 * mostEnds) {
		e.add(at(100+n), 10+n)
		require.LessOrEqual(t, len(e.seen), mostEnds)
	}
	newest := int64(10*mostEnds) - 1
	got, _ = e.passed(10 + newest)
	assert.Equal(t, at(100+newest), got)
	for _, back := range []int64{mostEnds, 9 * mostEnds} {
		got, ok = e.passed(10 + newest - back)
		assert.True(t, ok)
		want := at(100 + newest - back)
		assert.False(t, got.After(want), "never later than the truth")
		assert.Less(t, want.Sub(got), 2*time.Hour, "of eleven")
	}
}
