// Package kafkaclient is what the kafka exporter and the kafka receiver share: how to reach the
// brokers, the topics, and the form of a message (docs/formats/kafka.md).
package kafkaclient

import (
	"fmt"
	"net"
	"regexp"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/tlsclient"
)

// Config says how to reach the brokers.
type Config struct {
	// Brokers are some of the cluster's brokers, as host:port; the others are learned from them.
	Brokers []string `mapstructure:"brokers"`
	// ClientID is the name of this client in the brokers' logs and quotas.
	ClientID string `mapstructure:"client_id"`
	// TLS encrypts the connections.
	TLS tlsclient.Config `mapstructure:"tls"`
	// SASL logs in to the brokers.
	SASL SASLConfig `mapstructure:"sasl"`
	// Topics are the names of the topics.
	Topics TopicsConfig `mapstructure:"topics"`
	// CreateTopics makes topics that are not there.
	CreateTopics CreateTopicsConfig `mapstructure:"create_topics"`
}

// SASLConfig logs in to the brokers.
type SASLConfig struct {
	// Mechanism is plain, scram-sha-256 or scram-sha-512; empty means no login.
	Mechanism string `mapstructure:"mechanism"`
	// Username is the name of the account.
	Username string `mapstructure:"username"`
	// Password is the password of the account; take it from the environment.
	Password configopaque.String `mapstructure:"password"`
}

// TopicsConfig names the topic of each signal. The dead letters of a topic are in one of its
// name and ".dead".
type TopicsConfig struct {
	// Metrics is the topic of metrics.
	Metrics string `mapstructure:"metrics"`
	// Logs is the topic of logs.
	Logs string `mapstructure:"logs"`
	// Traces is the topic of traces.
	Traces string `mapstructure:"traces"`
}

// CreateTopicsConfig makes topics that are not there. Topics that are there are left as they are.
type CreateTopicsConfig struct {
	// Enabled turns it on.
	Enabled bool `mapstructure:"enabled"`
	// Partitions is how many partitions a new topic has. It bounds how many writers share a
	// topic; dead letters always have one.
	Partitions int `mapstructure:"partitions"`
	// Replication is on how many brokers each partition is; -1 means the brokers' default.
	Replication int `mapstructure:"replication"`
	// Settings are settings of a new topic, such as retention.ms and min.insync.replicas.
	Settings map[string]string `mapstructure:"settings"`
}

// Mechanisms of SASL.
const (
	mechanismPlain    = "plain"
	mechanismSCRAM256 = "scram-sha-256"
	mechanismSCRAM512 = "scram-sha-512"
)

// DefaultConfig returns the settings that hold where none are given.
func DefaultConfig() Config {
	return Config{
		Brokers:      []string{"127.0.0.1:9092"},
		ClientID:     "pharos",
		Topics:       TopicsConfig{Metrics: "metrics.incoming", Logs: "logs.incoming", Traces: "traces.incoming"},
		CreateTopics: CreateTopicsConfig{Enabled: true, Partitions: 12, Replication: -1},
	}
}

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,200}$`)

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	if len(c.Brokers) == 0 {
		return errcode.InvalidField("brokers", "is empty", "name at least one broker as host:port")
	}
	for _, broker := range c.Brokers {
		if host, port, err := net.SplitHostPort(broker); err != nil || host == "" || port == "" {
			return errcode.InvalidField("brokers", fmt.Sprintf("%q is no address", broker), "use host:port")
		}
	}
	topics := map[string]string{"metrics": c.Topics.Metrics, "logs": c.Topics.Logs, "traces": c.Topics.Traces}
	seen := map[string]bool{}
	for _, signal := range []string{"metrics", "logs", "traces"} {
		name := topics[signal]
		if !topicName.MatchString(name) {
			return errcode.InvalidField("topics::"+signal, fmt.Sprintf("%q is no name of a topic", name), "use letters, digits, '.', '_' and '-'")
		}
		if seen[name] {
			return errcode.InvalidField("topics::"+signal, fmt.Sprintf("%q is the topic of another signal too", name), "give each signal a topic of its own")
		}
		seen[name] = true
	}
	return nil
}

// Validate implements xconfmap.Validator.
func (c *CreateTopicsConfig) Validate() error {
	switch {
	case !c.Enabled:
		return nil
	case c.Partitions < 1:
		return errcode.InvalidField("partitions", "is less than 1", "use at least the number of writers")
	case c.Replication < -1 || c.Replication == 0:
		return errcode.InvalidField("replication", fmt.Sprintf("is %d", c.Replication), "use -1 for the brokers' default, or how many brokers have each partition")
	}
	return nil
}

// Validate implements xconfmap.Validator.
func (c *SASLConfig) Validate() error {
	switch c.Mechanism {
	case "":
		if c.Username != "" || c.Password != "" {
			return errcode.InvalidField("mechanism", "is empty while an account is given", "use plain, scram-sha-256 or scram-sha-512")
		}
		return nil
	case mechanismPlain, mechanismSCRAM256, mechanismSCRAM512:
	default:
		return errcode.InvalidField("mechanism", fmt.Sprintf("is %q", c.Mechanism), "use plain, scram-sha-256 or scram-sha-512")
	}
	if c.Username == "" {
		return errcode.InvalidField("username", "is empty", "name the account")
	}
	if c.Password == "" {
		return errcode.InvalidField("password", "is empty", "take it from the environment, as ${env:PHAROS_KAFKA_PASSWORD}")
	}
	return nil
}
