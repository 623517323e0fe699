package tiered

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Progress is what is known of how far a hot tier and the writers of the durable store are in the
// log that feeds both. Whoever reads the log sets it. The zero value knows nothing and is ready;
// it is safe for concurrent use.
type Progress struct {
	state   atomic.Pointer[State]
	reached atomic.Bool // whether it was ever caught up

	mu    sync.Mutex
	lacks map[storage.OrgID]time.Time
}

// State is the progress at some moment.
type State struct {
	// CaughtUp says that the hot tier has all but the newest seconds, and may be read.
	CaughtUp bool
	// Behind is how many messages wait for the hot tier.
	Behind int64
	// CompleteFrom is the time from which on the hot tier has every sample that came before
	// Until. Zero means that nothing is missing but what its retention took.
	CompleteFrom time.Time
	// Until is the time before which everything that came is in the hot tier; zero when there is
	// no such time yet.
	Until time.Time
	// Heard is when the log answered last; zero when it never has.
	Heard time.Time
	// Writers is the time before which everything that came is in the durable store, as far as is
	// known; zero when it is not known.
	Writers time.Time
}

// Set replaces what is known.
func (p *Progress) Set(state State) {
	if state.CaughtUp {
		p.reached.Store(true)
	}
	p.state.Store(&state)
}

// State returns what is known.
func (p *Progress) State() State {
	if state := p.state.Load(); state != nil {
		return *state
	}
	return State{}
}

// Lack says that the hot tier refused samples of an organisation: it is complete for it only from
// a time on.
func (p *Progress) Lack(org storage.OrgID, completeFrom time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lacks == nil {
		p.lacks = map[storage.OrgID]time.Time{}
	}
	p.lacks[org] = later(p.lacks[org], completeFrom)
}

// CompleteFrom returns from which time on the hot tier is complete for an organisation.
func (p *Progress) CompleteFrom(org storage.OrgID) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return later(p.State().CompleteFrom, p.lacks[org])
}

// silence is how long the log may give no answer.
const silence = 30 * time.Second

// Health returns nil when the hot tier may be read and gets what is new, otherwise what is wrong.
func (p *Progress) Health() error {
	state := p.State()
	switch {
	case state.Heard.IsZero():
		return errcode.New(errcode.Unavailable, "hot tier: has heard nothing from Kafka yet")
	case !state.CaughtUp:
		return errcode.New(errcode.Unavailable, "hot tier: catching up: %d messages behind", state.Behind)
	case time.Since(state.Heard) > silence:
		return errcode.New(errcode.Unavailable, "hot tier: has heard nothing from Kafka since %s", moment(state.Heard))
	}
	return nil
}

// Replayed returns nil when there is no reason to wait any longer for a hot tier that began at a
// time: when it was caught up once, or when the log does not answer. Falling behind later is no
// reason to stop answering, because the durable store then does.
func (p *Progress) Replayed(began time.Time) error {
	heard := later(began, p.State().Heard)
	if p.reached.Load() || time.Since(heard) > silence {
		return nil
	}
	return p.Health()
}

// moment writes a time for people.
func moment(at time.Time) string {
	return at.UTC().Format("2006-01-02 15:04:05Z")
}
