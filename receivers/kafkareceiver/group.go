package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// runGroup takes part in the group until the context ends.
func (r *kafkaReceiver[T]) runGroup(ctx context.Context, dialer *kafka.Dialer) {
	if !r.awaitTopic(ctx) {
		return
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: r.cfg.Group + "." + r.signal.name, Brokers: r.cfg.Brokers, Dialer: dialer, Topics: []string{r.signal.topic},
		GroupBalancers:    []kafka.GroupBalancer{kafka.RangeGroupBalancer{}},
		HeartbeatInterval: heartbeatInterval, SessionTimeout: r.cfg.SessionTimeout, RebalanceTimeout: rebalanceTimeout,
		WatchPartitionChanges: true, PartitionWatchInterval: watchInterval, JoinGroupBackoff: pause,
		StartOffset: kafka.FirstOffset,
	})
	if err != nil {
		// All of it was checked by Validate.
		componentstatus.ReportStatus(r.host, componentstatus.NewPermanentErrorEvent(err))
		return
	}
	for {
		generation, err := group.Next(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			r.unwell(fmt.Errorf("join the consumer group: %w", err))
			continue // the group itself pauses between its attempts
		}
		r.begin(ctx, generation)
	}
	_ = group.Close() // it returns nil; it waits for the partitions and leaves the group
}

// begin reads the partitions of a generation until it ends or the receiver stops.
func (r *kafkaReceiver[T]) begin(ctx context.Context, generation *kafka.Generation) {
	assigned := generation.Assignments[r.signal.topic]
	next := make(map[int]int64, len(assigned))
	for _, partition := range assigned {
		next[partition.ID] = partition.Offset
	}
	r.telemetry.lags.assign(next)
	r.logger.Info("partitions were assigned", zap.String("topic", r.signal.topic), zap.Int32("generation", generation.ID), zap.Int("partitions", len(assigned)))
	r.well()
	if len(assigned) == 0 {
		return
	}
	share := r.cfg.MaxBytesInFlight / len(assigned)
	for _, partition := range assigned {
		reader := &partitionReader[T]{
			receiver: r, partition: partition.ID, next: partition.Offset, share: share,
			fetchBytes: firstFetch(share),
			place: &groupPlace[T]{receiver: r, partition: partition.ID, commitOffset: func(offset int64) error {
				return generation.CommitOffsets(map[string]map[int]int64{r.signal.topic: {partition.ID: offset}})
			}},
		}
		generation.Start(func(ended context.Context) { r.both(ctx, ended, reader.run) })
	}
	generation.Start(func(ended context.Context) { r.both(ctx, ended, r.watchLag) })
}

// both runs fn until either context ends.
func (r *kafkaReceiver[T]) both(ctx, ended context.Context, fn func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ended, cancel)()
	fn(ctx)
}

// groupPlace is a partition that the group gave to this receiver.
type groupPlace[T any] struct {
	receiver     *kafkaReceiver[T]
	partition    int
	commitOffset func(offset int64) error
}

// admit implements place: the partitions of a group know nothing of each other.
func (g *groupPlace[T]) admit(context.Context, time.Time) (time.Time, error) { return anyTime(), nil }

// anyTime is later than any message.
func anyTime() time.Time { return time.UnixMilli(math.MaxInt64 / 2) }

func (g *groupPlace[T]) commit(last *message) error { return g.commitOffset(last.offset + 1) }

func (g *groupPlace[T]) fetched(int64, int64) error { return nil }

// astray goes on where the partition begins: nothing was committed yet, or what was to come next
// has been deleted, or never was.
func (g *groupPlace[T]) astray(ctx context.Context, next int64, cause error) (int64, error) {
	if !errors.Is(cause, kafka.OffsetOutOfRange) {
		return 0, cause
	}
	offsets, err := g.receiver.offsetsOf(ctx, g.partition, kafka.FirstOffsetOf(g.partition))
	if err != nil {
		return 0, err
	}
	if next >= 0 {
		g.receiver.deleted(ctx, g.partition, next, offsets.FirstOffset)
	}
	return offsets.FirstOffset, nil
}

// deleted says that Kafka deleted messages that were still to be read.
func (r *kafkaReceiver[T]) deleted(ctx context.Context, partition int, next, first int64) {
	lost := max(0, first-next)
	r.telemetry.skipped.Add(ctx, lost, r.telemetry.signalSet)
	r.logger.Error("Kafka no longer has the next message; going on with its first one",
		zap.String("topic", r.signal.topic), zap.Int("partition", partition), zap.Int64("next", next), zap.Int64("first", first), zap.Int64("lost", lost))
}

// offsetsOf asks for offsets of one partition.
func (r *kafkaReceiver[T]) offsetsOf(ctx context.Context, partition int, requests ...kafka.OffsetRequest) (kafka.PartitionOffsets, error) {
	answer, err := r.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{r.signal.topic: requests}})
	if err != nil {
		return kafka.PartitionOffsets{}, err
	}
	for _, offsets := range answer.Topics[r.signal.topic] {
		if offsets.Partition == partition {
			return offsets, offsets.Error
		}
	}
	return kafka.PartitionOffsets{}, kafka.UnknownTopicOrPartition
}
