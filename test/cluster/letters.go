package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
)

// Letter is a dead letter.
type Letter struct {
	// Code is why it is one, for programs; Reason for people.
	Code, Reason string
	// Org is whose it is, if it says so.
	Org string
	// Items are the data points or records in it.
	Items int
	// At is when it was written.
	At time.Time
	// Value is the message, or what was refused of it.
	Value []byte
}

// Letters reads all dead letters of a signal, in the order of their times.
func (c *Cluster) Letters(ctx context.Context, signal string) ([]Letter, error) {
	topic := c.Topic(signal) + ".dead"
	ends, err := c.Ends(ctx, topic)
	if err != nil {
		return nil, err
	}
	var letters []Letter
	for partition, end := range ends {
		for offset := int64(0); offset < end; {
			answer, err := c.kafka().Fetch(ctx, &kafka.FetchRequest{
				Topic: topic, Partition: partition, Offset: offset, MinBytes: 1, MaxBytes: 16 << 20, MaxWait: time.Second,
			})
			if err == nil {
				err = answer.Error
			}
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", topic, err)
			}
			for {
				record, err := answer.Records.ReadRecord()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return nil, fmt.Errorf("read %s: %w", topic, err)
				}
				if record.Offset < offset {
					continue // the batch begins earlier
				}
				letter, err := readLetter(record)
				if err != nil {
					return nil, fmt.Errorf("read %s: %w", topic, err)
				}
				letters, offset = append(letters, letter), record.Offset+1
			}
		}
	}
	slices.SortStableFunc(letters, func(a, b Letter) int { return a.At.Compare(b.At) })
	return letters, nil
}

func readLetter(record *kafka.Record) (Letter, error) {
	letter := Letter{At: record.Time}
	for _, header := range record.Headers {
		value := string(header.Value)
		switch header.Key {
		case "pharos-dead-code":
			letter.Code = value
		case "pharos-dead-reason":
			letter.Reason = value
		case "pharos-org-id":
			letter.Org = value
		case "pharos-dead-items":
			items, err := strconv.Atoi(value)
			if err != nil {
				return letter, fmt.Errorf("read how many items a letter has: %w", err)
			}
			letter.Items = items
		}
	}
	var err error
	letter.Value, err = kafka.ReadAll(record.Value)
	return letter, err
}

// Produce writes a message as it is, past the gateway.
func (c *Cluster) Produce(ctx context.Context, signal string, messages ...kafka.Message) error {
	writer := &kafka.Writer{
		Addr: kafka.TCP(c.Servers.Kafka.Address), Topic: c.Topic(signal), RequiredAcks: kafka.RequireAll,
		BatchTimeout: time.Millisecond, Balancer: toPartition{},
	}
	err := writer.WriteMessages(ctx, messages...)
	return errors.Join(err, writer.Close())
}

// toPartition writes each message to the partition that it names.
type toPartition struct{}

// Balance implements kafka.Balancer.
func (toPartition) Balance(message kafka.Message, partitions ...int) int {
	return partitions[message.Partition%len(partitions)]
}
