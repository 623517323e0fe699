package query

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestBlockSteps(t *testing.T) {
	for step, want := range map[time.Duration]int64{
		time.Millisecond: 256, time.Second: 256, 2 * time.Second: 256, 5 * time.Second: 64, 15 * time.Second: 32, time.Minute: 16, 24 * time.Hour: 16,
	} {
		assert.Equal(t, want, blockSteps(step), step)
	}
}

// TestCut holds that pieces are the whole range, once, and that blocks of overlapping ranges are the same.
func TestCut(t *testing.T) {
	const step = 60_000
	for _, phase := range []int64{0, 1, 59_999} {
		blocks := map[int64]piece{}
		for first := int64(-70); first < 70; first++ {
			for _, length := range []int64{0, 1, 15, 16, 17, 64, 100} {
				from := first*step + phase
				to := from + length*step + 12_345
				next := from
				for _, p := range cut(from, to, step, math.MaxInt64) {
					assert.Equal(t, next, p.from)
					next = p.to + step
					if !p.whole {
						continue
					}
					assert.Equal(t, int64(15*step), p.to-p.from)
					known, there := blocks[p.block]
					assert.True(t, !there || known == p)
					blocks[p.block] = p
				}
				assert.Equal(t, from+(length+1)*step, next)
			}
		}
		assert.Greater(t, len(blocks), 10)
	}
}

func TestCutKeepsWhatIsSettled(t *testing.T) {
	pieces := cut(0, 64*60_000, 60_000, 40*60_000)
	var whole []int64
	for _, p := range pieces {
		if p.whole {
			whole = append(whole, p.block)
		}
	}
	assert.Equal(t, []int64{0, 1}, whole, "the third ends at minute 47")
}
