package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// load writes batches of ten records until stop is called, which returns how many batches Kafka
// has acknowledged.
func load(t *testing.T, cfg *Config, prefix string) (sent func() int, stop func() int) {
	t.Helper()
	write := writer(t, cfg)
	var count atomic.Int64
	var running sync.WaitGroup
	ended := make(chan struct{})
	running.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
			}
			n := count.Load()
			write(acme, records(fmt.Sprintf("%s%d", prefix, n), 10, fmt.Sprintf("service-%d", n%16)))
			count.Add(1)
		}
	})
	sent = func() int { return int(count.Load()) }
	return sent, func() int {
		close(ended)
		running.Wait()
		return sent()
	}
}

// all waits until every record of the batches is in the store, and returns how many came twice.
func all(t *testing.T, store *sink, prefix string, batches int) (twice int) {
	t.Helper()
	waitFor(t, func() bool { return len(store.of(acme)) >= batches*10 })
	seen := store.of(acme)
	assert.Len(t, seen, batches*10, "records that nobody wrote")
	for batch := range batches {
		for n := range 10 {
			times := seen[fmt.Sprintf("%s%d-%d", prefix, batch, n)]
			require.Positive(t, times, "record %d of batch %d is lost", n, batch)
			if times > 1 {
				twice++
			}
		}
	}
	return twice
}

// TestRebalance lets receivers join and leave under load: every record arrives, and those that
// come twice have the same id.
func TestRebalance(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t, 6)
	sent, stopLoad := load(t, cfg, "R")
	store := &sink{refuse: func(context.Context, string, plog.Logs) error {
		time.Sleep(2 * time.Millisecond) // a store takes its time
		return nil
	}}
	reaches := func(more int) {
		t.Helper()
		want := sent() + more
		waitFor(t, func() bool { return len(store.of(acme)) >= want*10 })
	}
	_, stopFirst := startLogs(t, cfg, store)
	reaches(20)
	second, stopSecond := startLogs(t, cfg, store)
	waitFor(t, func() bool { return partitionsOf(second) == 3 })
	reaches(20)
	stopFirst()
	waitFor(t, func() bool { return partitionsOf(second) == 6 })
	reaches(20)
	third, stopThird := startLogs(t, cfg, store)
	waitFor(t, func() bool { return partitionsOf(third) == 3 })
	stopSecond()
	reaches(20)
	batches := stopLoad()
	twice := all(t, store, "R", batches)
	waitFor(t, func() bool {
		total := int64(0)
		for _, offset := range committed(t, cfg) {
			total += max(offset, 0)
		}
		return total == int64(batches)
	})
	stopThird()
	t.Logf("%d batches, %d records came twice", batches, twice)
	// Who stops or loses a partition ends and commits what it has begun.
	assert.Zero(t, twice, "nobody was killed")
}

func partitionsOf(r *logsReceiver) (count int) {
	r.telemetry.lags.each(func(int, int64) { count++ })
	return count
}

// TestBrokerKilledUnderLoad kills the broker while records are written, and read by a group and
// by a replica.
func TestBrokerKilledUnderLoad(t *testing.T) {
	cfg := testConfig(t, 3)
	sent, stopLoad := load(t, cfg, "K")
	store, copied := &sink{}, &sink{}
	running, _ := startLogs(t, cfg, store)
	replicated := *cfg
	replicated.Mode, replicated.Directory = modeReplica, t.TempDir()
	copying, _ := startLogs(t, &replicated, copied)
	waitFor(t, func() bool { return len(store.of(acme)) > 200 && len(copied.of(acme)) > 200 })
	server := kafkaServer(t)
	server.Kill()
	require.NoError(t, server.Start(t.Context()))
	before := sent()
	waitFor(t, func() bool { return sent() > before+20 })
	batches := stopLoad()
	twice := all(t, store, "K", batches)
	all(t, copied, "K", batches)
	waitFor(t, func() bool { return lagOf(running) == 0 && lagOf(copying) == 0 })
	t.Logf("%d batches, %d records came twice", batches, twice)
}

func lagOf(r *logsReceiver) (lag int64) {
	r.telemetry.lags.each(func(_ int, behind int64) { lag += behind })
	return lag
}

// TestBrokerComesLater starts the receiver before the broker.
func TestBrokerComesLater(t *testing.T) {
	server := kafkaServer(t)
	cfg := testConfig(t, 2)
	server.Stop()
	store := &sink{}
	running, _ := startLogs(t, cfg, store)
	waitFor(t, running.bad.Load)
	require.NoError(t, server.Start(t.Context()))
	write := writer(t, cfg)
	write(acme, records("A", 10, "checkout"))
	waitFor(t, func() bool { return len(store.of(acme)) == 10 })
	waitFor(t, func() bool { return !running.bad.Load() })
}

// TestStopWithoutBroker holds that a receiver that never reached Kafka ends.
func TestStopWithoutBroker(t *testing.T) {
	cfg := defaultConfig()
	cfg.Brokers = []string{"127.0.0.1:1"}
	running, stop := startLogs(t, cfg, &sink{})
	waitFor(t, running.bad.Load)
	stop()
}

// TestLagWhileStoreIsAway holds that the lag grows also when nothing is read.
func TestLagWhileStoreIsAway(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("A", 1, "checkout"))
	away := atomic.Bool{}
	away.Store(true)
	asked := make(chan struct{}, 10_000)
	store := &sink{refuse: func(context.Context, string, plog.Logs) error {
		if away.Load() {
			asked <- struct{}{}
			return errors.New("away")
		}
		return nil
	}}
	reader := sdkmetric.NewManualReader()
	set := receiverSettings(t)
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	running, err := newReceiver(set, cfg, logsSignal(cfg.Topics.Logs, store))
	require.NoError(t, err)
	require.NoError(t, running.Start(t.Context(), nil))
	<-asked
	for n := range 4 {
		write(acme, records(fmt.Sprintf("B%d", n), 1, "checkout"))
	}
	waitFor(t, func() bool { return lagOf(running) == 5 })
	assert.Equal(t, int64(5), sample(t, reader, "pharos_kafka_lag"))
	assert.Positive(t, sample(t, reader, "pharos_kafka_consume_retries"))
	assert.Positive(t, sample(t, reader, "pharos_kafka_in_flight_bytes"))
	away.Store(false)
	waitFor(t, func() bool { return lagOf(running) == 0 })
	waitFor(t, func() bool { return sample(t, reader, "pharos_kafka_consumed_messages") == 5 })
	assert.Equal(t, int64(5), sample(t, reader, "pharos_kafka_consumed_items"))
	require.NoError(t, running.Shutdown(t.Context()))
}

// sample returns the sum of a metric's values.
func sample(t *testing.T, reader *sdkmetric.ManualReader, name string) (sum int64) {
	t.Helper()
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	for _, scope := range collected.ScopeMetrics {
		for _, metric := range scope.Metrics {
			if metric.Name != name {
				continue
			}
			var points []metricdata.DataPoint[int64]
			switch data := metric.Data.(type) {
			case metricdata.Gauge[int64]:
				points = data.DataPoints
			case metricdata.Sum[int64]:
				points = data.DataPoints
			}
			for _, point := range points {
				sum += point.Value
			}
		}
	}
	return sum
}

// TestDeletedMessages begins at an offset that Kafka no longer has.
func TestDeletedMessages(t *testing.T) {
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("A", 10, "checkout"))
	store := &sink{}
	running := newLogsReceiver(t, cfg, store)
	reader := &partitionReader[plog.Logs]{
		receiver: running, next: 1000, share: cfg.MaxBytesInFlight, fetchBytes: firstFetch(cfg.MaxBytesInFlight),
		place: &groupPlace[plog.Logs]{receiver: running, commitOffset: func(int64) error { return errors.New("enough") }},
	}
	reader.run(t.Context())
	require.NoError(t, running.Shutdown(t.Context()))
	assert.Len(t, store.of(acme), 10)
}

// TestManyRefusedItems refuses more items than a report lists, of one message of several.
func TestManyRefusedItems(t *testing.T) {
	cfg := testConfig(t, 1)
	write := writer(t, cfg)
	write(acme, records("good", 10, "checkout"))
	write(acme, records("bad", 1500, "checkout"))
	write(acme, records("fine", 10, "checkout"))
	store := &sink{refuse: func(ctx context.Context, _ string, logs plog.Logs) error {
		report := rejection.FromContext(ctx)
		each(logs, func(record plog.LogRecord) {
			if id(record)[:3] == "bad" {
				report.Add(rejection.Item{Key: id(record), Reason: "too_old", Message: "is too old"})
			}
		})
		return nil
	}}
	startLogs(t, cfg, store)
	waitFor(t, func() bool { return committed(t, cfg)[0] == 3 })
	letter := letters(t, cfg, 1)[0]
	headers := kafkaclient.Headers(letter.Headers)
	assert.Equal(t, "1", headers.Get(kafkaclient.HeaderDeadOffset))
	assert.Equal(t, "1500", headers.Get(kafkaclient.HeaderDeadItems))
	end, err := (&kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transportOf(t, cfg)}).ListOffsets(t.Context(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{cfg.Topics.Logs + kafkaclient.DeadSuffix: {kafka.LastOffsetOf(0)}},
	})
	require.NoError(t, err)
	assert.Equal(t, int64(1), end.Topics[cfg.Topics.Logs+kafkaclient.DeadSuffix][0].LastOffset, "the good messages are no letters")
}

func transportOf(t *testing.T, cfg *Config) *kafka.Transport {
	t.Helper()
	transport, err := cfg.Transport()
	require.NoError(t, err)
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// TestMemoryIsBounded reads a backlog that is much larger than what may be in memory.
func TestMemoryIsBounded(t *testing.T) {
	cfg := testConfig(t, 1)
	cfg.MaxBatchBytes, cfg.MaxBytesInFlight = 64<<10, 128<<10
	write := writer(t, cfg)
	for n := range 60 {
		write(acme, records(fmt.Sprintf("A%d", n), 500, "checkout"))
	}
	largest := atomic.Int64{}
	var running *logsReceiver
	ready := make(chan struct{})
	store := &sink{refuse: func(context.Context, string, plog.Logs) error {
		<-ready
		largest.Store(max(largest.Load(), running.telemetry.inFlight.Load()))
		return nil
	}}
	running, _ = startLogs(t, cfg, store)
	close(ready)
	waitFor(t, func() bool { return len(store.of(acme)) == 30_000 })
	size := int64(0)
	for range 60 {
		var encoder plog.ProtoMarshaler
		size += int64(encoder.LogsSize(records("A00", 500, "checkout")))
	}
	t.Logf("%d of %d bytes were in memory at most", largest.Load(), size)
	assert.Less(t, largest.Load(), int64(2*cfg.MaxBytesInFlight))
	assert.Greater(t, size, int64(10*cfg.MaxBytesInFlight))
}
