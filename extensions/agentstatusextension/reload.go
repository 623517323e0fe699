package agentstatusextension

import (
	"sync"
	"time"
)

// Reload is what becomes of the program's configuration. It outlasts the configurations, and so
// the extensions, of one program.
type Reload struct {
	mu      sync.Mutex
	digest  string
	refused error
	since   time.Time
}

// Configured notes which configuration runs, by a digest of it, and why a newer one was refused;
// nil when none was.
func (r *Reload) Configured(digest string, refused error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.digest, r.refused, r.since = digest, refused, time.Now()
}

// Digest is the same for equal configurations; empty before the first one runs.
func (r *Reload) Digest() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.digest
}

// part describes the last reload as if it were a part.
func (r *Reload) part() Part {
	r.mu.Lock()
	defer r.mu.Unlock()
	part := Part{Kind: "configuration", ID: "reload", State: StateOK, Since: r.since}
	if r.refused != nil {
		part.State, part.Error = StateFailing, "refused, the old one goes on: "+r.refused.Error()
	}
	return part
}
