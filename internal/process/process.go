// Package process holds what lives as long as the process and outlasts a reload of its
// configuration: sockets, the way to its metrics, and whether it is ready.
package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Process is the scope of the process. Use New.
type Process struct {
	mu        sync.Mutex
	listeners map[string]*socket
	gatherer  atomic.Pointer[prometheus.Gatherer]
	more      map[*prometheus.Registry]struct{} // registries of parts, see AddGatherer
	ready     atomic.Pointer[func(context.Context) []Dependency]
}

// New returns an empty scope.
func New() *Process {
	return &Process{listeners: make(map[string]*socket), more: make(map[*prometheus.Registry]struct{})}
}

// Listen returns a listener on a TCP address. Closing it stops Accept but keeps the socket:
// connections wait in the kernel until the address is listened on again, so that a reload
// refuses none. Release closes the sockets for good.
func (p *Process) Listen(ctx context.Context, addr string) (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held, ok := p.listeners[addr]; ok {
		return held.lease()
	}
	var config net.ListenConfig
	inner, err := config.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &errcode.Error{
			Code: errcode.Conflict, Field: addr, Message: "another program listens on this address",
			Fix: "stop it, or choose another address", Err: err,
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	tcp, ok := inner.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listen on %s: not a TCP socket", addr)
	}
	held := &socket{tcp: tcp}
	p.listeners[addr] = held
	return held.lease()
}

// Release closes the sockets that nobody listens on.
func (p *Process) Release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for addr, held := range p.listeners {
		if !held.leased.Load() {
			errs = append(errs, held.tcp.Close())
			delete(p.listeners, addr)
		}
	}
	return errors.Join(errs...)
}

// SetGatherer makes g the source of the process's metrics.
func (p *Process) SetGatherer(g prometheus.Gatherer) { p.gatherer.Store(&g) }

// AddRegistry adds metrics that a library registers with Prometheus itself. The returned
// function takes them away again.
func (p *Process) AddRegistry(registry *prometheus.Registry) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.more[registry] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.more, registry)
	}
}

// Gather implements prometheus.Gatherer: the metrics of the current configuration's parts,
// none before there are any.
func (p *Process) Gather() ([]*dto.MetricFamily, error) {
	var all prometheus.Gatherers
	if g := p.gatherer.Load(); g != nil {
		all = append(all, *g)
	}
	p.mu.Lock()
	for registry := range p.more {
		all = append(all, registry)
	}
	p.mu.Unlock()
	return all.Gather()
}

// Dependency is something that the process works with, and how it is.
type Dependency struct {
	Name string
	// Required says that the process can do nothing without it.
	Required bool
	// Err is what is wrong with it, nil when nothing is.
	Err error
}

// SetReady makes check the source of Dependencies; nil means that the process is not ready.
func (p *Process) SetReady(check func(context.Context) []Dependency) {
	if check == nil {
		p.ready.Store(nil)
		return
	}
	p.ready.Store(&check)
}

// Ready returns nil when the process can do its work, otherwise why not: the error of what it
// requires, or Unavailable while it starts or stops. It also returns everything that the process
// works with, in the order of the check.
func (p *Process) Ready(ctx context.Context) ([]Dependency, error) {
	check := p.ready.Load()
	if check == nil {
		return nil, errcode.New(errcode.Unavailable, "the server is starting")
	}
	dependencies := (*check)(ctx)
	var errs []error
	for _, one := range dependencies {
		if one.Required && one.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", one.Name, one.Err))
		}
	}
	return dependencies, errors.Join(errs...)
}
