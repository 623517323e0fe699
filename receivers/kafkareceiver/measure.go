package kafkareceiver

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage/tiered"
)

const (
	measureInterval = time.Second
	measureTimeout  = 10 * time.Second
	// caughtUpLag is how far behind a replica may be to be called caught up, and lostLag how far
	// it may fall behind afterwards.
	caughtUpLag = 10 * time.Second
	lostLag     = time.Minute
)

// measure finds out how far a replica is, and how far the writers are.
type measure[T any] struct {
	replica  *replica[T]
	progress *tiered.Progress
	began    time.Time
	ends     map[int]*ends
	state    tiered.State
	told     time.Time // when the log last told of catching up
}

func newMeasure[T any](r *replica[T], progress *tiered.Progress) *measure[T] {
	return &measure[T]{replica: r, progress: progress, began: time.Now(), ends: map[int]*ends{}}
}

// standing is where a partition is.
type standing struct {
	partition   int
	next        int64
	since       time.Time
	end         int64
	begun, told bool // whether its reading has begun, and whether Kafka said where it ends
}

// take measures once, and tells the progress. When Kafka does not answer, the progress stays.
func (m *measure[T]) take(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	asked := time.Now()
	standings, err := m.standings(ctx, asked)
	if err != nil || len(standings) == 0 {
		return // the readers say what is wrong
	}
	was := m.state.CaughtUp
	m.state.Heard = asked
	m.position(asked, standings)
	if writers, ok := m.writers(ctx, standings); ok {
		m.state.Writers = writers
	}
	m.progress.Set(m.state)
	m.tell(asked, was)
}

// standings asks where the partitions end.
func (m *measure[T]) standings(ctx context.Context, asked time.Time) ([]standing, error) {
	receiver := m.replica.receiver
	var requests []kafka.OffsetRequest
	places := m.replica.all()
	for partition := range places {
		requests = append(requests, kafka.LastOffsetOf(partition))
	}
	if len(requests) == 0 {
		return nil, nil
	}
	answer, err := receiver.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{receiver.signal.topic: requests}})
	if err != nil {
		return nil, err
	}
	var standings []standing
	for _, offsets := range answer.Topics[receiver.signal.topic] {
		at := standing{partition: offsets.Partition, end: offsets.LastOffset, told: offsets.Error == nil}
		at.next, at.since, at.begun = places[offsets.Partition].position()
		if m.ends[at.partition] == nil {
			m.ends[at.partition] = &ends{}
		}
		if at.told {
			receiver.telemetry.lags.end(at.partition, at.end)
			m.ends[at.partition].add(asked, at.end)
		}
		standings = append(standings, at)
	}
	return standings, nil
}

// all returns the partitions that are read.
func (r *replica[T]) all() map[int]*replicaPlace[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.places)
}

// position works out how far the replica is. A partition that cannot be reached takes nobody's
// readiness, as nothing can be written to it either.
func (m *measure[T]) position(asked time.Time, standings []standing) {
	limit := caughtUpLag
	if m.state.CaughtUp {
		limit = lostLag
	}
	state := tiered.State{CaughtUp: true, Heard: asked, Until: asked, Writers: m.state.Writers}
	for _, at := range standings {
		until, ok := m.ends[at.partition].passed(at.next)
		if !at.begun || !ok {
			state.CaughtUp, until = false, time.Time{}
		}
		if at.told && asked.Sub(until) > limit {
			state.CaughtUp = false
		}
		if until.Before(state.Until) {
			state.Until = until
		}
		if at.since.After(state.CompleteFrom) {
			state.CompleteFrom = at.since
		}
		state.Behind += max(0, at.end-at.next)
	}
	if !state.CompleteFrom.IsZero() {
		// What came before it may be as far ahead of its time as gateways take.
		state.CompleteFrom = state.CompleteFrom.Add(m.replica.receiver.cfg.Future)
	}
	m.state = state
}

// writers returns the time before which everything was committed by the writers; false when it
// cannot be told.
func (m *measure[T]) writers(ctx context.Context, standings []standing) (time.Time, bool) {
	receiver := m.replica.receiver
	if receiver.cfg.Writers == "" {
		return time.Time{}, false
	}
	partitions := make([]int, len(standings))
	for i, at := range standings {
		partitions[i] = at.partition
	}
	group := receiver.cfg.Writers + "." + receiver.signal.name
	answer, err := receiver.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{receiver.signal.topic: partitions}})
	if err != nil || answer.Error != nil {
		return time.Time{}, false
	}
	committed := map[int]int64{}
	for _, partition := range answer.Topics[receiver.signal.topic] {
		if partition.Error == nil {
			committed[partition.Partition] = partition.CommittedOffset
		}
	}
	oldest := time.Now()
	for _, at := range standings {
		offset, ok := committed[at.partition]
		if !ok || !at.told {
			return time.Time{}, false
		}
		until, err := m.committedUntil(ctx, at.partition, max(offset, 0))
		if err != nil {
			return time.Time{}, false
		}
		if until.Before(oldest) {
			oldest = until
		}
	}
	return oldest, true
}

// committedUntil returns the time before which everything is below an offset. It reads a message
// only when the writers are where they were before this receiver began.
func (m *measure[T]) committedUntil(ctx context.Context, partition int, offset int64) (time.Time, error) {
	if until, ok := m.ends[partition].passed(offset); ok {
		return until, nil
	}
	receiver := m.replica.receiver
	message, err := receiver.messageAt(ctx, partition, offset)
	if errors.Is(err, kafka.OffsetOutOfRange) {
		// Kafka has deleted it, or nothing was ever committed: the first message is next.
		var there kafka.PartitionOffsets
		if there, err = receiver.offsetsOf(ctx, partition, kafka.FirstOffsetOf(partition)); err != nil {
			return time.Time{}, err
		}
		message, err = receiver.messageAt(ctx, partition, there.FirstOffset)
	}
	if err != nil {
		return time.Time{}, err
	}
	return message.time, nil
}

// tell logs what changes, and now and then how far the replica is while it catches up.
func (m *measure[T]) tell(now time.Time, was bool) {
	logger := m.replica.receiver.logger.With(zap.String("topic", m.replica.receiver.signal.topic))
	switch {
	case m.state.CaughtUp && !was:
		logger.Info("caught up", zap.Duration("after", now.Sub(m.began)), zap.Time("complete_from", m.state.CompleteFrom))
	case !m.state.CaughtUp && was:
		m.began = now
		logger.Warn("fell behind", zap.Int64("messages", m.state.Behind), zap.Time("until", m.state.Until))
	case !m.state.CaughtUp && now.Sub(m.told) > lagInterval:
		m.told = now
		logger.Info("catching up", zap.Int64("messages", m.state.Behind))
	}
}
