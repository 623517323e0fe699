package storageextension

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pharos-obs/pharos/storage/livelogs"
	"github.com/pharos-obs/pharos/storage/tiered"
)

// extensionsHost has some extensions.
type extensionsHost map[component.ID]component.Component

func (h extensionsHost) GetExtensions() map[component.ID]component.Component { return h }

func createWith(t *testing.T, change func(*Config)) *Extension {
	t.Helper()
	e := create(t, t.TempDir())
	e.cfg.Metadata.Store = storeNone
	change(e.cfg)
	return e
}

var hotID = component.MustNewIDWithName("storage", "hot")

// TestHotTier joins an extension with another, and writes to one of the two at a time.
func TestHotTier(t *testing.T) {
	hot := createWith(t, func(c *Config) { c.Logs.Store, c.Metrics.MaxBytes = storeLive, 0 })
	joined := createWith(t, func(c *Config) { c.Hot = hotID })
	reader := sdkmetric.NewManualReader()
	joined.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	assert.Equal(t, []component.ID{hotID}, joined.Dependencies())
	assert.Empty(t, hot.Dependencies())
	host := extensionsHost{hotID: hot}
	require.NoError(t, hot.Start(t.Context(), host))
	assert.Len(t, hot.Checks(), 2, "no hot tier unless somebody takes it for one")
	require.NoError(t, joined.Start(t.Context(), host))
	assert.IsType(t, &livelogs.Store{}, hot.LogStore())
	assert.IsType(t, &tiered.Logs{}, joined.LogStore())
	require.IsType(t, &tiered.Metrics{}, joined.MetricStore())

	checks := hot.Checks()
	require.ErrorContains(t, checks["hot_replay"](t.Context()), "has heard nothing from Kafka yet")
	require.ErrorContains(t, checks["hot_tier"](t.Context()), "has heard nothing from Kafka yet")
	now := time.Now().Truncate(time.Second)
	hot.HotProgress().Set(tiered.State{CaughtUp: true, CompleteFrom: now.Add(-time.Minute), Heard: now, Until: now})
	require.NoError(t, checks["hot_replay"](t.Context()))
	require.NoError(t, hot.Health(t.Context()))
	put := func(e *Extension, at time.Time) {
		org, err := e.metrics.Open(t.Context(), "1")
		require.NoError(t, err)
		app := org.AppenderV2(t.Context())
		_, err = app.Append(0, labels.FromStrings("__name__", "up"), 0, at.UnixMilli(), 1, nil, nil, promstorage.AppendV2Options{})
		require.NoError(t, err)
		require.NoError(t, app.Commit())
		require.NoError(t, org.Close())
	}
	put(joined, now.Add(-2*time.Minute))
	put(hot, now)
	org, err := joined.MetricStore().Open(t.Context(), "1")
	require.NoError(t, err)
	querier, err := org.Querier(0, now.UnixMilli())
	require.NoError(t, err)
	set := querier.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "up"))
	require.True(t, set.Next())
	it := set.At().Iterator(nil)
	for _, want := range []time.Time{now.Add(-2 * time.Minute), now} {
		require.NotZero(t, it.Next())
		assert.Equal(t, want.UnixMilli(), it.AtT())
	}
	require.NoError(t, querier.Close())
	require.NoError(t, org.Close())
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	assert.Len(t, collected.ScopeMetrics[0].Metrics, 2)

	require.NoError(t, joined.Shutdown(t.Context()))
	require.NoError(t, hot.Health(t.Context()), "it belongs to its own extension")
	require.NoError(t, hot.Shutdown(t.Context()))
}

func TestHotTierThatIsNone(t *testing.T) {
	for says, host := range map[string]extensionsHost{
		`hot: there is no extension "storage/hot"; add it to service.extensions`: {},
		`hot: extension "storage/hot" is no other storage extension`:             {hotID: componentOnly{}},
	} {
		joined := createWith(t, func(c *Config) { c.Hot, c.Logs.Store = hotID, storeNone })
		require.ErrorContains(t, joined.Start(t.Context(), host), says)
	}
	bounded := createWith(t, func(c *Config) { c.Logs.Store = storeLive })
	require.NoError(t, bounded.Start(t.Context(), extensionsHost{}))
	joined := createWith(t, func(c *Config) { c.Hot, c.Logs.Store = hotID, storeNone })
	require.ErrorContains(t, joined.Start(t.Context(), extensionsHost{hotID: bounded}), "has metrics::max_bytes 10GiB: set it to 0")
	self := createWith(t, func(c *Config) { c.Hot, c.Logs.Store = hotID, storeNone })
	require.ErrorContains(t, self.Start(t.Context(), extensionsHost{hotID: self}), "is no other storage extension")
}

type componentOnly struct{ component.Component }
