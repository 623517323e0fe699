package ingestreceiver

import "sync"

// gate lets requests into the pipeline until it is closed. The zero value is open.
type gate struct {
	mu     sync.RWMutex
	closed bool
}

// enter says whether the pipeline may be called; the caller then leaves afterwards.
func (g *gate) enter() bool {
	g.mu.RLock()
	if g.closed {
		g.mu.RUnlock()
		return false
	}
	return true
}

func (g *gate) leave() { g.mu.RUnlock() }

// close lets nobody in any more and returns when the last one has left.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
