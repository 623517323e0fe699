package frontdoor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// maxTracked bounds how many callers are in a generation, of which two are kept; past it those
// that have not called for longest are forgotten, which gives them a full burst.
const maxTracked = 10_000

// SharedBuckets are token buckets that several front doors draw from. Any error means that each has
// to go by its own.
type SharedBuckets interface {
	// Take takes up to want tokens from a bucket that holds burst of them and gets perSecond new
	// ones a second. Of none it says after how long there is one.
	Take(ctx context.Context, name string, perSecond float64, burst, want int) (granted int, retryAfter time.Duration, err error)
}

// limiters are token buckets: one for each credential, one for each address without one.
type limiters struct {
	credentials *buckets
	addresses   *buckets
}

func newLimiters(cfg Config) *limiters {
	return &limiters{
		credentials: newBuckets(cfg.RequestsPerSecond, cfg.Burst, cfg.Shared),
		addresses:   newBuckets(cfg.AnonymousPerSecond, cfg.AnonymousBurst, cfg.Shared),
	}
}

func (l *limiters) known(ctx context.Context, p auth.Principal) error {
	name := "key " + p.KeyID
	if p.KeyID == "" {
		name = "user " + p.UserID
	}
	return l.credentials.take(ctx, name, "this credential makes too many requests")
}

func (l *limiters) anonymous(ctx context.Context, remote string) error {
	return l.addresses.take(ctx, "address "+callerAddress(remote), "this address makes too many requests without a valid credential")
}

// callerAddress is the part of host:port that tells callers apart: an IPv4 address, or the /64
// of an IPv6 address, since whoever has one address there has them all.
func callerAddress(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}

// buckets are token buckets by name.
type buckets struct {
	limit  rate.Limit
	burst  int
	shared SharedBuckets // nil when nobody else draws from them
	mu     sync.Mutex
	byName map[string]*bucket
	old    map[string]*bucket // the generation before; used again means young again
}

// bucket is what this front door has of a caller.
type bucket struct {
	alone *rate.Limiter // counts while there is nothing shared
	lease lease
}

func newBuckets(perSecond float64, burst int, shared SharedBuckets) *buckets {
	return &buckets{limit: rate.Limit(perSecond), burst: max(burst, 1), shared: shared, byName: make(map[string]*bucket)}
}

func (b *buckets) take(ctx context.Context, name, message string) error {
	if b.limit <= 0 {
		return nil
	}
	one := b.get(name)
	if b.shared != nil {
		if allowed, retryAfter, err := one.lease.take(ctx, b, name); err == nil {
			if allowed {
				return nil
			}
			return b.refusal(message, retryAfter)
		}
	}
	if one.alone.Allow() {
		return nil
	}
	return b.refusal(message, time.Duration(float64(time.Second)/float64(b.limit)))
}

func (b *buckets) refusal(message string, retryAfter time.Duration) error {
	return &errcode.Error{
		Code: errcode.RateLimited, Message: message,
		Fix:        fmt.Sprintf("stay under %g requests a second, or send larger batches", float64(b.limit)),
		RetryAfter: max(time.Second, retryAfter),
	}
}

func (b *buckets) get(name string) *bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.byName[name]; ok {
		return known
	}
	if len(b.byName) >= maxTracked {
		b.old, b.byName = b.byName, make(map[string]*bucket)
	}
	known, ok := b.old[name]
	if !ok {
		known = &bucket{alone: rate.NewLimiter(b.limit, b.burst)}
	}
	b.byName[name] = known
	return known
}

// byteSize writes a number of bytes for people.
func byteSize(n int64) string {
	const mebi = 1 << 20
	if n >= mebi && n%mebi == 0 {
		return fmt.Sprintf("%d MiB", n/mebi)
	}
	return fmt.Sprintf("%d bytes", n)
}
