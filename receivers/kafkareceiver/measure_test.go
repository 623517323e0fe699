package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"

	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/tiered"
)

// tierHost is a host with an extension that holds a hot tier.
type tierHost struct {
	component.Component
	directory string
	progress  *tiered.Progress
}

func newTierHost(t *testing.T) *tierHost {
	t.Helper()
	return &tierHost{directory: t.TempDir(), progress: &tiered.Progress{}}
}

func (h *tierHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewIDWithName("storage", "hot"): h, component.MustNewID("auth"): struct{ component.Component }{}}
}

func (h *tierHost) HotProgress() *tiered.Progress { return h.progress }
func (h *tierHost) Directory() string             { return h.directory }

// metricsSink counts data points.
type metricsSink struct {
	points atomic.Int64
	away   atomic.Bool
}

func (s *metricsSink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *metricsSink) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	if s.away.Load() {
		return errors.New("the store is away")
	}
	s.points.Add(int64(metrics.DataPointCount()))
	return nil
}

func hotConfig(t *testing.T, partitions int) *Config {
	t.Helper()
	cfg := testConfig(t, partitions)
	cfg.Mode, cfg.Progress = modeReplica, component.MustNewIDWithName("storage", "hot")
	cfg.Writers = cfg.Group
	require.NoError(t, cfg.Validate())
	return cfg
}

func startMetrics(t *testing.T, cfg *Config, host component.Host, next consumer.Metrics) (stop func()) {
	t.Helper()
	created := newMetricsReceiver(t, cfg, next)
	require.NoError(t, created.Start(t.Context(), host))
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			require.NoError(t, created.Shutdown(context.Background()))
		}
	}
	t.Cleanup(stop)
	return stop
}

func newMetricsReceiver(t *testing.T, cfg *Config, next consumer.Metrics) receiver.Metrics {
	t.Helper()
	created, err := createMetrics(t.Context(), receiverSettings(t), cfg, next)
	require.NoError(t, err)
	return created
}

// produceMetrics writes one message with one data point.
func produceMetrics(t *testing.T, cfg *Config, partition int, at time.Time) {
	t.Helper()
	produceFor(t, cfg, acme, partition, at)
}

func produceFor(t *testing.T, cfg *Config, org string, partition int, at time.Time) {
	t.Helper()
	metrics := pmetric.NewMetrics()
	metric := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("up")
	metric.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(1)
	var encoder pmetric.ProtoMarshaler
	value, err := encoder.MarshalMetrics(metrics)
	require.NoError(t, err)
	answer, err := client(t, cfg).Produce(t.Context(), &kafka.ProduceRequest{
		Topic: cfg.Topics.Metrics, Partition: partition, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Time: at, Value: kafka.NewBytes(value), Headers: []kafka.Header{{Key: kafkaclient.HeaderOrg, Value: []byte(org)}}}),
	})
	require.NoError(t, err)
	require.NoError(t, answer.Error)
}

// TestProgress follows a hot tier from its first start: what it has, what the writers have, and
// that it is told when its store is away for long.
func TestProgress(t *testing.T) {
	t.Parallel()
	cfg := hotConfig(t, 2)
	topic := *cfg
	topic.Topics.Logs = cfg.Topics.Metrics
	createTopic(t, &topic)
	now := time.Now()
	oldest, hidden := now.Add(-5*time.Hour), now.Add(-time.Hour).Truncate(time.Millisecond)
	produceMetrics(t, cfg, 0, oldest)
	produceMetrics(t, cfg, 0, hidden)
	produceMetrics(t, cfg, 1, now.Add(-30*time.Minute))

	// The writers have the first message of one partition, and all of the other.
	committed := kafka.OffsetCommitRequest{GroupID: cfg.Group + ".metrics", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{
		cfg.Topics.Metrics: {{Partition: 0, Offset: 1}, {Partition: 1, Offset: 1}},
	}}
	commit := func() {
		answer, err := client(t, cfg).OffsetCommit(t.Context(), &committed)
		require.NoError(t, err)
		for _, partition := range answer.Topics[cfg.Topics.Metrics] {
			require.NoError(t, partition.Error)
		}
	}
	waitFor(t, func() bool {
		answer, err := client(t, cfg).OffsetCommit(t.Context(), &committed)
		return err == nil && answer.Topics[cfg.Topics.Metrics][0].Error == nil
	})

	host, store := newTierHost(t), &metricsSink{}
	require.ErrorContains(t, host.progress.Health(), "nothing from Kafka")
	store.away.Store(true)
	stop := startMetrics(t, cfg, host, store)
	waitFor(t, func() bool { return !host.progress.State().Heard.IsZero() })
	state := host.progress.State()
	assert.False(t, state.CaughtUp)
	assert.Zero(t, state.Until)
	require.ErrorContains(t, host.progress.Health(), "messages behind")
	assert.Positive(t, state.Behind)

	store.away.Store(false)
	waitFor(t, func() bool { return host.progress.State().CaughtUp })
	state = host.progress.State()
	require.NoError(t, host.progress.Health())
	assert.Equal(t, int64(2), store.points.Load(), "the message of five hours ago is too old")
	assert.Zero(t, state.Behind)
	assert.WithinDuration(t, time.Now(), state.Until, 5*time.Second)
	assert.WithinDuration(t, now.Add(-cfg.Replay+cfg.Future), state.CompleteFrom, time.Minute)
	assert.Equal(t, hidden, state.Writers.Local(), "the first message that the writers have not")
	assert.FileExists(t, filepath.Join(host.directory, "offsets", cfg.Topics.Metrics+".json"))

	committed.Topics[cfg.Topics.Metrics][0].Offset = 2
	commit()
	waitFor(t, func() bool { return time.Since(host.progress.State().Writers) < 5*time.Second })
	produceMetrics(t, cfg, 0, time.Now())
	waitFor(t, func() bool { return store.points.Load() == 3 })
	begun := time.Now()
	waitFor(t, func() bool { return host.progress.State().Until.After(begun) })
	assert.True(t, host.progress.State().Writers.Before(begun.Add(measureInterval)), "the writers have not the newest")
	stop()

	again := newTierHost(t)
	again.directory = host.directory
	startMetrics(t, cfg, again, store)
	waitFor(t, func() bool { return again.progress.State().CaughtUp })
	assert.Equal(t, int64(3), store.points.Load())
	assert.Equal(t, state.CompleteFrom.UnixMilli(), again.progress.State().CompleteFrom.UnixMilli(), "remembered")
}

// TestLag makes a partition fall behind by the clock.
func TestLag(t *testing.T) {
	place := &replicaPlace[pmetric.Metrics]{begun: true}
	m := newMeasure(&replica[pmetric.Metrics]{receiver: &kafkaReceiver[pmetric.Metrics]{cfg: defaultConfig()}, places: map[int]*replicaPlace[pmetric.Metrics]{0: place}}, &tiered.Progress{})
	m.ends[0] = &ends{}
	now := time.Unix(1_700_000_000, 0)
	at := func(seconds int, next, end int64, told bool) tiered.State {
		asked := now.Add(time.Duration(seconds) * time.Second)
		if told {
			m.ends[0].add(asked, end)
		}
		m.position(asked, []standing{{next: next, end: end, begun: true, told: told}})
		return m.state
	}
	assert.False(t, at(0, 0, 100, true).CaughtUp)
	assert.False(t, at(1, 99, 120, true).CaughtUp, "not everything of the start")
	assert.True(t, at(2, 100, 140, true).CaughtUp, "two seconds behind")
	state := at(40, 140, 1000, true)
	assert.True(t, state.CaughtUp, "a while behind")
	assert.Equal(t, now.Add(2*time.Second), state.Until)
	assert.Equal(t, int64(860), state.Behind)
	assert.True(t, at(200, 140, 1000, false).CaughtUp, "Kafka does not answer, and takes nothing either")
	assert.False(t, at(201, 140, 1000, true).CaughtUp, "more than a minute behind")
	assert.False(t, at(202, 999, 2000, true).CaughtUp)
	assert.True(t, at(203, 2000, 2100, true).CaughtUp)
}

func TestProgressNeedsAHotTier(t *testing.T) {
	host := newTierHost(t)
	for says, change := range map[string]func(*Config){
		`progress: there is no extension "storage/cold"; add it`:    func(c *Config) { c.Progress = component.MustNewIDWithName("storage", "cold") },
		`progress: extension "auth" has no hot tier`:                func(c *Config) { c.Progress = component.MustNewID("auth") },
		`directory: is empty, and extension "storage/hot" has none`: func(*Config) { host.directory = "" },
	} {
		cfg := defaultConfig()
		cfg.Mode, cfg.Progress = modeReplica, component.MustNewIDWithName("storage", "hot")
		change(cfg)
		created := newMetricsReceiver(t, cfg, &metricsSink{})
		err := created.Start(t.Context(), host)
		require.ErrorContains(t, err, says, fmt.Sprint(cfg.Progress))
		require.NoError(t, created.Shutdown(t.Context()))
	}
}

var _ component.Host = (*tierHost)(nil)

// TestLack has a hot store that refuses samples: of one organisation it is not complete, also
// after a restart.
func TestLack(t *testing.T) {
	cfg := hotConfig(t, 1)
	topic := *cfg
	topic.Topics.Logs = cfg.Topics.Metrics
	createTopic(t, &topic)
	host := newTierHost(t)
	next, err := consumer.NewMetrics(func(ctx context.Context, metrics pmetric.Metrics) error {
		org, _ := orgcontext.From(ctx)
		reason, at := "series_limit", time.Now()
		if org == other {
			reason, at = "too_old", time.Now().Add(-cfg.Replay-time.Minute)
		}
		rejection.FromContext(ctx).Add(rejection.Item{Reason: reason, Time: at.UnixMilli()})
		return nil
	})
	require.NoError(t, err)
	came := time.Now().Add(-time.Minute)
	produceFor(t, cfg, acme, 0, came)
	produceFor(t, cfg, other, 0, time.Now())
	stop := startMetrics(t, cfg, host, next)
	waitFor(t, func() bool { return host.progress.State().CaughtUp && host.progress.State().Behind == 0 })
	stop()
	again := newTierHost(t)
	again.directory = host.directory
	startMetrics(t, cfg, again, next)
	for _, progress := range []*tiered.Progress{host.progress, again.progress} {
		assert.WithinDuration(t, came.Add(cfg.Future), progress.CompleteFrom(acme), time.Second)
		assert.Zero(t, progress.CompleteFrom(other), "what is too old nobody looks for here")
	}
}
