package kafkareceiver

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// Times of the group that no setting changes.
const (
	heartbeatInterval = 2 * time.Second
	rebalanceTimeout  = 30 * time.Second
	watchInterval     = 5 * time.Second
	lagInterval       = 5 * time.Second
	pause             = time.Second // between attempts to reach Kafka
)

// kafkaReceiver reads one signal.
type kafkaReceiver[T any] struct {
	cfg       *Config
	signal    *signal[T]
	logger    *zap.Logger
	tracer    trace.Tracer
	telemetry *telemetry
	transport *kafka.Transport
	client    *kafka.Client
	dead      *deadLetters

	host component.Host
	bad  atomic.Bool
	left leftOut
	// lacks notes of a replica that something of an organisation was left out which other stores
	// may have; nil in other modes.
	lacks   func(org string, came time.Time)
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func newReceiver[T any](set receiver.Settings, cfg *Config, signal *signal[T]) (*kafkaReceiver[T], error) {
	transport, err := cfg.Transport()
	if err != nil {
		return nil, err
	}
	telemetry, err := newTelemetry(set.MeterProvider, signal.name, signal.topic)
	if err != nil {
		return nil, err
	}
	return &kafkaReceiver[T]{
		cfg: cfg, signal: signal, logger: set.Logger, telemetry: telemetry, transport: transport,
		tracer: set.TracerProvider.Tracer(scopeName),
		client: &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transport},
		dead:   newDeadLetters(cfg, transport, signal.topic),
	}, nil
}

// Start implements component.Component. It does not wait for Kafka.
func (r *kafkaReceiver[T]) Start(ctx context.Context, host component.Host) error {
	run, err := r.mode(host)
	if err != nil {
		return err
	}
	r.host = host
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // Shutdown cancels it
	r.cancel = cancel
	r.running.Go(func() { run(ctx) })
	return nil
}

// mode returns what reads the topic until its context ends.
func (r *kafkaReceiver[T]) mode(host component.Host) (func(context.Context), error) {
	switch r.cfg.Mode {
	case modeReplica:
		return newReplica(r, host)
	case modeTail:
		return newTail(r).run, nil
	}
	dialer, err := r.cfg.Dialer()
	return func(ctx context.Context) { r.runGroup(ctx, dialer) }, err
}

// Shutdown implements component.Component. It gives the consumption in progress the time to end,
// and the partitions back to the group.
func (r *kafkaReceiver[T]) Shutdown(context.Context) error {
	if r.cancel != nil {
		r.cancel()
		r.running.Wait()
	}
	err := r.dead.close()
	r.transport.CloseIdleConnections()
	return errors.Join(err, r.telemetry.stop())
}

// awaitTopic creates the topic if it is not there. A group of a missing topic would wait for its
// next look at the partitions.
func (r *kafkaReceiver[T]) awaitTopic(ctx context.Context) bool {
	for {
		err := r.cfg.EnsureTopic(ctx, r.transport, r.signal.topic, 0)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		r.unwell(err)
		if !sleep(ctx, pause) {
			return false
		}
	}
}

// watchLag asks for the ends of the partitions, which a reader that waits for a store would not
// notice.
func (r *kafkaReceiver[T]) watchLag(ctx context.Context) {
	for sleep(ctx, lagInterval) {
		var requests []kafka.OffsetRequest
		r.telemetry.lags.each(func(partition int, _ int64) {
			requests = append(requests, kafka.LastOffsetOf(partition))
		})
		answer, err := r.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{r.signal.topic: requests}})
		if err != nil {
			continue // the readers say what is wrong
		}
		for _, offsets := range answer.Topics[r.signal.topic] {
			if offsets.Error == nil {
				r.telemetry.lags.end(offsets.Partition, offsets.LastOffset)
			}
		}
	}
}

// unwell reports the first of several failures.
func (r *kafkaReceiver[T]) unwell(err error) {
	if r.bad.CompareAndSwap(false, true) {
		r.logger.Warn("not reading from Kafka", zap.String("topic", r.signal.topic), zap.Error(err))
		componentstatus.ReportStatus(r.host, componentstatus.NewRecoverableErrorEvent(err))
	}
}

func (r *kafkaReceiver[T]) well() {
	if r.bad.Load() && r.bad.CompareAndSwap(true, false) {
		r.logger.Info("reading from Kafka again", zap.String("topic", r.signal.topic))
		componentstatus.ReportStatus(r.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

// sleep returns false when the context ended first.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// shorten cuts a text for a header.
func shorten(text string, longest int) string {
	if len(text) > longest {
		text = text[:longest]
	}
	return strings.ToValidUTF8(text, "")
}
