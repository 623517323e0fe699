package hostreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"golang.org/x/sys/unix"
)

// BenchmarkCollect measures a cycle of each group on this host, and of each scraper: also the CPU
// time of it, which is what an agent costs on a host that does other things. For the scrapers ten
// seconds have passed with every cycle.
func BenchmarkCollect(b *testing.B) {
	cfg := defaultConfig()
	cfg.CollectionInterval = time.Second
	r, err := newReceiver(receivertest.NewNopSettings(component.MustNewType("host")), cfg, consumertest.NewNop(), leapingClock())
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

func leapingClock() clock {
	now := time.Now()
	readings := systemClock()
	readings.now = func() time.Time {
		now = now.Add(10 * time.Second)
		return now
	}
	return readings
}

func benchmarkGroup(b *testing.B, r *hostReceiver, g *group) {
	b.Helper()
	b.ReportAllocs()
	for range 2 { // the first finds out what there is
		require.NoError(b, r.collect(b.Context(), g))
	}
	before := cpuTime(b)
	for b.Loop() {
		if err := r.collect(b.Context(), g); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
