package frontdoor

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// pool is a shared bucket that is never filled again.
type pool struct {
	mu     sync.Mutex
	tokens int
	calls  int
	names  map[string]int
	away   error
}

func (p *pool) Take(_ context.Context, name string, _ float64, _, want int) (int, time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.away != nil {
		return 0, 0, p.away
	}
	granted := min(want, p.tokens)
	p.tokens -= granted
	if p.names == nil {
		p.names = map[string]int{}
	}
	p.names[name] += granted
	return granted, 7 * time.Second, nil
}

// spend makes requests until one is refused, and returns how many were not.
func spend(t *testing.T, b *buckets, most int) int {
	t.Helper()
	for i := range most {
		if err := b.take(t.Context(), "caller", ""); err != nil {
			assert.Equal(t, errcode.RateLimited, errcode.Of(err))
			return i
		}
	}
	return most
}

func TestSharedBucketsAreSpentTogether(t *testing.T) {
	shared := &pool{tokens: 1000}
	first, second := newBuckets(1000, 5000, shared), newBuckets(1000, 5000, shared)
	assert.Equal(t, 400, spend(t, first, 400))
	assert.Less(t, shared.calls, 40, "tokens are taken ahead")
	taken := spend(t, first, 10_000) + spend(t, second, 10_000)
	assert.LessOrEqual(t, 400+taken, 1000)
	assert.Greater(t, 400+taken, 800, "little is left over")
	calls := shared.calls
	assert.Zero(t, spend(t, second, 1))
	assert.Equal(t, calls, shared.calls, "who was refused does not ask at once")
}

func TestSharedBucketsTakeLittleForARareCaller(t *testing.T) {
	shared := &pool{tokens: 1000}
	b := newBuckets(1000, 5000, shared)
	now := b.get("caller")
	for range 5 {
		now.lease.taken = time.Time{} // long ago
		assert.Equal(t, 1, spend(t, b, 1))
	}
	assert.Equal(t, 995, shared.tokens)
}

func TestSharedBucketsAway(t *testing.T) {
	shared := &pool{away: errors.New("away")}
	b := newBuckets(0.001, 3, shared)
	assert.Equal(t, 3, spend(t, b, 10), "it goes by its own")
	shared.away, shared.tokens = nil, 2
	assert.Equal(t, 2, spend(t, b, 10))
}

func TestSharedBucketsOfADoor(t *testing.T) {
	cfg := testConfig()
	shared := &pool{tokens: 2}
	cfg.Shared, cfg.RequestsPerSecond, cfg.Burst, cfg.AnonymousPerSecond, cfg.AnonymousBurst = shared, 0.1, 100, 0.1, 100
	f := newFixture(t, cfg)
	f.handle(t, "GET /ingest", auth.ScopeIngest, whoami)
	assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/ingest", "X-Api-Key", "writer").Code)
	assert.Equal(t, http.StatusUnauthorized, f.ask(http.MethodGet, "/ingest").Code)
	answer := f.ask(http.MethodGet, "/ingest", "X-Api-Key", "writer")
	assert.Equal(t, http.StatusTooManyRequests, answer.Code)
	assert.Equal(t, "7", answer.Header().Get("Retry-After"))
	assert.Len(t, shared.names, 2, "credentials and addresses have buckets of their own")
}
