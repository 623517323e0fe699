package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// tailPatience is how long a partition may be away from its end before messages are left out.
const tailPatience = 5 * time.Second

// errTooSlow is why a tail goes on at the end.
var errTooSlow = errors.New("the consumer is too slow")

// tail reads all partitions from now on. It keeps no offsets: what was missed is missed.
type tail[T any] struct {
	receiver *kafkaReceiver[T]
	known    map[int]bool
	readers  sync.WaitGroup
}

func newTail[T any](r *kafkaReceiver[T]) *tail[T] {
	return &tail[T]{receiver: r, known: map[int]bool{}}
}

// run reads the topic until the context ends.
func (t *tail[T]) run(ctx context.Context) {
	if !t.receiver.awaitTopic(ctx) {
		return
	}
	defer t.readers.Wait()
	t.readers.Go(func() { t.receiver.watchLag(ctx) })
	first := true
	for {
		err := t.discover(ctx, first)
		if err != nil && ctx.Err() == nil {
			t.receiver.unwell(fmt.Errorf("look for the partitions of %s: %w", t.receiver.signal.topic, err))
		}
		wait := watchInterval
		if first = first && err != nil; first {
			wait = pause
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

// discover begins to read the partitions that are new. Those that were added later are read from
// their beginning, which is later than that of the tail.
func (t *tail[T]) discover(ctx context.Context, first bool) error {
	_, partitions, err := t.receiver.partitions(ctx)
	if err != nil {
		return err
	}
	share := t.receiver.cfg.MaxBytesInFlight / max(1, len(partitions))
	for _, partition := range partitions {
		if t.known[partition] {
			continue
		}
		t.known[partition] = true
		t.receiver.well()
		begin := int64(0)
		if first {
			begin = kafka.LastOffset
		}
		t.readers.Go(func() { t.read(ctx, partition, begin, share) })
	}
	return nil
}

func (t *tail[T]) read(ctx context.Context, partition int, begin int64, share int) {
	for failures := 1; begin < 0; failures++ {
		offsets, err := t.receiver.offsetsOf(ctx, partition, kafka.LastOffsetOf(partition))
		if err == nil {
			begin = offsets.LastOffset
			break
		}
		if ctx.Err() != nil || !sleep(ctx, t.receiver.pause(failures)) {
			return
		}
	}
	t.receiver.telemetry.lags.start(partition, begin)
	place := &tailPlace[T]{receiver: t.receiver, partition: partition, atEnd: time.Now()}
	reader := &partitionReader[T]{receiver: t.receiver, partition: partition, next: begin, share: share, fetchBytes: firstFetch(share), place: place}
	reader.run(ctx)
}

// tailPlace is the place of a tail in one partition.
type tailPlace[T any] struct {
	receiver  *kafkaReceiver[T]
	partition int
	end       int64     // where the partition ended at the last fetch
	fetchedAt time.Time // when that was
	atEnd     time.Time // until when everything was read
}

// admit implements place: nothing waits.
func (p *tailPlace[T]) admit(context.Context, time.Time) (time.Time, error) { return anyTime(), nil }

// commit implements place.
func (p *tailPlace[T]) commit(last *message) error {
	if last.offset+1 >= p.end {
		p.atEnd = p.fetchedAt
	}
	return nil
}

// fetched implements place.
func (p *tailPlace[T]) fetched(next, end int64) error {
	if end < 0 {
		return nil
	}
	p.end, p.fetchedAt = end, time.Now()
	if next >= end {
		p.atEnd = p.fetchedAt
	}
	if time.Since(p.atEnd) > tailPatience {
		return errTooSlow
	}
	return nil
}

// astray implements place: whatever it was, the end is where to go on.
func (p *tailPlace[T]) astray(ctx context.Context, next int64, cause error) (int64, error) {
	if !errors.Is(cause, errTooSlow) && !errors.Is(cause, kafka.OffsetOutOfRange) && !isGone(cause) {
		return 0, cause
	}
	offsets, err := p.receiver.offsetsOf(ctx, p.partition, kafka.LastOffsetOf(p.partition))
	if err != nil {
		return 0, err
	}
	left := max(0, offsets.LastOffset-next)
	p.receiver.telemetry.skipped.Add(ctx, left, p.receiver.telemetry.signalSet)
	p.receiver.logger.Warn("leaving out messages to be at the end again", zap.String("topic", p.receiver.signal.topic), zap.Int("partition", p.partition), zap.Int64("messages", left), zap.Error(cause))
	p.atEnd = time.Now()
	return offsets.LastOffset, nil
}
