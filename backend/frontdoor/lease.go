package frontdoor

import (
	"context"
	"sync"
	"time"
)

const (
	// leaseLife is how long tokens may be spent that were taken; what is left then is lost, as
	// little as it is.
	leaseLife = time.Second
	// leasePace is how often a busy caller's tokens are taken: its requests between cost nothing.
	leasePace = 100 * time.Millisecond
)

// lease are tokens that were taken from a shared bucket ahead of the requests that spend them. A
// caller gets one at a time, and twice as many whenever they did not last, up to those of
// leasePace; so that one that comes now and then takes no more than it needs.
type lease struct {
	mu      sync.Mutex
	left    int
	want    int
	taken   time.Time // when the last ones were
	refused time.Time // until when there are none
}

// take spends a token. An error means that the shared bucket could not be asked.
func (l *lease) take(ctx context.Context, b *buckets, name string) (allowed bool, retryAfter time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case now.Before(l.refused):
		return false, l.refused.Sub(now), nil
	case l.left > 0 && now.Before(l.taken.Add(leaseLife)):
		l.left--
		return true, 0, nil
	case now.Before(l.taken.Add(leasePace)):
		l.want = min(2*l.want, int(float64(b.limit)*leasePace.Seconds()), b.burst/2)
	default:
		l.want /= 2
	}
	l.want = max(1, l.want)
	granted, retryAfter, err := b.shared.Take(ctx, name, float64(b.limit), b.burst, l.want)
	if err != nil {
		return false, 0, err
	}
	if granted == 0 {
		l.refused = now.Add(min(retryAfter, time.Second))
		return false, retryAfter, nil
	}
	l.taken, l.left = now, granted-1
	return true, 0, nil
}
