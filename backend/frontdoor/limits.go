package frontdoor

import (
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

// limiters are token buckets: one for each credential, one for each address without one.
type limiters struct {
	credentials *buckets
	addresses   *buckets
}

func newLimiters(cfg Config) *limiters {
	return &limiters{
		credentials: newBuckets(cfg.RequestsPerSecond, cfg.Burst),
		addresses:   newBuckets(cfg.AnonymousPerSecond, cfg.AnonymousBurst),
	}
}

func (l *limiters) known(p auth.Principal) error {
	name := "key " + p.KeyID
	if p.KeyID == "" {
		name = "user " + p.UserID
	}
	return l.credentials.take(name, "this credential makes too many requests")
}

func (l *limiters) anonymous(remote string) error {
	return l.addresses.take(callerAddress(remote), "this address makes too many requests without a valid credential")
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
	mu     sync.Mutex
	byName map[string]*rate.Limiter
	old    map[string]*rate.Limiter // the generation before; used again means young again
}

func newBuckets(perSecond float64, burst int) *buckets {
	return &buckets{limit: rate.Limit(perSecond), burst: max(burst, 1), byName: make(map[string]*rate.Limiter)}
}

func (b *buckets) take(name, message string) error {
	if b.limit <= 0 {
		return nil
	}
	limiter := b.get(name)
	if limiter.Allow() {
		return nil
	}
	return &errcode.Error{
		Code: errcode.RateLimited, Message: message,
		Fix:        fmt.Sprintf("stay under %g requests a second, or send larger batches", float64(b.limit)),
		RetryAfter: max(time.Second, time.Duration(float64(time.Second)/float64(b.limit))),
	}
}

func (b *buckets) get(name string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if limiter, ok := b.byName[name]; ok {
		return limiter
	}
	if len(b.byName) >= maxTracked {
		b.old, b.byName = b.byName, make(map[string]*rate.Limiter)
	}
	limiter, ok := b.old[name]
	if !ok {
		limiter = rate.NewLimiter(b.limit, b.burst)
	}
	b.byName[name] = limiter
	return limiter
}

// byteSize writes a number of bytes for people.
func byteSize(n int64) string {
	const mebi = 1 << 20
	if n >= mebi && n%mebi == 0 {
		return fmt.Sprintf("%d MiB", n/mebi)
	}
	return fmt.Sprintf("%d bytes", n)
}
