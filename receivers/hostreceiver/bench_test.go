package hostreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

// BenchmarkCollect measures a cycle of each group on this host, and of each scraper.
func BenchmarkCollect(b *testing.B) {
	cfg := defaultConfig()
	cfg.CollectionInterval = time.Second
	r, err := newReceiver(receivertest.NewNopSettings(component.MustNewType("host")), cfg, consumertest.NewNop(), systemClock())
	require.NoError(b, err)
	groups := r.groups
	r.groups = nil
	require.NoError(b, r.Start(b.Context(), componenttest.NewNopHost()))
	for _, g := range groups {
		b.Run("every "+g.interval.String(), func(b *testing.B) { benchmarkGroup(b, r, g) })
	}
	for _, g := range groups {
		for _, s := range g.scrapers {
			b.Run(s.name, func(b *testing.B) { benchmarkGroup(b, r, &group{scrapers: []*scraper{s}, files: newFiles()}) })
		}
	}
	require.NoError(b, r.Shutdown(b.Context()))
}

func benchmarkGroup(b *testing.B, r *hostReceiver, g *group) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if err := r.collect(b.Context(), g); err != nil {
			b.Fatal(err)
		}
	}
}
