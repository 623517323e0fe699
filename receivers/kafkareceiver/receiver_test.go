package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/exporters/kafkaexporter"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

const (
	acme  = "6d9a2a3e-0000-4000-8000-00000000000a"
	other = "6d9a2a3e-0000-4000-8000-00000000000b"
)

// topics counts the configurations, each of which has topics of its own.
var topics atomic.Int64

func testConfig(tb testing.TB, partitions int) *Config {
	tb.Helper()
	cfg := defaultConfig()
	cfg.Brokers = []string{kafkaServer(tb).Address}
	suffix := fmt.Sprintf(".%d", topics.Add(1))
	cfg.Topics.Metrics += suffix
	cfg.Topics.Logs += suffix
	cfg.Topics.Traces += suffix
	cfg.Group += suffix
	cfg.CreateTopics.Partitions, cfg.CreateTopics.Replication = partitions, 1
	cfg.MinBackoff, cfg.MaxBackoff = 10*time.Millisecond, 100*time.Millisecond
	cfg.MaxWait = 50 * time.Millisecond
	cfg.SessionTimeout = 6 * time.Second
	return cfg
}

// sink is a store: it takes records by their ids.
type sink struct {
	mu     sync.Mutex
	seen   map[string]map[string]int // organisation, record id
	order  []string
	spans  []trace.SpanContext
	refuse func(ctx context.Context, org string, logs plog.Logs) error
}

func (s *sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	org, ok := orgcontext.From(ctx)
	if !ok {
		return consumererror.NewPermanent(errors.New("no organisation"))
	}
	if s.refuse != nil {
		if err := s.refuse(ctx, org, logs); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]map[string]int{}
	}
	if s.seen[org] == nil {
		s.seen[org] = map[string]int{}
	}
	s.spans = append(s.spans, trace.SpanContextFromContext(ctx))
	each(logs, func(record plog.LogRecord) {
		s.seen[org][id(record)]++
		s.order = append(s.order, id(record))
	})
	return nil
}

func (s *sink) of(org string) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.seen[org])
}

func each(logs plog.Logs, fn func(plog.LogRecord)) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				fn(record)
			}
		}
	}
}

func id(record plog.LogRecord) string {
	value, _ := record.Attributes().Get(logrecord.IDAttribute)
	return value.Str()
}

func has(logs plog.Logs, wanted string) (found bool) {
	each(logs, func(record plog.LogRecord) { found = found || id(record) == wanted })
	return found
}

func receiverSettings(tb testing.TB) receiver.Settings {
	tb.Helper()
	set := receivertest.NewNopSettings(NewFactory().Type())
	set.Logger = zaptest.NewLogger(tb)
	return set
}

type logsReceiver = kafkaReceiver[plog.Logs]

func newLogsReceiver(tb testing.TB, cfg *Config, next consumer.Logs) *logsReceiver {
	tb.Helper()
	created, err := createLogs(tb.Context(), receiverSettings(tb), cfg, next)
	require.NoError(tb, err)
	return created.(*logsReceiver)
}

// startLogs returns a running receiver, and what stops it.
func startLogs(tb testing.TB, cfg *Config, next consumer.Logs) (running *logsReceiver, stop func()) {
	tb.Helper()
	running = newLogsReceiver(tb, cfg, next)
	require.NoError(tb, running.Start(tb.Context(), componenttest.NewNopHost()))
	var once sync.Once
	stop = func() { once.Do(func() { assert.NoError(tb, running.Shutdown(context.Background())) }) }
	tb.Cleanup(stop)
	return running, stop
}

// writer returns what writes logs of an organisation until Kafka has them.
func writer(tb testing.TB, cfg *Config) func(org string, logs plog.Logs) {
	tb.Helper()
	factory := kafkaexporter.NewFactory()
	exporterConfig := factory.CreateDefaultConfig().(*kafkaexporter.Config)
	exporterConfig.Config = cfg.Config
	exp, err := factory.CreateLogs(tb.Context(), exportertest.NewNopSettings(factory.Type()), exporterConfig)
	require.NoError(tb, err)
	require.NoError(tb, exp.Start(tb.Context(), componenttest.NewNopHost()))
	tb.Cleanup(func() { assert.NoError(tb, exp.Shutdown(context.Background())) })
	return func(org string, logs plog.Logs) {
		tb.Helper()
		require.Eventually(tb, func() bool {
			err := exp.ConsumeLogs(orgcontext.With(tb.Context(), org), logs)
			require.True(tb, err == nil || errcode.Retryable(err), "%v", err)
			return err == nil
		}, time.Minute, 20*time.Millisecond)
	}
}

// records makes logs of one service, with ids.
func records(batch string, count int, service string) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", service)
	list := resource.ScopeLogs().AppendEmpty().LogRecords()
	for n := range count {
		record := list.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		record.Body().SetStr("a line of a log")
		record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, n))
	}
	return logs
}

func waitFor(tb testing.TB, done func() bool) {
	tb.Helper()
	require.Eventually(tb, done, time.Minute, 5*time.Millisecond)
}

// raw writes a message as it is.
func raw(tb testing.TB, cfg *Config, topic string, headers kafkaclient.Headers, value []byte) {
	tb.Helper()
	transport, err := cfg.Transport()
	require.NoError(tb, err)
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transport}
	answer, err := client.Produce(tb.Context(), &kafka.ProduceRequest{
		Topic: topic, Partition: 0, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes(value), Headers: headers}),
	})
	require.NoError(tb, err)
	require.NoError(tb, answer.Error)
}

// letters waits for the dead letters of the logs.
func letters(tb testing.TB, cfg *Config, count int) []kafka.Message {
	tb.Helper()
	transport, err := cfg.Transport()
	require.NoError(tb, err)
	defer transport.CloseIdleConnections()
	require.NoError(tb, cfg.EnsureTopic(tb.Context(), transport, cfg.Topics.Logs+kafkaclient.DeadSuffix, 1))
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: cfg.Brokers, Topic: cfg.Topics.Logs + kafkaclient.DeadSuffix, MaxWait: 10 * time.Millisecond})
	defer func() { require.NoError(tb, reader.Close()) }()
	var all []kafka.Message
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	for range count {
		message, err := reader.ReadMessage(ctx)
		require.NoError(tb, err)
		all = append(all, message)
	}
	return all
}

// committed returns the group's offsets, by partition.
func committed(tb testing.TB, cfg *Config) map[int]int64 {
	tb.Helper()
	transport, err := cfg.Transport()
	require.NoError(tb, err)
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transport}
	partitions := make([]int, cfg.CreateTopics.Partitions)
	for i := range partitions {
		partitions[i] = i
	}
	answer, err := client.OffsetFetch(tb.Context(), &kafka.OffsetFetchRequest{GroupID: cfg.Group + ".logs", Topics: map[string][]int{cfg.Topics.Logs: partitions}})
	require.NoError(tb, err)
	offsets := map[int]int64{}
	for _, partition := range answer.Topics[cfg.Topics.Logs] {
		require.NoError(tb, partition.Error)
		offsets[partition.Partition] = partition.CommittedOffset
	}
	return offsets
}

func TestExactCountsAndOrder(t *testing.T) {
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	store := &sink{}
	var want []string
	for n := range 40 {
		org := []string{acme, other}[n%2]
		write(org, records(fmt.Sprintf("B%02d", n), 25, "checkout"))
		for i := range 25 {
			want = append(want, fmt.Sprintf("B%02d-%d", n, i))
		}
	}
	running, stop := startLogs(t, cfg, store)
	waitFor(t, func() bool { return len(store.of(acme))+len(store.of(other)) == 1000 })
	waitFor(t, func() bool { return committed(t, cfg)[0] == 40 })
	stop()
	for _, org := range []string{acme, other} {
		for record, times := range store.of(org) {
			assert.Equal(t, 1, times, record)
			assert.Equal(t, org == other, strings.ContainsAny(record[2:3], "13579"), "record of another organisation")
		}
	}
	for _, odd := range []bool{false, true} {
		assert.Equal(t, ofParity(want, odd), ofParity(store.order, odd), "the order of an organisation's records")
	}
	running.telemetry.lags.each(func(partition int, behind int64) { assert.Zero(t, behind, partition) })
	assert.Zero(t, running.telemetry.inFlight.Load())

	again := &sink{}
	_, stop = startLogs(t, cfg, again)
	write(acme, records("more", 3, "checkout"))
	waitFor(t, func() bool { return len(again.of(acme)) > 0 })
	stop()
	assert.Len(t, again.of(acme), 3, "what was committed does not come again")
}

func ofParity(ids []string, odd bool) (some []string) {
	for _, id := range ids {
		if strings.ContainsAny(id[2:3], "13579") == odd {
			some = append(some, id)
		}
	}
	return some
}

func TestOneTrace(t *testing.T) {
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("A", 1, "checkout"))
	headers := kafkaclient.Headers{}
	headers.Set(kafkaclient.HeaderOrg, other)
	headers.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	var encoder plog.ProtoMarshaler
	value, err := encoder.MarshalLogs(records("B", 1, "checkout"))
	require.NoError(t, err)
	raw(t, cfg, cfg.Topics.Logs, headers, value)
	store := &sink{}
	_, stop := startLogs(t, cfg, store)
	waitFor(t, func() bool { return len(store.of(other)) == 1 })
	stop()
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", store.spans[1].TraceID().String())
}

// TestRetriesForEver holds that a store that is away for a while loses nothing, gets nothing
// twice that it took, and that the offset waits.
func TestRetriesForEver(t *testing.T) {
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("A", 10, "checkout"))
	attempts := atomic.Int64{}
	store := &sink{refuse: func(_ context.Context, _ string, logs plog.Logs) error {
		assert.Equal(t, 10, logs.LogRecordCount(), "every attempt has the whole batch")
		logs.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return attempts.Load() < 12 }) // a consumer may change what it has
		if attempts.Add(1) <= 12 {
			return errors.New("the store is away")
		}
		return nil
	}}
	running, stop := startLogs(t, cfg, store)
	waitFor(t, func() bool { return attempts.Load() > 6 })
	assert.Negative(t, committed(t, cfg)[0], "nothing is committed before the store has it")
	assert.True(t, running.bad.Load())
	waitFor(t, func() bool { return committed(t, cfg)[0] == 1 })
	stop()
	assert.False(t, running.bad.Load())
	assert.Len(t, store.of(acme), 10)
}

// TestStopWhileRefused holds that a receiver that cannot deliver stops, and its successor goes on
// with the same messages.
func TestStopWhileRefused(t *testing.T) {
	cfg := testConfig(t, 2)
	write := writer(t, cfg)
	write(acme, records("A", 10, "checkout"))
	asked := make(chan struct{}, 1000)
	away := &sink{refuse: func(context.Context, string, plog.Logs) error {
		asked <- struct{}{}
		return errcode.New(errcode.Unavailable, "the store is away")
	}}
	_, stop := startLogs(t, cfg, away)
	<-asked
	stop()
	store := &sink{}
	startLogs(t, cfg, store)
	waitFor(t, func() bool { return len(store.of(acme)) == 10 })
}

// TestKilledBetweenStoreAndCommit lets a receiver die after the store has the data and before
// the offset is committed: the data comes again, and its ids are the same.
func TestKilledBetweenStoreAndCommit(t *testing.T) {
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("A", 10, "checkout"))
	store := &sink{}
	killed := newLogsReceiver(t, cfg, store)
	reader := &partitionReader[plog.Logs]{
		receiver: killed, share: cfg.MaxBytesInFlight, fetchBytes: firstFetch(cfg.MaxBytesInFlight),
		place: &groupPlace[plog.Logs]{receiver: killed, commitOffset: func(int64) error { return errors.New("killed") }},
	}
	reader.run(t.Context())
	require.NoError(t, killed.Shutdown(t.Context()))
	assert.Len(t, store.of(acme), 10)
	assert.Negative(t, committed(t, cfg)[0])

	startLogs(t, cfg, store)
	waitFor(t, func() bool { return committed(t, cfg)[0] == 1 })
	assert.Len(t, store.of(acme), 10, "nothing new")
	for record, times := range store.of(acme) {
		assert.Equal(t, 2, times, record)
	}
}

// TestPoison puts what cannot be decoded, what has no organisation, and what a store refuses for
// good between good data.
func TestPoison(t *testing.T) {
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("good1", 5, "checkout"))
	raw(t, cfg, cfg.Topics.Logs, kafkaclient.Headers{{Key: kafkaclient.HeaderOrg, Value: []byte(acme)}}, []byte("no protobuf"))
	raw(t, cfg, cfg.Topics.Logs, nil, []byte{})
	write(acme, records("bad", 5, "checkout"))
	write(other, records("good2", 5, "checkout"))
	write(acme, records("partly", 5, "checkout"))
	write(acme, records("good3", 5, "checkout"))
	store := &sink{refuse: func(ctx context.Context, _ string, logs plog.Logs) error {
		if has(logs, "bad-0") {
			return consumererror.NewPermanent(errcode.New(errcode.Invalid, "the store does not want it"))
		}
		report := rejection.FromContext(ctx)
		each(logs, func(record plog.LogRecord) {
			if id(record) == "partly-1" || id(record) == "partly-3" {
				report.Add(rejection.Item{Key: id(record), Time: 5, Reason: "too_old", Message: "is too old"})
			}
		})
		return nil
	}}
	startLogs(t, cfg, store)
	waitFor(t, func() bool { return committed(t, cfg)[0] == 7 })
	assert.Len(t, store.of(acme), 15)
	assert.Len(t, store.of(other), 5)
	for record, times := range store.of(acme) {
		assert.Equal(t, 1, times, record)
	}

	byCode := map[string]kafka.Message{}
	for _, letter := range letters(t, cfg, 4) {
		headers := kafkaclient.Headers(letter.Headers)
		byCode[headers.Get(kafkaclient.HeaderDeadCode)] = letter
		assert.Equal(t, cfg.Topics.Logs, headers.Get(kafkaclient.HeaderDeadTopic))
		assert.Equal(t, "0", headers.Get(kafkaclient.HeaderDeadPartition))
	}
	for code, want := range map[string]struct{ offset, org, reason, items string }{
		codeUndecodable: {"1", acme, "decode OTLP protobuf", ""},
		codeNoOrg:       {"2", "", "the header pharos-org-id is missing", ""},
		"invalid":       {"3", acme, "the store does not want it", "5"},
		"too_old":       {"5", acme, "is too old (and 1 more)", "2"},
	} {
		require.Contains(t, byCode, code)
		headers := kafkaclient.Headers(byCode[code].Headers)
		assert.Equal(t, want.offset, headers.Get(kafkaclient.HeaderDeadOffset), code)
		assert.Equal(t, want.org, headers.Get(kafkaclient.HeaderOrg), code)
		assert.Equal(t, want.items, headers.Get(kafkaclient.HeaderDeadItems), code)
		assert.Contains(t, headers.Get(kafkaclient.HeaderDeadReason), want.reason, code)
	}
	assert.Equal(t, "no protobuf", string(byCode[codeUndecodable].Value))
	var decoder plog.ProtoUnmarshaler
	refused, err := decoder.UnmarshalLogs(byCode["too_old"].Value)
	require.NoError(t, err)
	assert.Equal(t, 2, refused.LogRecordCount(), "the refused records alone")
	assert.True(t, has(refused, "partly-1") && has(refused, "partly-3"))
	whole, err := decoder.UnmarshalLogs(byCode["invalid"].Value)
	require.NoError(t, err)
	assert.Equal(t, 5, whole.LogRecordCount())
}
