package kafkaexporter

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// TestKillUnderLoad kills the broker while senders write, and starts it again: what was
// acknowledged is there, whatever was not comes again, and the ids tell them apart.
func TestKillUnderLoad(t *testing.T) {
	server := kafkaServer(t)
	cfg := configOf(server.Address)
	cfg.Timeout = 2 * time.Second
	exp := startLogs(t, cfg)
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(t.Context(), acme), records("first", 1, 10, "checkout")) })

	const senders, size = 4, 20
	var (
		running      sync.WaitGroup
		mu           sync.Mutex
		acknowledged []string
		failed       int
	)
	stop := make(chan struct{})
	for sender := range senders {
		running.Go(func() {
			for n := 0; ; n++ {
				batch := fmt.Sprintf("s%d.%d", sender, n)
				for {
					select {
					case <-stop:
						return
					default:
					}
					err := exp.ConsumeLogs(inOrg(t.Context(), acme), records(batch, size, 50, "checkout", "search"))
					mu.Lock()
					if err == nil {
						acknowledged = append(acknowledged, batch)
						mu.Unlock()
						break
					}
					failed++
					mu.Unlock()
					assert.True(t, errcode.Retryable(err), err)
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	sent := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	reaches := func(more int) {
		t.Helper()
		want := sent() + more
		require.Eventually(t, func() bool { return sent() >= want }, time.Minute, 10*time.Millisecond)
	}
	reaches(50)
	server.Kill()
	require.NoError(t, server.Start(t.Context()))
	reaches(50)
	close(stop)
	running.Wait()

	found := idsOf(t, readAll(t, server.Address, cfg.Topics.Logs))[acme]
	missing := 0
	for _, batch := range acknowledged {
		for n := range 2 * size {
			if found[fmt.Sprintf("%s-%d", batch, n)] == 0 {
				missing++
			}
		}
	}
	assert.Zero(t, missing, "acknowledged records that are not there")
	assert.Positive(t, failed, "nothing failed: the broker was not away")
	require.Eventually(t, func() bool { return exp.producer.pending.Load() == 0 }, 20*time.Second, 10*time.Millisecond)
	t.Logf("%d batches acknowledged, %d attempts failed", len(acknowledged), failed)
}

// TestBrokerComesLater starts the exporter before the broker.
func TestBrokerComesLater(t *testing.T) {
	server := kafkaServer(t)
	server.Stop()
	cfg := configOf(server.Address)
	cfg.Timeout = time.Second
	exp := startLogs(t, cfg)
	err := exp.ConsumeLogs(inOrg(t.Context(), acme), records("A", 10, 10, "checkout"))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	assert.True(t, exp.health.bad.value.Load())
	require.NoError(t, server.Start(t.Context()))
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(t.Context(), acme), records("A", 10, 10, "checkout")) })
	assert.Len(t, idsOf(t, readAll(t, server.Address, cfg.Topics.Logs))[acme], 10)
	require.Eventually(t, func() bool { return !exp.health.bad.value.Load() }, 20*time.Second, 10*time.Millisecond)

	// Without anything to write it notices what becomes of Kafka.
	idle := startLogs(t, cfg)
	require.Eventually(t, func() bool { return !idle.health.bad.value.Load() }, 20*time.Second, 10*time.Millisecond)
	server.Kill()
	require.Eventually(t, func() bool { return idle.health.bad.value.Load() }, 60*time.Second, 10*time.Millisecond)
	require.NoError(t, server.Start(t.Context()))
	require.Eventually(t, func() bool { return !idle.health.bad.value.Load() }, 60*time.Second, 10*time.Millisecond)
}

// TestBrokerThatDoesNotAnswer holds that a write ends, and that what waits is bounded.
func TestBrokerThatDoesNotAnswer(t *testing.T) {
	server := kafkaServer(t)
	cfg := configOf(server.Address)
	cfg.Timeout, cfg.MaxMessageBytes, cfg.MaxPendingBytes = time.Second, 64<<10, 64<<10
	exp := startLogs(t, cfg)
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(t.Context(), acme), records("A", 1, 10, "checkout")) })
	require.NoError(t, server.Pause())
	texts := map[string]bool{}
	for n := range 6 {
		err := exp.ConsumeLogs(inOrg(t.Context(), acme), records(fmt.Sprintf("B%d", n), 25, 1000, "checkout"))
		require.Equal(t, errcode.Unavailable, errcode.Of(err))
		texts[err.Error()] = true
		assert.LessOrEqual(t, exp.producer.pending.Load(), cfg.MaxPendingBytes)
	}
	require.NoError(t, server.Resume())
	assert.NotEmpty(t, texts)
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(t.Context(), acme), records("C", 1, 10, "checkout")) })
	require.Eventually(t, func() bool { return exp.producer.pending.Load() == 0 }, 20*time.Second, 10*time.Millisecond)
}

// TestConcurrentWritesAreJoined says that many small requests make few batches.
func TestConcurrentWritesAreJoined(t *testing.T) {
	cfg := configOf(kafkaServer(t).Address)
	cfg.Linger = 100 * time.Millisecond
	exp := startLogs(t, cfg)
	eventually(t, func() error { return exp.ConsumeLogs(inOrg(t.Context(), acme), records("first", 1, 10, "checkout")) })
	exp.producer.joined.Stats() // from here
	var running sync.WaitGroup
	for n := range 50 {
		running.Go(func() {
			assert.NoError(t, exp.ConsumeLogs(inOrg(t.Context(), acme), records(fmt.Sprintf("A%d", n), 1, 10, "checkout")))
		})
	}
	running.Wait()
	stats := exp.producer.joined.Stats()
	assert.Equal(t, int64(50), stats.Messages)
	assert.Less(t, stats.Writes, int64(25))
}
