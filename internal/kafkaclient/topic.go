package kafkaclient

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/segmentio/kafka-go"
)

// EnsureTopic creates a topic unless it is there. Partitions of 0 means as configured.
func (c *Config) EnsureTopic(ctx context.Context, transport *kafka.Transport, name string, partitions int) error {
	if !c.CreateTopics.Enabled {
		return nil
	}
	topic := kafka.TopicConfig{
		Topic: name, NumPartitions: c.CreateTopics.Partitions, ReplicationFactor: c.CreateTopics.Replication,
	}
	if partitions > 0 {
		topic.NumPartitions = partitions
	}
	for _, key := range slices.Sorted(maps.Keys(c.CreateTopics.Settings)) {
		topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: key, ConfigValue: c.CreateTopics.Settings[key]})
	}
	client := &kafka.Client{Addr: kafka.TCP(c.Brokers...), Transport: transport, Timeout: dialTimeout}
	answer, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topic}})
	if err != nil {
		return fmt.Errorf("create topic %q: %w", name, err)
	}
	if err := answer.Errors[name]; err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
		return fmt.Errorf("create topic %q: %w", name, err)
	}
	return nil
}
