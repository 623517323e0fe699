package kafkareceiver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/pharos-obs/pharos/exporters/kafkaexporter"
	"github.com/pharos-obs/pharos/exporters/localexporter"
	"github.com/pharos-obs/pharos/extensions/storageextension"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/tiered"
)

// The tests of the hot tier run this test binary again as a backend that they kill.
const (
	backendDir    = "PHAROS_TEST_BACKEND_DIR"
	backendBroker = "PHAROS_TEST_BACKEND_BROKER"
	backendTopic  = "PHAROS_TEST_BACKEND_TOPIC"
	caughtUpLine  = "caught up"
)

// hotBackend is the hot tier of a backend: its store, and the parts that fill it.
type hotBackend struct {
	extension.Extension
	parts []component.Component
}

func (b *hotBackend) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewIDWithName("storage", "hot"): b.Extension}
}

func (b *hotBackend) progress() *tiered.Progress { return b.Extension.(hotTier).HotProgress() }

// startBackend starts what a configuration with a hot tier would.
func startBackend(ctx context.Context, dir, broker, topic string) (*hotBackend, error) {
	storageFactory, exporterFactory := storageextension.NewFactory(), localexporter.NewFactory()
	storageConfig := storageFactory.CreateDefaultConfig().(*storageextension.Config)
	storageConfig.Directory, storageConfig.Metadata.Store, storageConfig.Logs.Store = dir, "none", "live"
	storageConfig.Metrics.Retention, storageConfig.Metrics.MaxBytes = model.Duration(3*time.Hour), 0
	opened, err := storageFactory.Create(ctx, extensiontest.NewNopSettings(storageFactory.Type()), storageConfig)
	if err != nil {
		return nil, err
	}
	backend := &hotBackend{Extension: opened}
	exporterConfig := exporterFactory.CreateDefaultConfig().(*localexporter.Config)
	exporterConfig.Storage = component.MustNewIDWithName("storage", "hot")
	local, err := exporterFactory.CreateMetrics(ctx, exportertest.NewNopSettings(exporterFactory.Type()), exporterConfig)
	if err != nil {
		return nil, err
	}
	cfg := defaultConfig()
	cfg.Brokers, cfg.Topics.Metrics = []string{broker}, topic
	cfg.Mode, cfg.Progress = modeReplica, exporterConfig.Storage
	reader, err := createMetrics(ctx, receivertest.NewNopSettings(NewFactory().Type()), cfg, local)
	if err != nil {
		return nil, err
	}
	for _, part := range []component.Component{opened, local, reader} {
		if err := part.Start(ctx, backend); err != nil {
			return nil, err
		}
		backend.parts = append([]component.Component{part}, backend.parts...)
	}
	return backend, nil
}

// runBackend is the process that is killed.
func runBackend(dir string) error {
	backend, err := startBackend(context.Background(), dir, os.Getenv(backendBroker), os.Getenv(backendTopic))
	if err != nil {
		return err
	}
	for !backend.progress().State().CaughtUp {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(caughtUpLine)
	select {}
}

// spawn starts a backend as a process of its own, and returns when it has caught up.
func spawn(t *testing.T, cfg *Config, dir string) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), backendDir+"="+dir, backendBroker+"="+cfg.Brokers[0], backendTopic+"="+cfg.Topics.Metrics)
	child.Stderr = os.Stderr
	said, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(said).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, caughtUpLine)
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return child
}

// feed writes samples of several services until stop is called, which returns how many each has.
func feed(t *testing.T, cfg *Config, services int) (stop func() int) {
	t.Helper()
	factory := kafkaexporter.NewFactory()
	exporterConfig := factory.CreateDefaultConfig().(*kafkaexporter.Config)
	exporterConfig.Config = cfg.Config
	exp, err := factory.CreateMetrics(t.Context(), exportertest.NewNopSettings(factory.Type()), exporterConfig)
	require.NoError(t, err)
	require.NoError(t, exp.Start(t.Context(), componenttest.NewNopHost()))
	var running sync.WaitGroup
	ended, samples := make(chan struct{}), 0
	begin := time.Now()
	running.Go(func() {
		for ; ; samples++ {
			select {
			case <-ended:
				return
			default:
			}
			sendSamples(t, exp, services, samples, begin.Add(time.Duration(samples)*time.Millisecond))
		}
	})
	return func() int {
		close(ended)
		running.Wait()
		require.NoError(t, exp.Shutdown(context.WithoutCancel(t.Context())))
		return samples
	}
}

// sendSamples sends one sample for each service, with the value n.
func sendSamples(t *testing.T, exp exporter.Metrics, services, n int, at time.Time) {
	t.Helper()
	metrics := pmetric.NewMetrics()
	for service := range services {
		resource := metrics.ResourceMetrics().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", fmt.Sprintf("service-%d", service))
		metric := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		metric.SetName("steps")
		point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
		point.SetTimestamp(pcommon.NewTimestampFromTime(at))
		point.SetIntValue(int64(n))
	}
	assert.Eventually(t, func() bool { return exp.ConsumeMetrics(orgcontext.With(t.Context(), acme), metrics) == nil }, time.Minute, 10*time.Millisecond)
}

// stepsOf returns the samples of each service.
func stepsOf(t *testing.T, backend *hotBackend) map[string][]float64 {
	t.Helper()
	org, err := backend.Extension.(interface{ MetricStore() storage.MetricStore }).MetricStore().Open(t.Context(), acme)
	require.NoError(t, err)
	defer func() { require.NoError(t, org.Close()) }()
	querier, err := org.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	require.NoError(t, err)
	defer func() { require.NoError(t, querier.Close()) }()
	found := map[string][]float64{}
	set := querier.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "steps"))
	for set.Next() {
		service := set.At().Labels().Get("service")
		for it := set.At().Iterator(nil); it.Next() != chunkenc.ValNone; {
			_, value := it.At()
			found[service] = append(found[service], value)
		}
	}
	require.NoError(t, set.Err())
	return found
}

// TestHotTierKilled kills a backend again and again while it reads: every sample is there, once,
// and in another backend too, which reads all of it at the end.
func TestHotTierKilled(t *testing.T) {
	t.Parallel()
	const services = 12
	cfg := testConfig(t, 4)
	topic := *cfg
	topic.Topics.Logs = cfg.Topics.Metrics
	createTopic(t, &topic)
	stop := feed(t, cfg, services)
	dir := filepath.Join(t.TempDir(), "hot")
	for range 4 {
		child := spawn(t, cfg, dir)
		time.Sleep(time.Duration(rand.Int64N(int64(time.Second)))) // any moment is right
		require.NoError(t, child.Process.Kill())
		require.ErrorContains(t, child.Wait(), "killed")
	}
	samples := stop()
	want := make([]float64, samples)
	for n := range want {
		want[n] = float64(n)
	}
	t.Logf("%d samples of each service", samples)
	for name, folder := range map[string]string{"killed": dir, "another": filepath.Join(t.TempDir(), "hot")} {
		backend, err := startBackend(t.Context(), folder, cfg.Brokers[0], cfg.Topics.Metrics)
		require.NoError(t, err)
		waitFor(t, func() bool {
			state := backend.progress().State()
			return state.CaughtUp && state.Behind == 0
		})
		found := stepsOf(t, backend)
		assert.Len(t, found, services, name)
		for service, values := range found {
			assert.True(t, strings.HasPrefix(service, "service-"))
			require.Equal(t, want, values, "%s, %s", name, service)
		}
		assert.Zero(t, backend.progress().State().CompleteFrom, "nothing was ever left out")
		for _, part := range backend.parts {
			require.NoError(t, part.Shutdown(t.Context()))
		}
	}
}
