package kafkareceiver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/storage/tiered"
)

const scopeName = "github.com/pharos-obs/pharos/receivers/kafkareceiver"

// telemetry holds the receiver's own metrics.
type telemetry struct {
	items    metric.Int64Counter
	messages metric.Int64Counter
	bytes    metric.Int64Counter
	retries  metric.Int64Counter
	dead     metric.Int64Counter
	skipped  metric.Int64Counter
	leftOut  metric.Int64Counter
	delay    metric.Float64Histogram
	gauges   metric.Registration
	hot      metric.Registration // nil but for replicas
	meter    metric.Meter

	signal    attribute.KeyValue
	signalSet metric.MeasurementOption
	inFlight  atomic.Int64
	lags      lags
}

func newTelemetry(provider metric.MeterProvider, signal, topic string) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	t := &telemetry{meter: meter, signal: attribute.String("signal", signal), lags: lags{partitions: map[int]position{}}}
	t.signalSet = metric.WithAttributeSet(attribute.NewSet(t.signal))
	var errs []error
	counter := func(name, description, unit string) metric.Int64Counter {
		created, err := meter.Int64Counter(name, metric.WithDescription(description), metric.WithUnit(unit))
		errs = append(errs, err)
		if err == nil && name != "pharos_kafka_dead_letters" && name != "pharos_kafka_left_out_items" {
			// From 0 on: the first one would else be no increase.
			created.Add(context.Background(), 0, t.signalSet)
		}
		return created
	}
	t.items = counter("pharos_kafka_consumed_items", "Data points, log records and spans that the next consumer has taken.", "{item}")
	t.messages = counter("pharos_kafka_consumed_messages", "Messages that are done with, dead letters included.", "{message}")
	t.bytes = counter("pharos_kafka_consumed_bytes", "Bytes in the messages that are done with, after decompression.", "By")
	t.retries = counter("pharos_kafka_consume_retries", "Attempts that failed and were tried again.", "{attempt}")
	t.dead = counter("pharos_kafka_dead_letters", "Messages that went, whole or in part, to the dead letters, by the class of the reason.", "{message}")
	t.skipped = counter("pharos_kafka_skipped_messages", "Messages that Kafka had deleted before they were read, or that a tail was too slow for.", "{message}")
	t.leftOut = counter("pharos_kafka_left_out_items", "Items that a replica or a tail could not hand on, by the class of the reason.", "{item}")
	delay, err1 := meter.Float64Histogram("pharos_kafka_delay",
		metric.WithDescription("Time from the writing of a message to the end of its consumption."), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 60, 600, 3600))
	lag, err2 := meter.Int64ObservableGauge("pharos_kafka_lag",
		metric.WithDescription("Messages in a partition of ours that are not done with."), metric.WithUnit("{message}"))
	inFlight, err3 := meter.Int64ObservableGauge("pharos_kafka_in_flight_bytes",
		metric.WithDescription("Bytes of messages that are in memory, after decompression."), metric.WithUnit("By"))
	if err := errors.Join(append(errs, err1, err2, err3)...); err != nil {
		return nil, err
	}
	t.delay = delay
	registration, err := meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		observer.ObserveInt64(inFlight, t.inFlight.Load(), t.signalSet)
		t.lags.each(func(partition int, behind int64) {
			observer.ObserveInt64(lag, behind, metric.WithAttributes(t.signal, attribute.String("topic", topic), attribute.Int("partition", partition)))
		})
		return nil
	}, lag, inFlight)
	t.gauges = registration
	return t, err
}

func (t *telemetry) stop() error {
	if t.hot != nil {
		return errors.Join(t.gauges.Unregister(), t.hot.Unregister())
	}
	return t.gauges.Unregister()
}

// observeHot makes metrics of a replica's progress.
func (t *telemetry) observeHot(progress *tiered.Progress) error {
	var errs []error
	gauge := func(name, description, unit string) metric.Float64ObservableGauge {
		created, err := t.meter.Float64ObservableGauge(name, metric.WithDescription(description), metric.WithUnit(unit))
		errs = append(errs, err)
		return created
	}
	caughtUp := gauge("pharos_hot_caught_up", "1 when a replica has all but the newest messages, else 0.", "1")
	lag := gauge("pharos_hot_lag", "How long ago the oldest message came, at most, that a replica has not.", "s")
	window := gauge("pharos_hot_window", "How far back a replica has everything; not there when nothing was ever left out.", "s")
	writers := gauge("pharos_hot_writers_lag", "How long ago the oldest message came, at most, that the writers have not committed.", "s")
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var err error
	t.hot, err = t.meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		state := progress.State()
		reached := 0.0
		if state.CaughtUp {
			reached = 1
		}
		observer.ObserveFloat64(caughtUp, reached, t.signalSet)
		for age, at := range map[metric.Float64ObservableGauge]time.Time{lag: state.Until, window: state.CompleteFrom, writers: state.Writers} {
			if !at.IsZero() {
				observer.ObserveFloat64(age, max(0, time.Since(at).Seconds()), t.signalSet)
			}
		}
		return nil
	}, caughtUp, lag, window, writers)
	return err
}

// position is where the consumption of a partition is.
type position struct {
	next int64 // first offset that is not done with
	end  int64 // offset of the next message that is written
}

// lags holds the positions of the partitions that are ours.
type lags struct {
	mu         sync.Mutex
	partitions map[int]position
}

// assign forgets the partitions that are no longer ours.
func (l *lags) assign(next map[int]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partitions = make(map[int]position, len(next))
	for partition, offset := range next {
		l.partitions[partition] = position{next: offset, end: offset}
	}
}

// start adds a partition.
func (l *lags) start(partition int, next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partitions[partition] = position{next: next, end: max(next, l.partitions[partition].end)}
}

func (l *lags) done(partition int, next int64) {
	l.update(partition, func(at *position) { at.next = next })
}

func (l *lags) end(partition int, end int64) {
	l.update(partition, func(at *position) { at.end = end })
}

func (l *lags) update(partition int, change func(*position)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.partitions[partition]; ok {
		change(&at)
		l.partitions[partition] = at
	}
}

// each calls fn with how far behind each partition is.
func (l *lags) each(fn func(partition int, behind int64)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for partition, at := range l.partitions {
		fn(partition, max(0, at.end-at.next))
	}
}
