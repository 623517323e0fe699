package hostreceiver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/internal/hostidentity"
)

// zoneOf returns the zone that the last batch says its host is in.
func zoneOf(sink *consumertest.MetricsSink) string {
	all := sink.AllMetrics()
	if len(all) == 0 {
		return ""
	}
	zone, _ := all[len(all)-1].ResourceMetrics().At(0).Resource().Attributes().AsRaw()["cloud.availability_zone"].(string)
	return zone
}

// TestCloudMetadataIsNotWaitedFor lets the metadata service hang, fail, and then answer.
func TestCloudMetadataIsNotWaitedFor(t *testing.T) {
	hang, calls := make(chan struct{}), make(chan struct{}, 100)
	var ready atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls <- struct{}{}
		if !ready.Swap(true) {
			<-hang
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"vmId":"v-1","zone":"2"}`))
	}))
	t.Cleanup(server.Close)
	answer := sync.OnceFunc(func() { close(hang) })
	t.Cleanup(answer)

	cfg := fakeConfig()
	cfg.Scrapers = ScrapersConfig{Load: ScraperConfig{Enabled: true}}
	cfg.RootPath = t.TempDir()
	require.NoError(t, os.CopyFS(cfg.RootPath, os.DirFS(fakeRoot)))
	const azure = "7783-7084-3265-9085-8269-3286-77"
	dmi := filepath.Join(cfg.RootPath, "sys", "class", "dmi", "id")
	require.NoError(t, os.WriteFile(filepath.Join(dmi, "chassis_asset_tag"), []byte(azure), 0o600))
	ticks := &manualClock{}
	sink := new(consumertest.MetricsSink)
	r, err := newReceiver(receivertest.NewNopSettings(component.MustNewType("host")), cfg, sink, ticks.clock())
	require.NoError(t, err)
	require.Nil(t, r.metadata, "nobody is asked by default")
	r.metadata = hostidentity.NewMetadata(server.URL)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	<-calls
	ticks.tick(time.Second) // the first batch has been sent
	assert.Empty(t, zoneOf(sink))
	answer()
	ticks.tick(metadataWaits()[0])
	<-calls
	require.Eventually(t, func() bool {
		ticks.tick(time.Second)
		return zoneOf(sink) == "2"
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestCloudWithoutMetadata(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	set := receivertest.NewNopSettings(component.MustNewType("host"))
	set.Logger = zap.New(core)
	cfg := fakeConfig()
	cfg.CloudMetadata = true
	start(t, set, cfg, consumertest.NewNop())
	require.Eventually(t, func() bool { return logs.FilterMessageSnippet("cloud's metadata").Len() == 1 }, 10*time.Second, time.Millisecond)
}

func TestAddresses(t *testing.T) {
	cfg := fakeConfig()
	cfg.Addresses = true
	cfg.Scrapers = ScrapersConfig{Load: ScraperConfig{Enabled: true}}
	r, err := newReceiver(receivertest.NewNopSettings(component.MustNewType("host")), cfg, consumertest.NewNop(), (&manualClock{}).clock())
	require.NoError(t, err)
	assert.True(t, r.host.addresses)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, r.Shutdown(t.Context()))
}
