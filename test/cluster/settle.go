package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// metadataTTL is how long the client of the tests believes that a topic is not there.
const metadataTTL = 100 * time.Millisecond

// Settle waits until everything of these signals, or of all, that Kafka has acknowledged so far
// can be read: the writers have committed it, the hot tier has it, and Elasticsearch has made it
// searchable.
func (c *Cluster) Settle(ctx context.Context, signals ...string) error {
	if len(signals) == 0 {
		signals = []string{"metrics", "logs"}
	}
	for _, signal := range signals {
		if err := c.settle(ctx, signal); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) settle(ctx context.Context, signal string) error {
	acknowledged := time.Now()
	ends, err := c.existingEnds(ctx, c.Topic(signal))
	if err != nil {
		return err
	}
	c.mu.Lock()
	same := maps.Equal(ends, c.settled[signal])
	c.mu.Unlock()
	if same {
		return nil // nothing has come since
	}
	if err := c.committed(ctx, signal, ends); err != nil {
		return err
	}
	if signal == "metrics" {
		err = c.hotSince(ctx, acknowledged)
	} else {
		err = c.refresh(ctx)
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled[signal] = ends
	return nil
}

// existingEnds waits for a topic that is made just now.
func (c *Cluster) existingEnds(ctx context.Context, topic string) (map[int]int64, error) {
	for {
		ends, err := c.Ends(ctx, topic)
		if err != nil || len(ends) > 0 {
			return ends, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("there is no topic %s: %w", topic, ctx.Err())
		case <-time.After(metadataTTL):
		}
	}
}

// hotSince waits until the hot tier has all that had come at a time.
func (c *Cluster) hotSince(ctx context.Context, at time.Time) error {
	for {
		asked := time.Now()
		lag, err := c.hotLag(ctx)
		if err == nil && asked.Add(-lag).After(at) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the hot tier, which is %s behind: %w", lag, errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// hotLag asks the backend how far its hot tier is behind.
func (c *Cluster) hotLag(ctx context.Context) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Backend.Ops+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("ask the backend for its metrics: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if !strings.HasPrefix(name, "pharos_hot_lag") || !strings.Contains(name, `signal="metrics"`) {
			continue
		}
		seconds, err := strconv.ParseFloat(value, 64)
		return time.Duration(seconds * float64(time.Second)), err
	}
	return 0, errors.Join(errors.New("the backend does not tell how far its hot tier is behind"), lines.Err())
}

// kafka returns a client. A client of its own would keep what it knows of topics for a while, so
// that one that was just made would not be there.
func (c *Cluster) kafka() *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(c.Servers.Kafka.Address), Timeout: 10 * time.Second, Transport: c.transport}
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

// Committed returns how far the writers have committed each partition of a signal's topic.
func (c *Cluster) Committed(ctx context.Context, signal string) (map[int]int64, error) {
	ends, err := c.Ends(ctx, c.Topic(signal))
	if err != nil {
		return nil, err
	}
	request := &kafka.OffsetFetchRequest{
		GroupID: c.group() + "." + signal, Topics: map[string][]int{c.Topic(signal): slices.Collect(maps.Keys(ends))},
	}
	answer, err := c.kafka().OffsetFetch(ctx, request)
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return nil, fmt.Errorf("ask how far the writers are: %w", err)
	}
	offsets := make(map[int]int64)
	for _, one := range answer.Topics[c.Topic(signal)] {
		offsets[one.Partition] = max(0, one.CommittedOffset) // it is -1 where nothing was committed
	}
	return offsets, nil
}

// committed waits until the writers have committed the partitions of a signal's topic up to
// these offsets.
func (c *Cluster) committed(ctx context.Context, signal string, ends map[int]int64) error {
	for {
		behind := 0
		offsets, err := c.Committed(ctx, signal)
		for partition, end := range ends {
			if err == nil && offsets[partition] < end {
				behind++
			}
		}
		if err == nil && behind == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the writer: %d partitions of %s are behind: %w", behind, signal, errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
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
