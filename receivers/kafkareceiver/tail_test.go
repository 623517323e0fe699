package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

func tailConfig(tb testing.TB, partitions int) *Config {
	tb.Helper()
	cfg := testConfig(tb, partitions)
	cfg.Mode = modeTail
	require.NoError(tb, cfg.Validate())
	return cfg
}

// TestTail begins at the end, each time.
func TestTail(t *testing.T) {
	t.Parallel()
	cfg := tailConfig(t, 3)
	write := writer(t, cfg)
	write(acme, records("before", 10, "checkout"))
	for round := range 2 {
		store := &sink{}
		running, stop := startLogs(t, cfg, store)
		waitFor(t, func() bool { return partitionsOf(running) == 3 })
		for n := range 5 {
			write(acme, records(fmt.Sprintf("R%d-%d", round, n), 10, fmt.Sprintf("service-%d", n)))
		}
		once(t, store, 50)
		assert.Zero(t, store.of(acme)["before-0"])
		stop()
	}
}

// TestTailLeavesOut has a consumer that fails, and one that is slow.
func TestTailLeavesOut(t *testing.T) {
	t.Parallel()
	cfg := tailConfig(t, 1)
	cfg.MaxBatchBytes = 1 // one message at a time
	write := writer(t, cfg)
	write(acme, records("before", 1, "checkout"))
	slow := make(chan struct{})
	store := &sink{refuse: func(ctx context.Context, _ string, logs plog.Logs) error {
		switch {
		case has(logs, "fails-0"):
			return errors.New("the store is away")
		case has(logs, "slow-0"):
			select {
			case <-slow:
			case <-ctx.Done():
			}
		}
		return nil
	}}
	reader := sdkmetric.NewManualReader()
	set := receiverSettings(t)
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	running, err := newReceiver(set, cfg, logsSignal(cfg.Topics.Logs, store))
	require.NoError(t, err)
	require.NoError(t, running.Start(t.Context(), nil))
	waitFor(t, func() bool { return partitionsOf(running) == 1 })
	write(acme, records("fails", 7, "checkout"))
	write(acme, records("slow", 1, "checkout"))
	waitFor(t, func() bool { return sample(t, reader, "pharos_kafka_left_out_items") == 7 })
	for n := range 20 {
		write(acme, records(fmt.Sprintf("missed%d", n), 1, "checkout"))
	}
	began := time.Now()
	waitFor(t, func() bool { return time.Since(began) > tailPatience })
	close(slow)
	waitFor(t, func() bool { return sample(t, reader, "pharos_kafka_skipped_messages") > 0 })
	write(acme, records("after", 1, "checkout"))
	waitFor(t, func() bool { return store.of(acme)["after-0"] == 1 })
	skipped := sample(t, reader, "pharos_kafka_skipped_messages")
	assert.Len(t, store.of(acme), 20-int(skipped)+2, "each was handed on or counted")
	require.NoError(t, running.Shutdown(t.Context()))
}
