package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/storage/rejection"
)

func replicaConfig(tb testing.TB, partitions int) *Config {
	tb.Helper()
	cfg := testConfig(tb, partitions)
	cfg.Mode, cfg.Directory = modeReplica, tb.TempDir()
	require.NoError(tb, cfg.Validate())
	return cfg
}

func client(tb testing.TB, cfg *Config) *kafka.Client {
	tb.Helper()
	transport, err := cfg.Transport()
	require.NoError(tb, err)
	tb.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transport}
}

// produceAt writes one message of logs to a partition, with a time of its own.
func produceAt(tb testing.TB, cfg *Config, partition int, at time.Time, logs plog.Logs) {
	tb.Helper()
	var encoder plog.ProtoMarshaler
	value, err := encoder.MarshalLogs(logs)
	require.NoError(tb, err)
	answer, err := client(tb, cfg).Produce(tb.Context(), &kafka.ProduceRequest{
		Topic: cfg.Topics.Logs, Partition: partition, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Time: at, Value: kafka.NewBytes(value), Headers: []kafka.Header{{Key: kafkaclient.HeaderOrg, Value: []byte(acme)}}}),
	})
	require.NoError(tb, err)
	require.NoError(tb, answer.Error)
}

func createTopic(tb testing.TB, cfg *Config) {
	tb.Helper()
	transport, err := cfg.Transport()
	require.NoError(tb, err)
	defer transport.CloseIdleConnections()
	require.Eventually(tb, func() bool { return cfg.EnsureTopic(tb.Context(), transport, cfg.Topics.Logs, 0) == nil }, time.Minute, 50*time.Millisecond)
	require.Eventually(tb, func() bool { // its leaders are there
		offsets, err := client(tb, cfg).ListOffsets(tb.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{cfg.Topics.Logs: {kafka.LastOffsetOf(cfg.CreateTopics.Partitions - 1)}}})
		return err == nil && offsets.Topics[cfg.Topics.Logs][0].Error == nil
	}, time.Minute, 20*time.Millisecond)
}

func once(t *testing.T, store *sink, records int) {
	t.Helper()
	waitFor(t, func() bool { return len(store.of(acme)) >= records })
	assert.Len(t, store.of(acme), records)
	for record, times := range store.of(acme) {
		assert.Equal(t, 1, times, record)
	}
}

// TestReplicaResumes stops replicas in order, and lets one die with older offsets: nothing is
// lost, and only what came after these offsets comes again.
func TestReplicaResumes(t *testing.T) {
	cfg := replicaConfig(t, 4)
	write := writer(t, cfg)
	batch := 0
	more := func(count int) {
		for range count {
			write(acme, records(fmt.Sprintf("B%d", batch), 10, fmt.Sprintf("service-%d", batch)))
			batch++
		}
	}
	more(20)
	store := &sink{}
	running, stop := startLogs(t, cfg, store)
	once(t, store, 200)
	waitFor(t, func() bool { return lagOf(running) == 0 })
	stop()
	file := filepath.Join(cfg.Directory, cfg.Topics.Logs+".json")
	older, err := os.ReadFile(file)
	require.NoError(t, err)

	more(10)
	_, stop = startLogs(t, cfg, store)
	once(t, store, 300)
	more(10)
	once(t, store, 400)
	stop()

	require.NoError(t, os.WriteFile(file, older, 0o600))
	died := &sink{}
	_, stop = startLogs(t, cfg, died)
	once(t, died, 200)
	stop()

	second := *cfg
	second.Directory = t.TempDir()
	another := &sink{}
	startLogs(t, &second, another)
	once(t, another, 400)
	groups, err := client(t, cfg).ListGroups(t.Context(), &kafka.ListGroupsRequest{})
	require.NoError(t, err)
	for _, group := range groups.Groups {
		assert.NotContains(t, group.GroupID, cfg.Group, "a replica is in no group")
	}
}

// TestReplicaOrder has partitions of very different density, two hours of messages in all.
func TestReplicaOrder(t *testing.T) {
	t.Parallel()
	cfg := replicaConfig(t, 3)
	createTopic(t, cfg)
	start := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	times := map[string]time.Time{}
	for partition, step := range []time.Duration{10 * time.Minute, time.Minute, 30 * time.Second} {
		for n := 0; n < int(2*time.Hour/step); n++ {
			at := start.Add(time.Duration(n) * step)
			batch := fmt.Sprintf("P%d-%d", partition, n)
			times[batch+"-0"] = at
			produceAt(t, cfg, partition, at, records(batch, 1, "checkout"))
		}
	}
	store := &sink{}
	startLogs(t, cfg, store)
	once(t, store, len(times))
	order := make([]time.Time, len(store.order))
	for i, id := range store.order {
		order[i] = times[id]
	}
	assert.LessOrEqual(t, mostAhead(order), cfg.MaxAhead)
}

// TestReplicaLeavesOutTheOld begins where the replay does, with offsets and without.
func TestReplicaLeavesOutTheOld(t *testing.T) {
	cfg := replicaConfig(t, 1)
	cfg.Replay = time.Hour
	createTopic(t, cfg)
	now := time.Now()
	for n, age := range []time.Duration{5 * time.Hour, 2 * time.Hour, 30 * time.Minute, time.Minute} {
		produceAt(t, cfg, 0, now.Add(-age), records(fmt.Sprintf("B%d", n), 10, "checkout"))
	}
	store := &sink{}
	running, stop := startLogs(t, cfg, store)
	once(t, store, 20)
	waitFor(t, func() bool { return lagOf(running) == 0 })
	stop()
	f, _, err := openOffsets(cfg.Directory, cfg.Topics.Logs)
	require.NoError(t, err)
	saved, _ := f.get(0)
	assert.WithinDuration(t, now.Add(-time.Hour), saved.Since, time.Minute, "complete since the beginning of the replay")
	assert.Equal(t, int64(4), saved.Next)
	saved.Next = 1
	saved.Since = now.Add(-24 * time.Hour)
	saved.Time, saved.Sum = messageOf(t, cfg, 0, 0)
	f.set(0, saved)
	require.NoError(t, f.close())

	store = &sink{}
	running, stop = startLogs(t, cfg, store)
	once(t, store, 20)
	waitFor(t, func() bool { return lagOf(running) == 0 })
	stop()
	f, _, err = openOffsets(cfg.Directory, cfg.Topics.Logs)
	require.NoError(t, err)
	saved, _ = f.get(0)
	assert.WithinDuration(t, now.Add(-time.Hour), saved.Since, time.Minute, "the message of two hours ago is missing")
	require.NoError(t, f.close())
}

// messageOf returns what the offsets remember of a message.
func messageOf(t *testing.T, cfg *Config, partition int, offset int64) (time.Time, uint32) {
	t.Helper()
	reader := newLogsReceiver(t, cfg, &sink{})
	message, err := reader.messageAt(t.Context(), partition, offset)
	require.NoError(t, err)
	require.NoError(t, reader.Shutdown(t.Context()))
	saved := savedAfter(message, time.Time{})
	return saved.Time, saved.Sum
}

// TestReplicaAfterRetention has offsets whose messages Kafka has deleted.
func TestReplicaAfterRetention(t *testing.T) {
	cfg := replicaConfig(t, 1)
	createTopic(t, cfg)
	now := time.Now()
	for n := range 10 {
		produceAt(t, cfg, 0, now.Add(time.Duration(n-10)*time.Minute), records(fmt.Sprintf("B%d", n), 10, "checkout"))
	}
	deleteRecords(t, cfg, 0, 6)
	f, _, err := openOffsets(cfg.Directory, cfg.Topics.Logs)
	require.NoError(t, err)
	answer, err := client(t, cfg).Metadata(t.Context(), &kafka.MetadataRequest{})
	require.NoError(t, err)
	f.belongTo(answer.ClusterID)
	f.set(0, savedPartition{Next: 3})
	require.NoError(t, f.close())

	store := &sink{}
	reader := sdkmetric.NewManualReader()
	set := receiverSettings(t)
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	running, err := newReceiver(set, cfg, logsSignal(cfg.Topics.Logs, store))
	require.NoError(t, err)
	require.NoError(t, running.Start(t.Context(), nil))
	once(t, store, 40)
	waitFor(t, func() bool { return lagOf(running) == 0 })
	assert.Equal(t, int64(3), sample(t, reader, "pharos_kafka_skipped_messages"))
	require.NoError(t, running.Shutdown(t.Context()))
	f, _, err = openOffsets(cfg.Directory, cfg.Topics.Logs)
	require.NoError(t, err)
	saved, _ := f.get(0)
	assert.WithinDuration(t, now.Add(-4*time.Minute), saved.Since, time.Second, "the first message that was there")
	require.NoError(t, f.close())
}

// TestReplicaOfANewTopic deletes the topic and creates it again, once while the replica is away
// and once while it reads.
func TestReplicaOfANewTopic(t *testing.T) {
	cfg := replicaConfig(t, 2)
	anew := func(batch string, count int) {
		t.Helper()
		answer, err := client(t, cfg).DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{cfg.Topics.Logs}})
		require.NoError(t, err)
		require.NoError(t, answer.Errors[cfg.Topics.Logs])
		createTopic(t, cfg)
		for n := range count {
			produceAt(t, cfg, n%2, time.Now(), records(fmt.Sprintf("%s%d", batch, n), 10, "checkout"))
		}
	}
	createTopic(t, cfg)
	for n := range 8 {
		produceAt(t, cfg, n%2, time.Now(), records(fmt.Sprintf("A%d", n), 10, "checkout"))
	}
	store := &sink{}
	_, stop := startLogs(t, cfg, store)
	once(t, store, 80)
	stop()

	anew("B", 20) // more than there were
	_, stop = startLogs(t, cfg, store)
	once(t, store, 280)

	anew("C", 6)
	once(t, store, 340)
	stop()
}

// TestReplicaFollowsNewPartitions adds partitions to a topic that is read.
func TestReplicaFollowsNewPartitions(t *testing.T) {
	t.Parallel()
	cfg := replicaConfig(t, 1)
	createTopic(t, cfg)
	tailed := *cfg
	tailed.Mode, tailed.Directory = modeTail, ""
	produceAt(t, cfg, 0, time.Now(), records("A", 10, "checkout"))
	store, live := &sink{}, &sink{}
	startLogs(t, cfg, store)
	tailing, _ := startLogs(t, &tailed, live)
	once(t, store, 10)
	waitFor(t, func() bool { return partitionsOf(tailing) == 1 })
	answer, err := client(t, cfg).CreatePartitions(t.Context(), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: cfg.Topics.Logs, Count: 3}}})
	require.NoError(t, err)
	require.NoError(t, answer.Errors[cfg.Topics.Logs])
	later := *cfg
	later.CreateTopics.Partitions = 3
	createTopic(t, &later)
	for partition := range 3 {
		produceAt(t, cfg, partition, time.Now(), records(fmt.Sprintf("B%d", partition), 10, "checkout"))
	}
	once(t, store, 40)
	once(t, live, 30)
}

// TestReplicaLeavesOut has what writers would make dead letters of.
func TestReplicaLeavesOut(t *testing.T) {
	cfg := replicaConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("good", 5, "checkout"))
	raw(t, cfg, cfg.Topics.Logs, kafkaclient.Headers{{Key: kafkaclient.HeaderOrg, Value: []byte(acme)}}, []byte("no protobuf"))
	raw(t, cfg, cfg.Topics.Logs, nil, []byte{})
	write(acme, records("bad", 5, "checkout"))
	write(acme, records("old", 1500, "checkout"))
	write(acme, records("fine", 5, "checkout"))
	away := atomic.Int64{}
	store := &sink{refuse: func(ctx context.Context, _ string, logs plog.Logs) error {
		if away.Add(1) < 3 {
			return errors.New("the store is away")
		}
		if has(logs, "bad-0") {
			return consumererror.NewPermanent(errcode.New(errcode.Invalid, "the store does not want it"))
		}
		if report := rejection.FromContext(ctx); has(logs, "old-0") {
			each(logs, func(record plog.LogRecord) {
				report.Add(rejection.Item{Key: id(record), Reason: "too_old", Message: "is too old"})
			})
		}
		return nil
	}}
	reader := sdkmetric.NewManualReader()
	set := receiverSettings(t)
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	running, err := newReceiver(set, cfg, logsSignal(cfg.Topics.Logs, store))
	require.NoError(t, err)
	require.NoError(t, running.Start(t.Context(), nil))
	once(t, store, 1510)
	waitFor(t, func() bool { return lagOf(running) == 0 })
	assert.Equal(t, int64(1+1+5+1500), sample(t, reader, "pharos_kafka_left_out_items"))
	require.NoError(t, running.Shutdown(t.Context()))
	topics, err := client(t, cfg).Metadata(t.Context(), &kafka.MetadataRequest{})
	require.NoError(t, err)
	for i := range topics.Topics {
		assert.NotEqual(t, cfg.Topics.Logs+kafkaclient.DeadSuffix, topics.Topics[i].Name, "no dead letters")
	}
}

// deleteRecords is Kafka's request of that name, which the client does not have.
func deleteRecords(t *testing.T, cfg *Config, partition int32, before int64) {
	t.Helper()
	request := &deleteRecordsRequest{TimeoutMs: 10_000, Topics: []deleteRecordsTopic{{
		Name: cfg.Topics.Logs, Partitions: []deleteRecordsPartition{{Index: partition, Offset: before}},
	}}}
	kafkaClient := client(t, cfg)
	answer, err := kafkaClient.Transport.RoundTrip(t.Context(), kafkaClient.Addr, request)
	require.NoError(t, err)
	deleted := answer.(*deleteRecordsResponse).Topics[0].Partitions[0]
	require.Zero(t, deleted.ErrorCode)
	require.Equal(t, before, deleted.LowWatermark)
}

type deleteRecordsRequest struct {
	Topics    []deleteRecordsTopic `kafka:"min=v0,max=v0"`
	TimeoutMs int32                `kafka:"min=v0,max=v0"`
}

type deleteRecordsTopic struct {
	Name       string                   `kafka:"min=v0,max=v0"`
	Partitions []deleteRecordsPartition `kafka:"min=v0,max=v0"`
}

type deleteRecordsPartition struct {
	Index  int32 `kafka:"min=v0,max=v0"`
	Offset int64 `kafka:"min=v0,max=v0"`
}

func (*deleteRecordsRequest) ApiKey() protocol.ApiKey { return protocol.DeleteRecords } //nolint:revive // an interface of kafka-go

type deleteRecordsResponse struct {
	ThrottleTimeMs int32                   `kafka:"min=v0,max=v0"`
	Topics         []deleteRecordsResultOf `kafka:"min=v0,max=v0"`
}

type deleteRecordsResultOf struct {
	Name       string                `kafka:"min=v0,max=v0"`
	Partitions []deleteRecordsResult `kafka:"min=v0,max=v0"`
}

type deleteRecordsResult struct {
	Index        int32 `kafka:"min=v0,max=v0"`
	LowWatermark int64 `kafka:"min=v0,max=v0"`
	ErrorCode    int16 `kafka:"min=v0,max=v0"`
}

func (*deleteRecordsResponse) ApiKey() protocol.ApiKey { return protocol.DeleteRecords } //nolint:revive // an interface of kafka-go
