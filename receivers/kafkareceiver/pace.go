package kafkareceiver

import (
	"context"
	"sync"
	"time"
)

// pace keeps partitions that are read side by side close together in time: none hands on messages
// that are more than ahead later than the next ones of the slowest. Partitions at their end, and
// those that cannot be read, are not waited for.
type pace struct {
	ahead time.Duration

	mu      sync.Mutex
	at      map[int]time.Time // of the partitions that others wait for: time of what comes next, or earlier
	changed chan struct{}     // closed when somebody who waits may look again
}

func newPace(ahead time.Duration) *pace {
	return &pace{ahead: ahead, at: map[int]time.Time{}, changed: make(chan struct{})}
}

// enter makes the others wait for a partition, whose next message is not before a time.
func (p *pace) enter(partition int, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.at[partition]; !ok || at.After(known) {
		p.at[partition] = at
		p.wake()
	}
}

// leave lets the others go on without a partition.
func (p *pace) leave(partition int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.at[partition]; ok {
		delete(p.at, partition)
		p.wake()
	}
}

func (p *pace) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// admit waits until messages of a time may be handed on, and returns up to which time.
func (p *pace) admit(ctx context.Context, partition int, next time.Time) (time.Time, error) {
	p.enter(partition, next)
	for {
		p.mu.Lock()
		until, changed := p.slowest().Add(p.ahead), p.changed
		p.mu.Unlock()
		if !next.After(until) {
			return until, nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-changed:
		}
	}
}

// slowest is called with mu held, and while there is a partition.
func (p *pace) slowest() time.Time {
	slowest := anyTime()
	for _, at := range p.at {
		if at.Before(slowest) {
			slowest = at
		}
	}
	return slowest
}
