package readinessextension

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/process"
)

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// several is an extension with several checks, single one with one.
type (
	several struct {
		component.StartFunc
		component.ShutdownFunc
		checks map[string]func(context.Context) error
	}
	single struct {
		component.StartFunc
		component.ShutdownFunc
		err error
	}
)

func (s *several) Checks() map[string]func(context.Context) error { return s.checks }
func (s *single) Health(context.Context) error                    { return s.err }

func create(t *testing.T, p *process.Process, cfg *Config, extensions host) *readiness {
	t.Helper()
	factory := NewFactoryFor(p)
	created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	r, ok := created.(*readiness)
	require.True(t, ok)
	require.NoError(t, r.Start(t.Context(), extensions))
	t.Cleanup(func() { assert.NoError(t, r.Shutdown(context.Background())) })
	return r
}

func named(t *testing.T, dependencies []process.Dependency) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, one := range dependencies {
		state := ""
		if one.Required {
			state = "required "
		}
		if one.Err != nil {
			state += one.Err.Error()
		}
		got[one.Name] = state
	}
	return got
}

func TestDependencies(t *testing.T) {
	p, away := process.New(), errors.New("away")
	cfg := defaultConfig()
	cfg.Required = []string{"storage", "exporter::kafka"}
	stores := &several{checks: map[string]func(context.Context) error{
		"metadata":     func(context.Context) error { return nil },
		"metric_store": func(context.Context) error { return nil },
	}}
	auth := &single{}
	r := create(t, p, cfg, host{component.MustNewID("storage"): stores, component.MustNewID("auth"): auth})
	_, err := p.Ready(t.Context())
	assert.Equal(t, errcode.Unavailable, errcode.Of(err), "nothing has started")
	metrics := componentstatus.NewInstanceID(component.MustNewID("kafka"), component.KindExporter, pipeline.NewID(pipeline.SignalMetrics))
	logs := componentstatus.NewInstanceID(component.MustNewID("kafka"), component.KindExporter, pipeline.NewID(pipeline.SignalLogs))
	r.Changed(metrics, componentstatus.NewEvent(componentstatus.StatusOK))
	r.Changed(logs, componentstatus.NewEvent(componentstatus.StatusStarting))
	require.NoError(t, r.Ready())

	all, err := p.Ready(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"storage::metadata": "required ", "storage::metric_store": "required ", "auth": "", "exporter::kafka": "required "}, named(t, all))
	assert.True(t, all[0].Required, "what is required comes first")

	auth.err = away
	_, err = p.Ready(t.Context())
	require.NoError(t, err, "it can work without")

	r.Changed(logs, componentstatus.NewRecoverableErrorEvent(away))
	_, err = p.Ready(t.Context())
	require.EqualError(t, err, "exporter::kafka: away")
	r.Changed(logs, componentstatus.NewEvent(componentstatus.StatusOK))

	stores.checks["metadata"] = func(context.Context) error { return away }
	_, err = p.Ready(t.Context())
	require.EqualError(t, err, "storage::metadata: away")
	delete(stores.checks, "metadata")
	_, err = p.Ready(t.Context())
	require.NoError(t, err)

	require.NoError(t, r.NotReady())
	_, err = p.Ready(t.Context())
	require.Error(t, err)
}

func TestWhatIsRequiredHasToBeThere(t *testing.T) {
	p, cfg := process.New(), defaultConfig()
	cfg.Required = []string{"exporter::kafka"}
	require.NoError(t, create(t, p, cfg, host{}).Ready())
	_, err := p.Ready(t.Context())
	require.ErrorContains(t, err, "exporter::kafka: readiness::required names it, and there is no such dependency")
}

func TestCheckWithoutAnAnswer(t *testing.T) {
	p, cfg := process.New(), defaultConfig()
	cfg.Timeout, cfg.Required = 20*time.Millisecond, []string{"storage"}
	hang := make(chan struct{})
	stores := &several{checks: map[string]func(context.Context) error{
		"log_store":    func(context.Context) error { <-hang; return nil },
		"metric_store": func(context.Context) error { return nil },
	}}
	require.NoError(t, create(t, p, cfg, host{component.MustNewID("storage"): stores}).Ready())
	all, err := p.Ready(t.Context())
	require.EqualError(t, err, "storage::log_store: no answer within 20ms")
	assert.Len(t, all, 2)
	close(hang)
}
