package auth

import (
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	// loginBurst is how many wrong passwords in a row are let pass.
	loginBurst = 5
	// loginInterval is after how long another one is.
	loginInterval = time.Minute
	// maxLimited bounds the memory; the one that tried least lately is forgotten first.
	maxLimited = 10_000
)

// limiter slows down guessing of passwords.
type limiter struct {
	attempts *lru.Cache[string, *rate.Limiter]
}

func newLimiter() *limiter {
	attempts, _ := lru.New[string, *rate.Limiter](maxLimited) // fails only for a size below 1
	return &limiter{attempts: attempts}
}

// take counts an attempt before it is known to be wrong, so that many at once cannot slip
// through; succeed gives it back.
func (l *limiter) take(key string, now time.Time) error {
	fresh := rate.NewLimiter(rate.Every(loginInterval), loginBurst)
	bucket := fresh
	if known, ok, _ := l.attempts.PeekOrAdd(key, fresh); ok {
		bucket = known
		l.attempts.Get(key)
	}
	reserved := bucket.ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reserved.CancelAt(now)
	return &errcode.Error{Code: errcode.RateLimited, Message: "too many wrong passwords", RetryAfter: wait}
}

// succeed forgets the attempts.
func (l *limiter) succeed(key string) { l.attempts.Remove(key) }

// loginKey is what attempts are counted by: the email, and the client's address without its
// port. Of an IPv6 address it is the network, since a client can have all addresses in it.
func loginKey(email, remote string) string {
	address := remote
	if parsed, err := netip.ParseAddrPort(remote); err == nil {
		bits := 32
		ip := parsed.Addr().Unmap()
		if ip.Is6() {
			bits = 64
		}
		if network, err := ip.WithZone("").Prefix(bits); err == nil {
			address = network.String()
		}
	}
	return email + "\x00" + address
}
