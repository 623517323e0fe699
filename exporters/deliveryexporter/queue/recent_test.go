package queue

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func appendOnce(t *testing.T, q *Queue, key uint64) bool {
	t.Helper()
	fresh, err := q.AppendOnce(key, number(key), 1)
	require.NoError(t, err)
	return fresh
}

func TestTakesABatchOnce(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, q *Queue){
		"goes on":        nil,
		"is closed":      func(t *testing.T, q *Queue) { t.Helper(); require.NoError(t, q.Close()) },
		"dies":           func(*testing.T, *Queue) {},
		"dies when sent": func(t *testing.T, q *Queue) { t.Helper(); drain(t, q) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, opts := t.TempDir(), options(newClock(), losses{})
			q := open(t, dir, opts)
			for key := uint64(1); key <= 40; key++ { // in several segments
				require.True(t, appendOnce(t, q, key))
			}
			if end != nil {
				end(t, q)
				q = open(t, dir, opts)
			}
			for key := uint64(1); key <= 40; key++ {
				assert.False(t, appendOnce(t, q, key), "%d", key)
			}
			require.True(t, appendOnce(t, q, 41))
			fresh, err := q.AppendOnce(0, number(42), 3)
			require.NoError(t, err)
			require.True(t, fresh, "0 is no key")
			left := q.Stats().Items
			fresh2, backlog := drain(t, q)
			want := upTo(1, 43)
			if name == "dies when sent" {
				want = upTo(41, 43)
			}
			assert.Equal(t, want, append(backlog, fresh2...))
			assert.Equal(t, len(want)+2, left)
			require.NoError(t, q.Close())
		})
	}
}

func TestRemembersALimitedNumberOfKeys(t *testing.T) {
	dir, opts := t.TempDir(), options(newClock(), losses{})
	opts.MaxBytes = 2048 // it drops
	q := open(t, dir, opts)
	for key := uint64(1); key <= rememberedKeys+10; key++ {
		require.True(t, appendOnce(t, q, key))
	}
	q = open(t, dir, opts) // it died
	for key := uint64(11); key <= rememberedKeys+10; key++ {
		require.False(t, appendOnce(t, q, key))
	}
	require.True(t, appendOnce(t, q, 10))
	require.NoError(t, q.Close())
}
