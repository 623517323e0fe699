package queue

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	recordBytes = headerBytes + 8
	perSegment  = 256 / recordBytes
)

// What changes on the disk under an open queue, or in a segment that the state vouches for, is
// found when it is read: what is lost is counted, and what can be read behind it is not lost.
func TestDamageFoundLate(t *testing.T) {
	third := 2 * recordBytes
	for name, tt := range map[string]struct {
		damage func(content []byte) []byte
		lost   []uint64
	}{
		"a bit of the payload":  {func(c []byte) []byte { c[third+recordBytes-1] ^= 4; return c }, upTo(2, 3)},
		"a bit of the checksum": {func(c []byte) []byte { c[third+5] ^= 1; return c }, upTo(2, 3)},
		"a bit of the time":     {func(c []byte) []byte { c[third+9] ^= 1; return c }, upTo(2, 3)},
		"the length, too long":  {func(c []byte) []byte { c[third+3] ^= 0x80; return c }, upTo(2, perSegment)},
		"the length, one more":  {func(c []byte) []byte { c[third]++; return c }, upTo(2, perSegment)},
		"two in a row":          {func(c []byte) []byte { c[third+recordBytes-1]++; c[third+2*recordBytes-1]++; return c }, upTo(2, perSegment)},
		"the last":              {func(c []byte) []byte { c[len(c)-1]++; return c }, upTo(perSegment-1, perSegment)},
		"cut":                   {func(c []byte) []byte { return c[:third+3] }, upTo(2, perSegment)},
		"a page of zeros":       {func(c []byte) []byte { clear(c[third:]); return c }, upTo(2, perSegment)},
	} {
		for _, known := range []bool{true, false} {
			t.Run(name+map[bool]string{true: ", with state", false: ", without state"}[known], func(t *testing.T) {
				dir, lost := t.TempDir(), losses{}
				q := open(t, dir, options(newClock(), lost))
				fill(t, q, 0, 20)
				require.NoError(t, q.Close())
				first := q.segments[0].path(dir)
				content, err := os.ReadFile(first)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(first, tt.damage(content), 0o600))
				if !known {
					require.NoError(t, os.Remove(dir+"/"+stateName))
				}
				q = open(t, dir, options(newClock(), lost))
				_, backlog := drain(t, q)
				var want []uint64
				for _, n := range upTo(0, 20) {
					if len(tt.lost) == 0 || n < tt.lost[0] || n > tt.lost[len(tt.lost)-1] {
						want = append(want, n)
					}
				}
				assert.Equal(t, want, backlog)
				if known {
					assert.Equal(t, losses{DroppedDamaged: 2 * len(tt.lost)}, lost)
				} else {
					assert.Contains(t, lost, DroppedDamaged, "it is told, although nobody knows how much it was")
				}
				require.NoError(t, q.Close())
			})
		}
	}
}

func TestSegmentRemovedByHand(t *testing.T) {
	dir, lost := t.TempDir(), losses{}
	q := open(t, dir, options(newClock(), lost))
	fill(t, q, 0, 20)
	require.NoError(t, os.Remove(q.segments[0].path(dir)))
	fresh, _ := drain(t, q)
	assert.Equal(t, upTo(perSegment, 20), fresh)
	assert.Equal(t, losses{DroppedDamaged: 2 * perSegment}, lost)
	require.NoError(t, q.Close())
}

// What is too old goes also while nothing is taken.
func TestTooOldWhileNothingIsTaken(t *testing.T) {
	now, lost := newClock(), losses{}
	opts := options(now, lost)
	opts.MaxAge = time.Minute
	q := open(t, t.TempDir(), opts)
	fill(t, q, 0, 20)
	now.move(2 * time.Minute)
	fill(t, q, 20, 30)
	assert.Len(t, q.segments, 2, "the one that grew then has new records too")
	assert.Equal(t, losses{DroppedAge: 2 * 2 * perSegment}, lost)
	fresh, _ := drain(t, q)
	assert.Equal(t, upTo(20, 30), fresh)
	assert.Equal(t, losses{DroppedAge: 2 * 20}, lost)
	require.NoError(t, q.Close())
}

// Done may put off writing down what was sent; it is not put off until more is sent.
func TestStateIsWrittenWithoutMore(t *testing.T) {
	dir := t.TempDir()
	opts := options(newClock(), losses{})
	opts.Now, opts.StateEvery = time.Now, 20*time.Millisecond
	q := open(t, dir, opts)
	fill(t, q, 0, 2)
	for range 2 {
		batch, err := q.Take(t.Context(), 1)
		require.NoError(t, err)
		require.NoError(t, batch.Done())
	}
	taken := make(chan error, 1)
	go func() {
		batch, err := q.Take(t.Context(), 1)
		if err == nil {
			err = batch.Done()
		}
		taken <- err
	}()
	require.Eventually(t, func() bool {
		kept, err := readState(dir)
		return err == nil && len(kept.Spans) == 1 && kept.Spans[0].From.Offset == 2*recordBytes
	}, 20*time.Second, 5*time.Millisecond)
	fill(t, q, 2, 3)
	require.NoError(t, <-taken)
	require.NoError(t, q.Close())
}

// FuzzOpen opens a folder with any content in a segment: it never fails, and gives back whole
// records only.
func FuzzOpen(f *testing.F) {
	whole := appendRecord(appendRecord(nil, 1, 1, []byte("one")), 2, 1, []byte("two"))
	f.Add(whole, []byte(`{"spans":[{"from":{"segment":1,"offset":0},"end":0}],"segments":[{"id":1,"size":46,"records":2,"items":2}]}`))
	f.Add(whole[:30], []byte(`{}`))
	f.Add([]byte{}, []byte(``))
	f.Fuzz(func(t *testing.T, content, kept []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile((&segment{ID: 1}).path(dir), content, 0o600))
		require.NoError(t, os.WriteFile(dir+"/"+stateName, kept, 0o600))
		q, err := Open(dir, options(newClock(), losses{}))
		require.NoError(t, err)
		require.NoError(t, q.Append(number(7), 1))
		for range 1 + len(content)/headerBytes {
			batch, err := q.take(1 << 20)
			require.NoError(t, err)
			if batch == nil {
				break
			}
			require.NoError(t, batch.Done())
		}
		require.NoError(t, q.Close())
	})
}

// The queue holds far more than it takes of memory.
func TestMemory(t *testing.T) {
	lost := losses{}
	opts := options(newClock(), lost)
	opts.MaxBytes, opts.SegmentBytes, opts.StateEvery = 256<<20, 4<<20, time.Hour
	q := open(t, t.TempDir(), opts)
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, record := heap(), make([]byte, 1<<20)
	for range 64 {
		require.NoError(t, q.Append(record, 1))
	}
	require.NoError(t, q.Split())
	held := heap()
	assert.Less(t, held, before+2<<20, "64 MiB are on the disk")
	for range 3 {
		batch, err := q.Take(t.Context(), 1<<20)
		require.NoError(t, err)
		require.NoError(t, batch.Done())
	}
	assert.Equal(t, 61, q.Stats().Records)
	require.NoError(t, q.Close())
}
