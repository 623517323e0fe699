package hostreceiver

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

// fakeAgents says what the test says.
type fakeAgents struct {
	component.StartFunc
	component.ShutdownFunc

	mu       sync.Mutex
	measures bool
	err      error
	hostID   string
}

func (f *fakeAgents) AgentMeasures(_ context.Context, hostID string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hostID = hostID
	return f.measures, f.err
}

func (f *fakeAgents) set(measures bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.measures, f.err = measures, err
}

type extensions map[component.ID]component.Component

func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

func TestYieldsToAnAgent(t *testing.T) {
	known := &fakeAgents{measures: true}
	id := component.MustNewID("backend")
	cfg := fakeConfig()
	cfg.YieldTo = id
	cfg.Scrapers = ScrapersConfig{Load: ScraperConfig{Enabled: true}}
	ticks, sink := &manualClock{}, new(consumertest.MetricsSink)
	r, err := newReceiver(receivertest.NewNopSettings(component.MustNewType("host")), cfg, sink, ticks.clock())
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), extensions{id: known}))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	// ask makes it ask, and waits until a collection after that has ended.
	ask := func() int {
		ticks.tick(yieldInterval)
		require.Eventually(t, func() bool { return r.yield.rests.Load() == known.measures }, 10*time.Second, time.Millisecond)
		ticks.tick(time.Second)
		ticks.tick(time.Second)
		return len(sink.AllMetrics())
	}

	ticks.tick(time.Second)
	ticks.tick(time.Second)
	assert.Empty(t, sink.AllMetrics(), "it asks before it collects")
	assert.NotEmpty(t, known.hostID)
	known.set(false, nil)
	collected := ask()
	assert.Positive(t, collected)
	known.set(false, errors.New("the store is busy"))
	more := ask()
	assert.Greater(t, more, collected, "without an answer all stays as it is")
	known.set(true, nil)
	rests := ask()
	ticks.tick(time.Second)
	ticks.tick(time.Second)
	assert.Len(t, sink.AllMetrics(), rests)
}

func TestYieldsToNobodyWhoIsNotThere(t *testing.T) {
	cfg := fakeConfig()
	cfg.YieldTo = component.MustNewID("backend")
	assert.Equal(t, map[string]component.ID{"yield_to": cfg.YieldTo}, cfg.References())
	assert.Empty(t, fakeConfig().References())
	r, err := newReceiver(receivertest.NewNopSettings(component.MustNewType("host")), cfg, consumertest.NewNop(), systemClock())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(t.Context(), extensions{}), `yield_to: there is no extension "backend" that knows of agents`)
	require.NoError(t, r.Shutdown(t.Context()))
}
