package kafkareceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/internal/tlsclient"
)

func TestReadmeExample(t *testing.T) {
	t.Setenv("PHAROS_KAFKA_PASSWORD", "secret")
	cfg := configtest.Example(t, "receivers::kafka", defaultConfig())
	want := defaultConfig()
	want.Brokers = []string{"kafka-1.internal:9093", "kafka-2.internal:9093"}
	want.TLS = tlsclient.Config{Enabled: true, ServerName: "kafka.internal"}
	want.SASL = kafkaclient.SASLConfig{Mechanism: "plain", Username: "pharos-writer", Password: cfg.SASL.Password}
	want.Group = "pharos-writer"
	want.MaxBytesInFlight = 128 << 20
	assert.Equal(t, want, cfg)
	assert.Empty(t, cfg.References())

	cfg = configtest.Example(t, "receivers::kafka/hot", defaultConfig())
	want = defaultConfig()
	want.Brokers = []string{"kafka-1.internal:9092"}
	want.Mode = modeReplica
	want.Progress = component.MustNewIDWithName("storage", "hot")
	assert.Equal(t, want, cfg)
	assert.Equal(t, map[string]component.ID{"progress": want.Progress}, cfg.References())

	cfg = configtest.Example(t, "receivers::kafka/tail", defaultConfig())
	want = defaultConfig()
	want.Brokers = []string{"kafka-1.internal:9092"}
	want.Mode = modeTail
	assert.Equal(t, want, cfg)
}

func TestDefaults(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"brokers: is empty":                                 func(c *Config) { c.Brokers = nil },
		"group: is empty":                                   func(c *Config) { c.Group = "" },
		"max_batch_bytes: is 1 (use at least 65536)":        func(c *Config) { c.MaxBatchBytes = 1 },
		"max_bytes_in_flight: is less than max_batch_bytes": func(c *Config) { c.MaxBytesInFlight = 1 },
		"max_wait: is 0s (use from 10ms to 30s)":            func(c *Config) { c.MaxWait = 0 },
		"min_backoff: is 0s":                                func(c *Config) { c.MinBackoff = 0 },
		"max_backoff: is less than min_backoff":             func(c *Config) { c.MaxBackoff = time.Millisecond },
		"session_timeout: is 1s (use at least 6s":           func(c *Config) { c.SessionTimeout = time.Second },
		"drain_timeout: is 1m0s (use from 0s to 15s)":       func(c *Config) { c.DrainTimeout = time.Minute },
		`mode: is "all" (use group, replica or tail)`:       func(c *Config) { c.Mode = "all" },
		`mode: is "tail", which keeps no offsets`:           func(c *Config) { c.Mode, c.Directory = modeTail, "offsets" },
		`mode: is "group", which keeps no offsets`:          func(c *Config) { c.Progress = component.MustNewID("storage") },
		"directory: is empty":                               func(c *Config) { c.Mode = modeReplica },
		"replay: is 1s":                                     asReplica(func(c *Config) { c.Replay = time.Second }),
		"max_ahead: is 0s":                                  asReplica(func(c *Config) { c.MaxAhead = 0 }),
		"future: is -1s":                                    asReplica(func(c *Config) { c.Future = -time.Second }),
	})
}

func asReplica(change func(*Config)) func(*Config) {
	return func(c *Config) {
		c.Mode, c.Directory = modeReplica, "offsets"
		change(c)
	}
}
