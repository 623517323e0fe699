package kafkaexporter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
)

func TestReadmeExample(t *testing.T) {
	t.Setenv("PHAROS_KAFKA_PASSWORD", "secret")
	cfg := configtest.Example(t, "exporters::kafka", defaultConfig())
	want := defaultConfig()
	want.Brokers = []string{"kafka-1.internal:9093", "kafka-2.internal:9093"}
	want.SASL = kafkaclient.SASLConfig{Mechanism: "scram-sha-512", Username: "pharos-gateway", Password: cfg.SASL.Password}
	want.CreateTopics = kafkaclient.CreateTopicsConfig{
		Enabled: true, Partitions: 24, Replication: 3,
		Settings: map[string]string{"min.insync.replicas": "2", "retention.ms": "259200000"},
	}
	want.PartitionsPerOrg = 6
	want.Timeout = 8 * time.Second
	assert.Equal(t, want, cfg)
}

func TestDefaults(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	assert.Equal(t, "metrics.incoming", defaultConfig().Topics.Metrics)
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"brokers: is empty (name at least one broker as host:port)":            func(c *Config) { c.Brokers = nil },
		`brokers: "kafka" is no address (use host:port)`:                       func(c *Config) { c.Brokers = []string{"kafka"} },
		`topics::logs: "" is no name of a topic`:                               func(c *Config) { c.Topics.Logs = "" },
		`topics::traces: "same" is the topic of another signal too`:            func(c *Config) { c.Topics.Logs, c.Topics.Traces = "same", "same" },
		"partitions: is less than 1 (use at least the number of writers)":      func(c *Config) { c.CreateTopics.Partitions = 0 },
		"replication: is 0 (use -1 for the brokers' default":                   func(c *Config) { c.CreateTopics.Replication = 0 },
		"enabled: is false while other settings of TLS are given":              func(c *Config) { c.TLS.ServerName = "kafka" },
		"cert_file: and key_file go together":                                  func(c *Config) { c.TLS.Enabled, c.TLS.CertFile = true, "a" },
		"ca_file: stat /nowhere/ca.pem":                                        func(c *Config) { c.TLS.Enabled, c.TLS.CAFile = true, "/nowhere/ca.pem" },
		`mechanism: is "kerberos" (use plain, scram-sha-256 or scram-sha-512)`: func(c *Config) { c.SASL.Mechanism = "kerberos" },
		"mechanism: is empty while an account is given":                        func(c *Config) { c.SASL.Username = "me" },
		"username: is empty": func(c *Config) { c.SASL.Mechanism = "plain" },
		"password: is empty (take it from the environment":            func(c *Config) { c.SASL.Mechanism, c.SASL.Username = "plain", "me" },
		`compression: is "zip" (use zstd, lz4, snappy, gzip or none)`: func(c *Config) { c.Compression = "zip" },
		"partitions_per_org: is less than 1":                          func(c *Config) { c.PartitionsPerOrg = 0 },
		"linger: is 2s (use from 1ms to 1s)":                          func(c *Config) { c.Linger = 2 * time.Second },
		"timeout: is 0s (use at least 1s)":                            func(c *Config) { c.Timeout = 0 },
		"max_message_bytes: is 2000000 (use from 16384 to 1000000)":   func(c *Config) { c.MaxMessageBytes = 2_000_000 },
		"max_pending_bytes: is less than max_message_bytes":           func(c *Config) { c.MaxPendingBytes = 1 },
	})
}
