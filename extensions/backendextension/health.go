package backendextension

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/pharos-obs/pharos/backend/api"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// kindStore is the kind of what storeHealth tells of.
const kindStore = "store"

// storeHealth runs the checks in the order of their names. A full disk leaves a store
// readable, so that it is degraded and not down.
func storeHealth(ctx context.Context, checks map[string]func(context.Context) error) []api.ComponentHealth {
	components := make([]api.ComponentHealth, 0, len(checks))
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		health := api.ComponentHealth{Name: name, Kind: kindStore, Status: api.StatusOK}
		if err := checks[name](ctx); err != nil {
			health.Status, health.Message = api.StatusDown, err.Error()
			if errcode.Of(err) == errcode.OutOfSpace {
				health.Status = api.StatusDegraded
			}
		}
		components = append(components, health)
	}
	return components
}

// partStates are what the Collector's parts last said of themselves. An id that stands in
// several pipelines has an instance for each.
type partStates struct {
	mu     sync.Mutex
	states map[*componentstatus.InstanceID]partState
}

// partState is the state of one instance.
type partState struct {
	event       *componentstatus.Event
	lastError   string
	lastErrorAt time.Time
}

// changed notes what an instance says of itself.
func (p *partStates) changed(source *componentstatus.InstanceID, event *componentstatus.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.states == nil {
		p.states = map[*componentstatus.InstanceID]partState{}
	}
	state := p.states[source]
	state.event = event
	if err := event.Err(); err != nil {
		state.lastError, state.lastErrorAt = err.Error(), event.Timestamp()
	}
	p.states[source] = state
}

// health lists the parts, each once with the worst of its instances, by kind and name.
func (p *partStates) health() []api.ComponentHealth {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[string]api.ComponentHealth{}
	for source, state := range p.states {
		next := state.health()
		next.Kind, next.Name = strings.ToLower(source.Kind().String()), source.ComponentID().String()
		key := next.Kind + " " + next.Name
		if known, ok := found[key]; !ok || api.Worse(next.Status, known.Status) {
			found[key] = next
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b api.ComponentHealth) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
}

func (s partState) health() api.ComponentHealth {
	health := api.ComponentHealth{Status: api.StatusOK, LastError: s.lastError}
	if !s.lastErrorAt.IsZero() {
		at := s.lastErrorAt.UTC()
		health.LastErrorAt = &at
	}
	switch s.event.Status() {
	case componentstatus.StatusOK:
	case componentstatus.StatusNone, componentstatus.StatusStarting:
		health.Status, health.Message = api.StatusDegraded, "starting"
	case componentstatus.StatusRecoverableError:
		health.Status, health.Message = api.StatusDegraded, s.lastError
	case componentstatus.StatusPermanentError, componentstatus.StatusFatalError:
		health.Status, health.Message = api.StatusDown, s.lastError
	case componentstatus.StatusStopping, componentstatus.StatusStopped:
		health.Status, health.Message = api.StatusDown, "stopped"
	}
	return health
}
