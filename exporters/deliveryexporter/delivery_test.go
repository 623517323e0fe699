package deliveryexporter

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pharos-obs/pharos/exporters/deliveryexporter/queue"
)

// statusHost remembers what a part says of itself.
type statusHost struct {
	component.Host
	mu   sync.Mutex
	said []string
}

func (h *statusHost) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	said := event.Status().String()
	if event.Err() != nil {
		said += " " + event.Err().Error()
	}
	h.said = append(h.said, said)
}

func (h *statusHost) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.said) == 0 {
		return ""
	}
	return h.said[len(h.said)-1]
}

// A key file may end in a newline, and a new key counts without a restart.
func TestKeyFile(t *testing.T) {
	server := newFake(t)
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		if server.headers.Get("X-API-Key") == "phk_new" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	cfg := testConfig(t, server.URL)
	cfg.APIKey, cfg.APIKeyFile = "", filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(cfg.APIKeyFile, []byte("phk_old\r\n"), 0o600))
	require.NoError(t, cfg.Validate())
	e, _ := start(t, cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), logsOf("one")))
	eventually(t, func() bool { return server.asked() > 1 })
	require.NoError(t, os.Truncate(cfg.APIKeyFile, 0)) // as who replaces it may do
	asked := server.asked()
	eventually(t, func() bool { return server.asked() > asked+1 })
	server.mu.Lock()
	assert.Equal(t, "phk_old", server.headers.Get("X-API-Key"))
	server.mu.Unlock()
	require.NoError(t, os.WriteFile(cfg.APIKeyFile, []byte("phk_new\n"), 0o600))
	eventually(t, func() bool { return server.count() == 1 })
}

// The status says why the server takes nothing now, not why it did not before.
func TestReasonChanges(t *testing.T) {
	server := newFake(t)
	status := http.StatusServiceUnavailable
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		w.WriteHeader(status)
		return true
	})
	created, err := NewFactory().CreateLogs(t.Context(), settings(), testConfig(t, server.URL))
	require.NoError(t, err)
	host := &statusHost{Host: componenttest.NewNopHost()}
	require.NoError(t, created.Start(t.Context(), host))
	defer func() { require.NoError(t, created.Shutdown(context.Background())) }()
	require.NoError(t, created.ConsumeLogs(t.Context(), logsOf("one")))
	eventually(t, func() bool { return strings.Contains(host.last(), "503") })
	server.mu.Lock()
	status = http.StatusUnauthorized
	server.mu.Unlock()
	eventually(t, func() bool { return strings.Contains(host.last(), "401 Unauthorized") })
	server.answers(nil)
	eventually(t, func() bool { return host.last() == "StatusOK" })
}

func TestQueueIsForOne(t *testing.T) {
	cfg := testConfig(t, newFake(t).URL)
	_, stop := start(t, cfg)
	second, err := NewFactory().CreateLogs(t.Context(), settings(), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, second.Start(t.Context(), componenttest.NewNopHost()), "is another agent running?")
	require.NoError(t, second.Shutdown(t.Context()))
	stop()
	start(t, cfg)
}

// dropped reads the counter of dropped items.
func dropped(t *testing.T, reader sdkmetric.Reader) map[string]int64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &data))
	found := map[string]int64{}
	for _, scope := range data.ScopeMetrics {
		for _, one := range scope.Metrics {
			if one.Name != "pharos_delivery_dropped_items" {
				continue
			}
			for _, point := range one.Data.(metricdata.Sum[int64]).DataPoints {
				reason, _ := point.Attributes.Value("reason")
				found[reason.AsString()] += point.Value
			}
		}
	}
	return found
}

// What gets too old while the server is away is dropped and counted, also what is under way.
func TestTooOldWhileAway(t *testing.T) {
	server := newFake(t)
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	reader := sdkmetric.NewManualReader()
	set := settings()
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	cfg := testConfig(t, server.URL)
	cfg.Queue.MaxAge = 100 * time.Millisecond
	created, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, created.Shutdown(context.Background())) }()
	require.NoError(t, created.ConsumeLogs(t.Context(), logsOf("old", "old too")))
	eventually(t, func() bool { return dropped(t, reader)["too_old"] == 2 })
	server.answers(nil)
	require.NoError(t, created.ConsumeLogs(t.Context(), logsOf("new")))
	eventually(t, func() bool { return server.count() == 1 })
	assert.Equal(t, []string{"new"}, server.messages)
}

// A server that has come back rests between the requests of a backlog as long as each took.
func TestBacklogIsNoFlood(t *testing.T) {
	server := newFake(t)
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	cfg := testConfig(t, server.URL)
	cfg.MaxRequest = 16 << 10
	e, stop := start(t, cfg)
	for n := range 20 {
		require.NoError(t, e.ConsumeLogs(t.Context(), logsOf(strconv.Itoa(n)+incompressible(4<<10, uint64(n)))))
	}
	stop()
	const took = 20 * time.Millisecond
	var began, ended []time.Time
	server.answers(func(http.ResponseWriter, []string) bool {
		began = append(began, time.Now())
		time.Sleep(took)
		ended = append(ended, time.Now())
		return false
	})
	start(t, cfg) // what is left from before is a backlog
	eventually(t, func() bool { return server.count() == 20 })
	server.mu.Lock()
	defer server.mu.Unlock()
	require.Greater(t, len(began), 3)
	for i := 1; i < len(began); i++ {
		assert.GreaterOrEqual(t, began[i].Sub(ended[i-1]), took)
	}
}

// When the server is back, what is new does not wait until all that was kept is sent.
func TestNewBesideBacklog(t *testing.T) {
	server := newFake(t)
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	cfg := testConfig(t, server.URL)
	cfg.MaxRequest = 16 << 10
	created, err := NewFactory().CreateLogs(t.Context(), settings(), cfg)
	require.NoError(t, err)
	e := created.(*logsExporter)
	e.splitAfter = 0
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	const kept = 40
	for n := range kept {
		require.NoError(t, e.ConsumeLogs(t.Context(), logsOf("kept"+incompressible(4<<10, uint64(n)))))
	}
	eventually(t, func() bool { return server.asked() > 1 })
	requests := 0
	server.answers(func(http.ResponseWriter, []string) bool {
		if requests++; requests == 2 { // the server has come back: now comes something new
			assert.NoError(t, e.ConsumeLogs(t.Context(), logsOf("new")))
		}
		return false
	})
	eventually(t, func() bool { return server.count() == kept+1 })
	place := slices.Index(server.messages, "new")
	assert.Positive(t, place)
	assert.Less(t, place, kept/2, "it was sent among the first")
}

func TestTogether(t *testing.T) {
	record := func(compression string, bytes int) queue.Record {
		packer, err := newCompressor(compression)
		require.NoError(t, err)
		payload, err := packer.record(make([]byte, bytes))
		require.NoError(t, err)
		return queue.Record{Payload: payload}
	}
	for name, tt := range map[string]struct {
		records []queue.Record
		want    int
	}{
		"all":                {[]queue.Record{record("zstd", 10), record("zstd", 20)}, 2},
		"another codec":      {[]queue.Record{record("zstd", 10), record("gzip", 20)}, 1},
		"too much, zstd":     {[]queue.Record{record("zstd", 500), record("zstd", 500), record("zstd", 1)}, 2},
		"too much, gzip":     {[]queue.Record{record("gzip", 500), record("gzip", 501)}, 1},
		"too much, none":     {[]queue.Record{record("none", 999), record("none", 1), record("none", 1)}, 2},
		"one that is larger": {[]queue.Record{record("zstd", 5000), record("zstd", 1)}, 1},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, together(tt.records, 1000)) })
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "999999": time.Hour} {
		assert.Equal(t, want, retryAfter(value), value)
	}
	in := retryAfter(time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
	assert.Greater(t, in, 30*time.Second)
	assert.LessOrEqual(t, in, time.Minute)
	assert.Zero(t, retryAfter(time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat)))
}
