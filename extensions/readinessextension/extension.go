package readinessextension

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/process"
)

var (
	_ extension.Extension                          = (*readiness)(nil)
	_ extensioncapabilities.PipelineWatcher        = (*readiness)(nil)
	_ extensioncapabilities.ComponentStatusWatcher = (*readiness)(nil)
)

// readiness tells the process whether it can do its work.
type readiness struct {
	cfg     *Config
	process *process.Process
	host    component.Host

	mu    sync.Mutex
	parts map[*componentstatus.InstanceID]part
}

// part is what a receiver, processor or exporter last said of itself, in one pipeline.
type part struct {
	name string
	err  error // nil when it is well
}

// Start implements component.Component.
func (r *readiness) Start(_ context.Context, host component.Host) error {
	r.host = host
	return nil
}

// Shutdown implements component.Component.
func (r *readiness) Shutdown(context.Context) error { return nil }

// Ready implements extensioncapabilities.PipelineWatcher: everything has started.
func (r *readiness) Ready() error {
	r.process.SetReady(r.dependencies)
	return nil
}

// NotReady implements extensioncapabilities.PipelineWatcher.
func (r *readiness) NotReady() error {
	r.process.SetReady(nil)
	return nil
}

// Changed implements extensioncapabilities.ComponentStatusWatcher.
func (r *readiness) Changed(source *componentstatus.InstanceID, event *componentstatus.Event) {
	if source.Kind() == component.KindExtension {
		return // they are asked
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	state := part{name: strings.ToLower(source.Kind().String()) + "::" + source.ComponentID().String()}
	switch event.Status() {
	case componentstatus.StatusRecoverableError, componentstatus.StatusPermanentError, componentstatus.StatusFatalError:
		if state.err = event.Err(); state.err == nil {
			state.err = errcode.New(errcode.Unavailable, "%s", event.Status())
		}
	}
	r.parts[source] = state
}

// dependencies lists everything that says how it is, what is required first, then by name.
func (r *readiness) dependencies(ctx context.Context) []process.Dependency {
	all := append(r.asked(ctx), r.told()...)
	for i := range all {
		all[i].Required = r.cfg.required(all[i].Name)
	}
	for _, name := range r.cfg.Required {
		if !slices.ContainsFunc(all, func(one process.Dependency) bool { return one.Name == name || strings.HasPrefix(one.Name, name+"::") }) {
			all = append(all, process.Dependency{Name: name, Required: true, Err: fmt.Errorf("readiness::required names it, and there is no such dependency")})
		}
	}
	slices.SortFunc(all, func(a, b process.Dependency) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

// told are the parts, each with the first error of its instances.
func (r *readiness) told() []process.Dependency {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := make(map[string]error)
	for _, one := range r.parts {
		if known := found[one.name]; known == nil {
			found[one.name] = one.err
		}
	}
	all := make([]process.Dependency, 0, len(found))
	for name, err := range found {
		all = append(all, process.Dependency{Name: name, Err: err})
	}
	return all
}

// checker is an extension that works with several things.
type checker interface {
	Checks() map[string]func(context.Context) error
}

// healthy is an extension that is one thing.
type healthy interface {
	Health(ctx context.Context) error
}

// asked are the checks of the extensions, all at the same time.
func (r *readiness) asked(ctx context.Context) []process.Dependency {
	checks := make(map[string]func(context.Context) error)
	for id, one := range r.host.GetExtensions() {
		switch asked := one.(type) {
		case checker:
			for name, check := range asked.Checks() {
				checks[id.String()+"::"+name] = check
			}
		case healthy:
			checks[id.String()] = asked.Health
		}
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	answers := make(chan process.Dependency, len(checks))
	for name, check := range checks {
		go func() { answers <- process.Dependency{Name: name, Err: check(ctx)} }()
	}
	all := make([]process.Dependency, 0, len(checks))
	for len(checks) > 0 {
		select {
		case answer := <-answers:
			delete(checks, answer.Name)
			all = append(all, answer)
		case <-ctx.Done():
			for name := range checks {
				all = append(all, process.Dependency{Name: name, Err: errcode.New(errcode.Unavailable, "no answer within %s", r.cfg.Timeout)})
			}
			return all
		}
	}
	return all
}
