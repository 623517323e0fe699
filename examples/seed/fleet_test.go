package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestFleet(t *testing.T) {
	machines := fleet(12, began, "production")
	names := map[string]bool{}
	for _, m := range machines {
		names[m.name] = true
	}
	assert.Len(t, names, 12, "each has a name of its own")
	for _, name := range []string{"node-1", "node-4", "db-1", "cache-1", "edge-1", "batch-1", "node-5"} {
		assert.Contains(t, names, name)
	}
	last := machines[11]
	assert.True(t, last.reports(began, began.Add(39*time.Minute)))
	assert.False(t, last.reports(began, began.Add(40*time.Minute)))
	assert.True(t, last.reports(began, began.Add(61*time.Minute)))
	assert.Equal(t, began.Add(time.Hour-step), last.bootedBy(began, began.Add(61*time.Minute)), "it comes back as another")
	assert.Equal(t, "staging-db-1", fleet(5, began, "staging")[4].name)
	assert.Zero(t, fleet(4, began, "production")[3].away, "a small fleet stays")
}

// TestTroubled compares the closed form with the sum of small steps.
func TestTroubled(t *testing.T) {
	s := newShop(1, began, 1, "production")
	sum := 0.0
	for at := began; at.Before(began.Add(2 * time.Hour)); at = at.Add(time.Second) {
		require.InDelta(t, sum, s.troubled(at), 1.5, at)
		sum += s.trouble(at)
	}
}

// TestHostCountersOnlyGrow looks at every counter of every host over three hours.
func TestHostCountersOnlyGrow(t *testing.T) {
	s := newShop(1, began, 8, "production")
	before := map[string]float64{}
	for at := began; at.Before(began.Add(3 * time.Hour)); at = at.Add(step) {
		metrics := s.emitHosts(s.machines, at, at.Add(step))
		for _, r := range metrics.ResourceMetrics().All() {
			host, _ := r.Resource().Attributes().Get("host.name")
			for _, m := range r.ScopeMetrics().At(0).Metrics().All() {
				checkGrowth(t, before, host.Str(), m, at)
			}
		}
	}
}

func checkGrowth(t *testing.T, before map[string]float64, host string, m pmetric.Metric, at time.Time) {
	t.Helper()
	if m.Type() == pmetric.MetricTypeGauge {
		require.GreaterOrEqual(t, m.Gauge().DataPoints().At(0).DoubleValue(), 0.0, m.Name())
		return
	}
	point := m.Sum().DataPoints().At(0)
	require.GreaterOrEqual(t, point.DoubleValue(), 0.0, "%s of %s at %s", m.Name(), host, at)
	if !m.Sum().IsMonotonic() {
		return
	}
	key := host + m.Name()
	for name, value := range point.Attributes().All() {
		key += name + value.Str()
	}
	if host != "batch-1" { // it is started anew each hour
		require.GreaterOrEqual(t, point.DoubleValue(), before[key], "%s at %s", key, at)
	}
	before[key] = point.DoubleValue()
}
