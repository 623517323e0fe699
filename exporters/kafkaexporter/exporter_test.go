package kafkaexporter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// nowhere is an address without a broker.
const nowhere = "127.0.0.1:1"

const (
	acme  = "6d9a2a3e-0000-4000-8000-00000000000a"
	other = "6d9a2a3e-0000-4000-8000-00000000000b"
)

// topics counts the configurations, each of which has topics of its own.
var topics atomic.Int64

func configOf(broker string) *Config {
	cfg := defaultConfig()
	cfg.Brokers = []string{broker}
	suffix := fmt.Sprintf(".%d", topics.Add(1))
	cfg.Topics.Metrics += suffix
	cfg.Topics.Logs += suffix
	cfg.Topics.Traces += suffix
	cfg.CreateTopics.Partitions = 6
	cfg.CreateTopics.Replication = 1
	return cfg
}

func settings(tb testing.TB) exporter.Settings {
	tb.Helper()
	set := exportertest.NewNopSettings(NewFactory().Type())
	set.Logger = zaptest.NewLogger(tb)
	return set
}

func startLogs(tb testing.TB, cfg *Config) logsExporter {
	tb.Helper()
	created, err := createLogs(tb.Context(), settings(tb), cfg)
	require.NoError(tb, err)
	require.NoError(tb, created.Start(tb.Context(), componenttest.NewNopHost()))
	tb.Cleanup(func() { assert.NoError(tb, created.Shutdown(context.Background())) })
	return created.(logsExporter)
}

func inOrg(ctx context.Context, org string) context.Context { return orgcontext.With(ctx, org) }

// records makes logs of some services, with ids.
func records(batch string, count, size int, services ...string) plog.Logs {
	logs := plog.NewLogs()
	for i, service := range services {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", service)
		list := resource.ScopeLogs().AppendEmpty().LogRecords()
		for n := range count {
			record := list.AppendEmpty()
			record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
			record.Body().SetStr(strings.Repeat("x", size))
			record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, i*count+n))
		}
	}
	return logs
}

// eventually sends again while the broker is not ready, as a client does.
func eventually(tb testing.TB, send func() error) {
	tb.Helper()
	require.Eventually(tb, func() bool {
		err := send()
		if err != nil {
			require.True(tb, errcode.Retryable(err), err)
			require.False(tb, consumererror.IsPermanent(err), err)
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond)
}

// readAll returns every message of a topic.
func readAll(tb testing.TB, broker, topic string) []kafka.Message {
	tb.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(broker), Transport: transport}
	metadata, err := client.Metadata(tb.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
	require.NoError(tb, err)
	var all []kafka.Message
	for _, partition := range metadata.Topics[0].Partitions {
		offsets, err := client.ListOffsets(tb.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(partition.ID)}}})
		require.NoError(tb, err)
		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, Topic: topic, Partition: partition.ID, MaxWait: 10 * time.Millisecond})
		for range offsets.Topics[topic][0].LastOffset {
			message, err := reader.ReadMessage(tb.Context())
			require.NoError(tb, err)
			all = append(all, message)
		}
		require.NoError(tb, reader.Close())
	}
	return all
}

// idsOf returns how often each record id is in messages, by organisation.
func idsOf(tb testing.TB, messages []kafka.Message) map[string]map[string]int {
	tb.Helper()
	var decoder plog.ProtoUnmarshaler
	found := map[string]map[string]int{}
	for i := range messages {
		logs, err := decoder.UnmarshalLogs(messages[i].Value)
		require.NoError(tb, err)
		headers := kafkaclient.Headers(messages[i].Headers)
		org := headers.Get(kafkaclient.HeaderOrg)
		if found[org] == nil {
			found[org] = map[string]int{}
		}
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					found[org][recordID(record)]++
				}
			}
		}
	}
	return found
}

func TestMessages(t *testing.T) {
	broker := kafkaServer(t).Address
	cfg := configOf(broker)
	exp := startLogs(t, cfg)
	services := []string{"checkout", "cart", "search", "web", "mail", "stock", "tax", "ads"}
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	ctx := trace.ContextWithSpanContext(t.Context(), span)
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(ctx, acme), records("A", 5, 10, services...)) })
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(ctx, other), records("B", 5, 10, services...)) })

	messages := readAll(t, broker, cfg.Topics.Logs)
	found := idsOf(t, messages)
	assert.Len(t, found, 2, "one organisation a message, none without")
	assert.Len(t, found[acme], 40)
	assert.Len(t, found[other], 40)
	byService := map[string]map[int]bool{}
	var decoder plog.ProtoUnmarshaler
	for _, message := range messages {
		headers := kafkaclient.Headers(message.Headers)
		want := map[string]string{acme: "A", other: "B"}[headers.Get(kafkaclient.HeaderOrg)]
		assert.Equal(t, want, headers.Get(kafkaclient.HeaderBatch))
		assert.Contains(t, headers.Get("traceparent"), span.TraceID().String())
		logs, err := decoder.UnmarshalLogs(message.Value)
		require.NoError(t, err)
		for _, resource := range logs.ResourceLogs().All() {
			name, _ := resource.Resource().Attributes().Get("service.name")
			key := want + name.Str()
			if byService[key] == nil {
				byService[key] = map[int]bool{}
			}
			byService[key][message.Partition] = true
		}
	}
	assert.Len(t, byService, 16)
	for service, partitions := range byService {
		assert.Len(t, partitions, 1, service)
	}
	assert.LessOrEqual(t, len(messages), 8, "at most a message for each of the four slots of both")
}

func TestAllSignals(t *testing.T) {
	broker := kafkaServer(t).Address
	cfg := configOf(broker)
	ctx := inOrg(t.Context(), acme)
	metricsExp, err := createMetrics(ctx, settings(t), cfg)
	require.NoError(t, err)
	require.NoError(t, metricsExp.Start(ctx, componenttest.NewNopHost()))
	defer func() { require.NoError(t, metricsExp.Shutdown(ctx)) }()
	tracesExp, err := createTraces(ctx, settings(t), cfg)
	require.NoError(t, err)
	require.NoError(t, tracesExp.Start(ctx, componenttest.NewNopHost()))
	defer func() { require.NoError(t, tracesExp.Shutdown(ctx)) }()

	metrics := allKinds(7)
	eventually(t, func() error { return metricsExp.ConsumeMetrics(ctx, metrics) })
	traces := ptrace.NewTraces()
	traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName("GET /")
	eventually(t, func() error { return tracesExp.ConsumeTraces(ctx, traces) })

	var metricDecoder pmetric.ProtoUnmarshaler
	written := readAll(t, broker, cfg.Topics.Metrics)
	require.Len(t, written, 1)
	got, err := metricDecoder.UnmarshalMetrics(written[0].Value)
	require.NoError(t, err)
	assert.Equal(t, metrics, got)
	var traceDecoder ptrace.ProtoUnmarshaler
	written = readAll(t, broker, cfg.Topics.Traces)
	require.Len(t, written, 1)
	gotTraces, err := traceDecoder.UnmarshalTraces(written[0].Value)
	require.NoError(t, err)
	assert.Equal(t, traces, gotTraces)
}

// allKinds makes a metric of each kind with some points, and one without any.
func allKinds(points int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	list := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	create := func(name string) pmetric.Metric {
		metric := list.AppendEmpty()
		metric.SetName(name)
		return metric
	}
	gauge, sum := create("gauge").SetEmptyGauge(), create("sum").SetEmptySum()
	histogram, exponential := create("histogram").SetEmptyHistogram(), create("exponential").SetEmptyExponentialHistogram()
	summary := create("summary").SetEmptySummary()
	create("metadata").SetEmptyGauge()
	for i := range points {
		at := pcommon.Timestamp(1_000_000 * (i + 1))
		gauge.DataPoints().AppendEmpty().SetTimestamp(at)
		sum.DataPoints().AppendEmpty().SetTimestamp(at)
		histogram.DataPoints().AppendEmpty().SetTimestamp(at)
		exponential.DataPoints().AppendEmpty().SetTimestamp(at)
		summary.DataPoints().AppendEmpty().SetTimestamp(at)
	}
	return metrics
}

func TestHalvesHoldEverything(t *testing.T) {
	signal := metricsSignal("metrics")
	metrics := allKinds(7)
	first, second := signal.halve(metrics)
	assert.Equal(t, 17, first.DataPointCount())
	assert.Equal(t, 18, second.DataPointCount())
	assert.Equal(t, 35, metrics.DataPointCount(), "the batch is left as it is")
	count := map[string]int{}
	for _, half := range []pmetric.Metrics{first, second} {
		for _, metric := range half.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			one := pmetric.NewMetrics()
			metric.CopyTo(one.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty())
			count[metric.Name()] += one.DataPointCount()
		}
	}
	assert.Equal(t, map[string]int{"gauge": 7, "sum": 7, "histogram": 7, "exponential": 7, "summary": 7, "metadata": 0}, count)
}

func TestLargeBatchIsSplit(t *testing.T) {
	broker := kafkaServer(t).Address
	cfg := configOf(broker)
	cfg.MaxMessageBytes = 64 << 10
	exp := startLogs(t, cfg)
	logs := records("A", 1000, 1000, "checkout")
	report := &rejection.Report{}
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(500).Body().SetStr(strings.Repeat("y", 70<<10))
	eventually(t, func() error {
		report = &rejection.Report{}
		return exp.ConsumeLogs(rejection.NewContext(inOrg(t.Context(), acme), report), logs)
	})
	messages := readAll(t, broker, cfg.Topics.Logs)
	assert.GreaterOrEqual(t, len(messages), 16)
	for _, message := range messages {
		assert.Less(t, len(message.Value), 64<<10)
	}
	found := idsOf(t, messages)[acme]
	assert.Len(t, found, 999)
	assert.NotContains(t, found, "A-500")
	for id, times := range found {
		assert.Equal(t, 1, times, id)
	}
	require.Equal(t, 1, report.Count())
	item := report.Items()[0]
	assert.Equal(t, []string{"A-500", "too_large", "message"}, []string{item.Key, item.Reason, item.Field})
	assert.Equal(t, 1000, logs.LogRecordCount(), "the batch is left as it is")

	err := exp.ConsumeLogs(inOrg(t.Context(), acme), logs)
	assert.Equal(t, errcode.TooLarge, errcode.Of(err), "without a report the error says so")
	assert.True(t, consumererror.IsPermanent(err))
	assert.ErrorContains(t, err, "message: is larger than the 61440 bytes that a message can have; shorten it")
}

func TestBrokerTakesLessThanConfigured(t *testing.T) {
	broker := kafkaServer(t).Address
	cfg := configOf(broker)
	cfg.CreateTopics.Settings = map[string]string{"max.message.bytes": "100000"}
	cfg.Compression = "none"
	exp := startLogs(t, cfg)
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(t.Context(), acme), records("A", 500, 1000, "checkout")) })
	found := idsOf(t, readAll(t, broker, cfg.Topics.Logs))[acme]
	assert.Len(t, found, 500)
	assert.Zero(t, exp.producer.pending.Load())
}

func TestWithoutOrganisation(t *testing.T) {
	exp := startLogs(t, configOf(nowhere))
	err := exp.ConsumeLogs(t.Context(), records("A", 1, 1, "checkout"))
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
	assert.True(t, consumererror.IsPermanent(err))
	require.ErrorContains(t, err, "org: is missing")
	assert.False(t, exp.Capabilities().MutatesData)
}

func TestDefaultOrganisation(t *testing.T) {
	broker := kafkaServer(t).Address
	cfg := configOf(broker)
	cfg.DefaultOrg = other
	exp := startLogs(t, cfg)
	assert.True(t, exp.Capabilities().MutatesData)
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("own")
	eventually(t, func() error { return exp.ConsumeLogs(t.Context(), logs) })
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(t.Context(), acme), records("A", 1, 1, "checkout")) })
	found := idsOf(t, readAll(t, broker, cfg.Topics.Logs))
	assert.ElementsMatch(t, []string{acme, other}, slices.Collect(maps.Keys(found)))
	for id := range found[other] {
		assert.NotEmpty(t, id, "records of this host's own get their ids here")
	}
}

func TestLongTraceStateStaysBehind(t *testing.T) {
	exp := startLogs(t, configOf(nowhere))
	var members []string
	for i := range 20 {
		members = append(members, fmt.Sprintf("k%d=%s", i, strings.Repeat("v", 200)))
	}
	state, err := trace.ParseTraceState(strings.Join(members, ","))
	require.NoError(t, err)
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceState: state}))
	headers := exp.headers(ctx, acme, records("A", 1, 1, "checkout"))
	assert.ElementsMatch(t, []string{kafkaclient.HeaderOrg, kafkaclient.HeaderBatch, "traceparent"}, headers.Keys())
}

func TestFullMemoryIsRefusedAtOnce(t *testing.T) {
	cfg := configOf(nowhere)
	cfg.MaxMessageBytes, cfg.MaxPendingBytes = 64<<10, 64<<10
	exp := startLogs(t, cfg)
	exp.producer.pending.Store(60 << 10)
	err := exp.ConsumeLogs(inOrg(t.Context(), acme), records("A", 10, 1000, "checkout"))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	require.ErrorContains(t, err, "61440 bytes wait for Kafka already")
	assert.Equal(t, int64(60<<10), exp.producer.pending.Load())
}

func TestNoBroker(t *testing.T) {
	cfg := configOf(nowhere)
	cfg.Timeout = time.Second
	exp := startLogs(t, cfg)
	err := exp.ConsumeLogs(inOrg(t.Context(), acme), records("A", 1, 1, "checkout"))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	assert.False(t, consumererror.IsPermanent(err))
	assert.Equal(t, retryAfter, errcode.RetryAfter(err))
	assert.Zero(t, exp.producer.pending.Load())
}

func TestSenderThatWentAway(t *testing.T) {
	exp := startLogs(t, configOf(nowhere))
	ctx, cancel := context.WithCancel(inOrg(t.Context(), acme))
	cancel()
	assert.Equal(t, errcode.Canceled, errcode.Of(exp.ConsumeLogs(ctx, records("A", 1, 1, "checkout"))))
}

func TestNothing(t *testing.T) {
	exp := startLogs(t, configOf(nowhere))
	require.NoError(t, exp.ConsumeLogs(t.Context(), plog.NewLogs()))
}
