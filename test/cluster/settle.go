package cluster

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/segmentio/kafka-go"
)

// Settle waits until everything that Kafka has acknowledged so far can be read: the writers have
// committed it, and Elasticsearch has made it searchable.
func (c *Cluster) Settle(ctx context.Context) error {
	for _, signal := range []string{"metrics", "logs"} {
		ends, err := c.Ends(ctx, c.Topic(signal))
		if err != nil {
			return err
		}
		if err := c.committed(ctx, signal, ends); err != nil {
			return err
		}
	}
	return c.refresh(ctx)
}

func (c *Cluster) kafka() *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(c.Servers.Kafka.Address), Timeout: 10 * time.Second}
}

// Ends returns the offset that the next message of each partition of a topic gets; nothing for a
// topic that does not exist yet.
func (c *Cluster) Ends(ctx context.Context, topic string) (map[int]int64, error) {
	client := c.kafka()
	found, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, fmt.Errorf("ask for the partitions of %s: %w", topic, err)
	}
	ends := make(map[int]int64)
	if unknown := found.Topics[0].Error; unknown != nil {
		return ends, nil //nolint:nilerr // nobody has written yet
	}
	request := &kafka.ListOffsetsRequest{Topics: make(map[string][]kafka.OffsetRequest)}
	for _, partition := range found.Topics[0].Partitions {
		request.Topics[topic] = append(request.Topics[topic], kafka.LastOffsetOf(partition.ID))
	}
	listed, err := client.ListOffsets(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("ask for the ends of %s: %w", topic, err)
	}
	for _, partition := range listed.Topics[topic] {
		if partition.Error != nil {
			return nil, fmt.Errorf("ask for the ends of %s: %w", topic, partition.Error)
		}
		ends[partition.Partition] = partition.LastOffset
	}
	return ends, nil
}

// committed waits until the writers have committed the partitions of a signal's topic up to
// these offsets.
func (c *Cluster) committed(ctx context.Context, signal string, ends map[int]int64) error {
	var partitions []int
	for partition, end := range ends {
		if end > 0 {
			partitions = append(partitions, partition)
		}
	}
	request := &kafka.OffsetFetchRequest{GroupID: c.group() + "." + signal, Topics: map[string][]int{c.Topic(signal): partitions}}
	for len(partitions) > 0 {
		behind := 0
		answer, err := c.kafka().OffsetFetch(ctx, request)
		if err == nil {
			err = answer.Error
		}
		if err == nil {
			for _, one := range answer.Topics[c.Topic(signal)] {
				if one.CommittedOffset < ends[one.Partition] {
					behind++
				}
			}
			if behind == 0 {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the writer: %d partitions of %s are behind: %w (last answer: %w)", behind, signal, ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// refresh makes what Elasticsearch has stored searchable, as it does by itself after a while.
func (c *Cluster) refresh(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Servers.Elasticsearch.URL+"/"+c.Name+"*/_refresh?ignore_unavailable=true", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("refresh the indices: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // only the status counts
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("refresh the indices: %s", response.Status)
	}
	return nil
}
