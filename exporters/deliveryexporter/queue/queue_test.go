package queue

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// clock is a clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type losses map[string]int

func options(time *clock, lost losses) Options {
	return Options{
		MaxBytes: 1 << 20, SegmentBytes: 256, StateEvery: 0, Now: time.Now,
		Dropped: func(reason string, _, items int) { lost[reason] += items },
	}
}

func newClock() *clock { return &clock{now: time.Unix(1_700_000_000, 0)} }

func open(t *testing.T, dir string, opts Options) *Queue {
	t.Helper()
	q, err := Open(dir, opts)
	require.NoError(t, err)
	return q
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func numbers(b *Batch) []uint64 {
	var all []uint64
	for _, record := range b.Records {
		all = append(all, binary.BigEndian.Uint64(record.Payload))
	}
	return all
}

// drain takes everything that is there.
func drain(t *testing.T, q *Queue) (fresh, backlog []uint64) {
	t.Helper()
	for q.Stats().Records > 0 {
		batch, err := q.Take(t.Context(), 100)
		require.NoError(t, err)
		if batch.Fresh {
			fresh = append(fresh, numbers(batch)...)
		} else {
			backlog = append(backlog, numbers(batch)...)
		}
		require.NoError(t, batch.Done())
	}
	return fresh, backlog
}

func fill(t *testing.T, q *Queue, from, to uint64) {
	t.Helper()
	for n := from; n < to; n++ {
		require.NoError(t, q.Append(number(n), 2))
	}
}

func upTo(from, to uint64) []uint64 {
	var all []uint64
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

func TestInOrder(t *testing.T) {
	dir, lost := t.TempDir(), losses{}
	q := open(t, dir, options(newClock(), lost))
	fill(t, q, 0, 100)
	assert.Equal(t, 100, q.Stats().Records)
	assert.Equal(t, 200, q.Stats().Items)
	fresh, backlog := drain(t, q)
	assert.Equal(t, upTo(0, 100), fresh)
	assert.Empty(t, backlog)
	assert.Empty(t, lost)
	require.NoError(t, q.Close())
	files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	require.NoError(t, err)
	assert.Empty(t, files, "what was sent takes no room")
}

func TestWhatWasKeptDoesNotDelayWhatIsNew(t *testing.T) {
	q := open(t, t.TempDir(), options(newClock(), losses{}))
	fill(t, q, 0, 50)
	require.NoError(t, q.Split())
	require.NoError(t, q.Split(), "twice is no harm")
	fill(t, q, 50, 60)
	var order []bool
	for range 4 {
		batch, err := q.Take(t.Context(), 8)
		require.NoError(t, err)
		order = append(order, batch.Fresh)
		require.NoError(t, batch.Done())
	}
	assert.Equal(t, []bool{true, false, true, false}, order, "they take turns")
	fresh, backlog := drain(t, q)
	assert.Equal(t, upTo(52, 60), fresh)
	assert.Equal(t, upTo(2, 50), backlog)
	require.NoError(t, q.Close())
}

func TestReturned(t *testing.T) {
	q := open(t, t.TempDir(), options(newClock(), losses{}))
	fill(t, q, 0, 3)
	batch, err := q.Take(t.Context(), 16)
	require.NoError(t, err)
	assert.Equal(t, upTo(0, 2), numbers(batch))
	batch.Return()
	fresh, _ := drain(t, q)
	assert.Equal(t, upTo(0, 3), fresh)
	require.NoError(t, q.Close())
}

func TestTheOldestGoFirst(t *testing.T) {
	lost := losses{}
	opts := options(newClock(), lost)
	opts.MaxBytes = 1024
	q := open(t, t.TempDir(), opts)
	fill(t, q, 0, 1000)
	assert.LessOrEqual(t, q.Stats().Bytes, int64(1024))
	kept := q.Stats().Items
	assert.Equal(t, losses{DroppedFull: 2000 - kept}, lost)
	fresh, _ := drain(t, q)
	assert.Equal(t, upTo(uint64(1000-kept/2), 1000), fresh)
	assert.Equal(t, errcode.TooLarge, errcode.Of(q.Append(make([]byte, 1025), 1)))
	require.NoError(t, q.Close())
}

func TestDroppedWhileItIsSent(t *testing.T) {
	lost := losses{}
	opts := options(newClock(), lost)
	opts.MaxBytes = 512
	q := open(t, t.TempDir(), opts)
	fill(t, q, 0, 5)
	batch, err := q.Take(t.Context(), 1000)
	require.NoError(t, err)
	fill(t, q, 5, 105)
	require.NoError(t, batch.Done())
	left := q.Stats().Items
	fresh, _ := drain(t, q)
	assert.Len(t, fresh, left/2)
	assert.Equal(t, upTo(uint64(105-left/2), 105), fresh)
	require.NoError(t, q.Close())
}

func TestTooOld(t *testing.T) {
	now, lost := newClock(), losses{}
	opts := options(now, lost)
	opts.MaxAge = time.Minute
	q := open(t, t.TempDir(), opts)
	fill(t, q, 0, 30)
	assert.Equal(t, now.Now(), q.Stats().Oldest.In(now.Now().Location()))
	now.move(2 * time.Minute)
	fill(t, q, 30, 32)
	fresh, _ := drain(t, q)
	assert.Equal(t, upTo(30, 32), fresh)
	assert.Equal(t, losses{DroppedAge: 60}, lost)
	require.NoError(t, q.Close())
}

func TestOpenedAgain(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, options(newClock(), losses{}))
	fill(t, q, 0, 50)
	for range 3 {
		batch, err := q.Take(t.Context(), 80)
		require.NoError(t, err)
		require.NoError(t, batch.Done())
	}
	left := q.Stats()
	require.NoError(t, q.Close())

	q = open(t, dir, options(newClock(), losses{}))
	assert.Equal(t, left.Records, q.Stats().Records)
	fill(t, q, 50, 60)
	fresh, backlog := drain(t, q)
	assert.Equal(t, upTo(uint64(50-left.Records), 50), backlog)
	assert.Equal(t, upTo(50, 60), fresh)
	require.NoError(t, q.Close())
}

func TestDamage(t *testing.T) {
	for name, damage := range map[string]func(content []byte) []byte{
		"torn":      func(content []byte) []byte { return content[:len(content)-3] },
		"changed":   func(content []byte) []byte { content[len(content)-3]++; return content },
		"length":    func(content []byte) []byte { content[len(content)-28+3] = 0xff; return content },
		"zeros":     func(content []byte) []byte { return append(content, make([]byte, 4096)...) },
		"all of it": func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			dir, lost := t.TempDir(), losses{}
			q := open(t, dir, options(newClock(), lost))
			fill(t, q, 0, 9) // one segment
			last := q.segments[len(q.segments)-1].path(dir)
			content, err := os.ReadFile(last)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(last, damage(content), 0o600))
			// The process died: nothing was closed.
			q = open(t, dir, options(newClock(), lost))
			fill(t, q, 100, 110)
			fresh, backlog := drain(t, q)
			assert.Equal(t, upTo(100, 110), fresh)
			switch name {
			case "all of it":
				assert.Empty(t, backlog)
			case "zeros":
				assert.Equal(t, upTo(0, 9), backlog)
			default:
				assert.Equal(t, upTo(0, 8), backlog)
			}
			require.NoError(t, q.Close())
		})
	}
}

func TestNoState(t *testing.T) {
	for name, content := range map[string]string{"missing": "", "damaged": `{"spans": [`} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			q := open(t, dir, options(newClock(), losses{}))
			fill(t, q, 0, 30)
			require.NoError(t, q.Close())
			path := filepath.Join(dir, stateName)
			require.NoError(t, os.Remove(path))
			if content != "" {
				require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			}
			q = open(t, dir, options(newClock(), losses{}))
			_, backlog := drain(t, q)
			assert.Equal(t, upTo(0, 30), backlog)
			require.NoError(t, q.Close())
		})
	}
}

func TestTakeWaits(t *testing.T) {
	q := open(t, t.TempDir(), options(newClock(), losses{}))
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	waiting.Go(func() {
		batch, err := q.Take(ctx, 100)
		if assert.NoError(t, err) {
			assert.Equal(t, []uint64{7}, numbers(batch))
			assert.NoError(t, batch.Done())
		}
		_, err = q.Take(ctx, 100)
		assert.ErrorIs(t, err, context.Canceled)
	})
	fill(t, q, 7, 8)
	require.Eventually(t, func() bool { return q.Stats().Records == 0 }, 10*time.Second, time.Millisecond)
	cancel()
	waiting.Wait()
	require.NoError(t, q.Close())
}

func TestManyAppend(t *testing.T) {
	opts := options(newClock(), losses{})
	opts.Sync = true
	q := open(t, t.TempDir(), opts)
	var writers sync.WaitGroup
	for w := range uint64(8) {
		writers.Go(func() {
			for n := range uint64(50) {
				assert.NoError(t, q.Append(number(w*50+n), 1))
			}
		})
	}
	seen := make(map[uint64]bool)
	for len(seen) < 400 {
		batch, err := q.Take(t.Context(), 64)
		require.NoError(t, err)
		for _, n := range numbers(batch) {
			require.False(t, seen[n])
			seen[n] = true
		}
		require.NoError(t, batch.Done())
	}
	writers.Wait()
	require.NoError(t, q.Close())
}

// TestRandomly does all of it in random order, with deaths of the process between, and compares
// with what a queue has to do: nothing is lost, and only what was done since the state was last
// written comes twice.
func TestRandomly(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { randomly(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func randomly(t *testing.T, random *rand.Rand) {
	t.Helper()
	dir, lost, now := t.TempDir(), losses{}, newClock()
	opts := options(now, lost)
	opts.SegmentBytes = 60 + random.Int64N(300)
	opts.StateEvery = time.Duration(random.IntN(2)) * time.Second
	q := open(t, dir, opts)
	sent, next := make(map[uint64]int), uint64(0)
	unsaved := make(map[uint64]bool) // done, and not yet in the state
	again := make(map[uint64]bool)   // may come twice
	for range 300 {
		switch random.IntN(20) {
		case 0:
			require.NoError(t, q.Split())
		case 1: // it dies
			for n := range unsaved {
				again[n] = true
			}
			clear(unsaved)
			q = open(t, dir, opts)
		case 2:
			require.NoError(t, q.Close())
			clear(unsaved)
			q = open(t, dir, opts)
		case 3, 4, 5, 6, 7, 8:
			if q.Stats().Records == 0 {
				continue
			}
			batch, err := q.Take(t.Context(), 1+random.IntN(60))
			require.NoError(t, err)
			if random.IntN(4) == 0 {
				batch.Return()
				continue
			}
			for _, n := range numbers(batch) {
				sent[n]++
				unsaved[n] = true
			}
			now.move(time.Duration(random.IntN(700)) * time.Millisecond)
			saves := now.Now().Sub(q.saved) >= opts.StateEvery
			require.NoError(t, batch.Done())
			if saves {
				clear(unsaved)
			}
		default:
			require.NoError(t, q.Append(number(next), 1))
			next++
		}
	}
	fresh, backlog := drain(t, q)
	for _, n := range append(fresh, backlog...) {
		sent[n]++
	}
	require.NoError(t, q.Close())
	require.Len(t, sent, int(next), "nothing is lost, nothing is made up")
	for n, times := range sent {
		if !again[n] {
			require.Equal(t, 1, times, "record %d", n)
		}
	}
	require.Empty(t, lost)
}
