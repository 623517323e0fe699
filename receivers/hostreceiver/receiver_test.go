package hostreceiver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// manualClock ticks when the test says so.
type manualClock struct {
	mu    sync.Mutex
	ticks map[time.Duration]chan time.Time
}

func (c *manualClock) clock() clock {
	return clock{
		now: func() time.Time { return fakeNow },
		tick: func(interval time.Duration) (<-chan time.Time, func()) {
			return c.channel(interval), func() {}
		},
	}
}

func (c *manualClock) channel(interval time.Duration) chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ticks == nil {
		c.ticks = map[time.Duration]chan time.Time{}
	}
	if c.ticks[interval] == nil {
		c.ticks[interval] = make(chan time.Time)
	}
	return c.ticks[interval]
}

// tick starts another run of the scrapers with the interval, when the run before has ended.
func (c *manualClock) tick(interval time.Duration) { c.channel(interval) <- fakeNow }

func fakeConfig() *Config {
	cfg := defaultConfig()
	cfg.RootPath = fakeRoot
	cfg.CollectionInterval = time.Second
	return cfg
}

// start starts a receiver and stops it at the end of the test.
func start(t *testing.T, set receiver.Settings, cfg *Config, next consumer.Metrics) *manualClock {
	t.Helper()
	ticks := &manualClock{}
	r, err := newReceiver(set, cfg, next, ticks.clock())
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	return ticks
}

func TestLifecycle(t *testing.T) {
	factory := NewFactory()
	assert.Equal(t, component.MustNewType("host"), factory.Type())
	set := receivertest.NewNopSettings(factory.Type())
	r, err := factory.CreateMetrics(t.Context(), set, factory.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Shutdown(t.Context()), "shutdown without a start")

	sink := new(consumertest.MetricsSink)
	r, err = factory.CreateMetrics(t.Context(), set, factory.CreateDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	require.Eventually(t, func() bool { return names(sink)["system.cpu.time"] && names(sink)["system.uptime"] }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
}

func names(sink *consumertest.MetricsSink) map[string]bool {
	found := map[string]bool{}
	for _, metrics := range sink.AllMetrics() {
		slice := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		for i := range slice.Len() {
			found[slice.At(i).Name()] = true
		}
	}
	return found
}

func TestCollectsAtStartAndAtEveryTick(t *testing.T) {
	sink := new(consumertest.MetricsSink)
	ticks := start(t, receivertest.NewNopSettings(component.MustNewType("host")), fakeConfig(), sink)

	batches := func(n int) func() bool { return func() bool { return len(sink.AllMetrics()) == n } }
	require.Eventually(t, batches(3), 10*time.Second, time.Millisecond, "one batch for each interval, at once")
	ticks.tick(time.Second)
	require.Eventually(t, batches(4), 10*time.Second, time.Millisecond)
	ticks.tick(10 * time.Second)
	require.Eventually(t, batches(5), 10*time.Second, time.Millisecond)

	got := sink.AllMetrics()[0].ResourceMetrics().At(0)
	assert.Equal(t, map[string]any{
		"service.name": "host", "service.instance.id": "db-1", "host.name": "db-1",
		"host.id": "0123456789abcdef0123456789abcdef", "os.description": "Debian GNU/Linux 12 (bookworm)",
		"os.name": "Debian GNU/Linux", "os.version": "12", "os.kernel.release": "6.1.0-26-amd64",
		"cloud.provider": "hetzner", "cloud.platform": "hetzner_cloud",
	}, without(got.Resource().Attributes(), "host.arch", "os.type", "k8s.node.name", "k8s.cluster.name"))
	point := got.ScopeMetrics().At(0).Metrics().At(0)
	stamp := pcommon.NewTimestampFromTime(fakeNow)
	for _, m := range []pmetric.Metric{point} {
		if m.Type() == pmetric.MetricTypeSum && m.Sum().IsMonotonic() {
			assert.Equal(t, stamp, m.Sum().DataPoints().At(0).Timestamp())
			assert.Equal(t, fakeNow.Add(-3600500*time.Millisecond), m.Sum().DataPoints().At(0).StartTimestamp().AsTime())
		}
	}
}

func without(attributes pcommon.Map, keys ...string) map[string]any {
	raw := attributes.AsRaw()
	for _, key := range keys {
		delete(raw, key)
	}
	return raw
}

func TestHostNameOverride(t *testing.T) {
	cfg := fakeConfig()
	cfg.HostName = "edge-7"
	sink := new(consumertest.MetricsSink)
	start(t, receivertest.NewNopSettings(component.MustNewType("host")), cfg, sink)
	require.Eventually(t, func() bool { return len(sink.AllMetrics()) > 0 }, 10*time.Second, time.Millisecond)
	instance, _ := sink.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes().Get("service.instance.id")
	assert.Equal(t, "edge-7", instance.Str())
}

// TestOneScraperFails takes meminfo away and gives it back, and takes net/dev away.
func TestOneScraperFails(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(fakeRoot)))
	meminfo := filepath.Join(root, "proc", "meminfo")
	content, err := os.ReadFile(meminfo)
	require.NoError(t, err)
	require.NoError(t, os.Remove(meminfo))
	require.NoError(t, os.Remove(filepath.Join(root, "proc", "1", "net", "dev")))

	cfg := fakeConfig()
	cfg.RootPath = root
	core, logs := observer.New(zap.InfoLevel)
	telemetry := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(component.MustNewType("host"))
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	sink := new(consumertest.MetricsSink)
	ticks := start(t, set, cfg, sink)
	ticks.tick(time.Second)
	ticks.tick(time.Second) // two runs have ended

	assert.True(t, names(sink)["system.cpu.time"])
	assert.True(t, names(sink)["system.disk.io"])
	assert.False(t, names(sink)["system.memory.usage"])
	assert.Equal(t, 1, logs.FilterField(zap.String("scraper", "memory")).Len(), "logged once, not every second")
	assert.Equal(t, 1, logs.FilterField(zap.String("scraper", "network")).Len())

	require.NoError(t, os.WriteFile(meminfo, content, 0o600))
	ticks.tick(time.Second)
	ticks.tick(time.Second)
	assert.True(t, names(sink)["system.memory.usage"])
	assert.Equal(t, 1, logs.FilterMessage("A scraper works again").FilterField(zap.String("scraper", "memory")).Len())

	counted, err := telemetry.GetMetric("pharos.host.scrape.failures")
	require.NoError(t, err)
	assert.Len(t, counted.Data.(metricdata.Sum[int64]).DataPoints, 2, "memory and network")
}

func TestScraperPanics(t *testing.T) {
	s := &scraper{name: "odd", scrape: func(context.Context, *batch) error { panic("index out of range") }}
	assert.EqualError(t, s.run(t.Context(), nil), "scraper odd broke off: index out of range")
}

func TestRefusedDataIsLoggedOnce(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(component.MustNewType("host"))
	set.Logger = zap.New(core)
	cfg := fakeConfig()
	cfg.Scrapers = ScrapersConfig{Load: ScraperConfig{Enabled: true}}
	next := &refusing{}
	next.set(errors.New("store is full"))
	ticks := start(t, set, cfg, next)
	ticks.tick(time.Second)
	ticks.tick(time.Second)
	assert.Equal(t, 1, logs.FilterMessageSnippet("refused").Len())
	next.set(nil)
	ticks.tick(time.Second)
	ticks.tick(time.Second)
	ticks.tick(time.Second)
	assert.Equal(t, 1, logs.FilterMessageSnippet("taken again").Len())
}

// refusing is a consumer that answers with an error.
type refusing struct {
	mu  sync.Mutex
	err error
}

func (r *refusing) set(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// Capabilities implements consumer.Metrics.
func (r *refusing) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeMetrics implements consumer.Metrics.
func (r *refusing) ConsumeMetrics(context.Context, pmetric.Metrics) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func TestGroups(t *testing.T) {
	cfg := fakeConfig()
	cfg.Scrapers.Paging.Enabled = false
	cfg.Scrapers.Uptime.Interval = time.Second
	groups, err := newGroups(cfg, fakeHost())
	require.NoError(t, err)
	require.Len(t, groups, 3)
	assert.Equal(t, []string{"cpu", "load", "memory", "disk", "network"}, scraperNames(groups[0])[:5])
	assert.Contains(t, scraperNames(groups[0]), "uptime")
	assert.Subset(t, scraperNames(groups[1]), []string{"filesystem", "connections", "processes"})
	assert.Contains(t, scraperNames(groups[2]), "clock")
	assert.Equal(t, time.Minute, groups[2].interval)
}

// TestEveryScraperIsBuilt holds that a scraper of the settings does something on Linux.
func TestEveryScraperIsBuilt(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // elsewhere some are of nothing
	}
	cfg := defaultConfig()
	for _, named := range cfg.Scrapers.all() {
		scrape, err := newScrape(named.name, &cfg.Scrapers, fakeHost())
		require.NoError(t, err)
		assert.NotNil(t, scrape, named.name)
	}
}

func scraperNames(g *group) []string {
	var found []string
	for _, s := range g.scrapers {
		found = append(found, s.name)
	}
	return found
}
