package kafkaexporter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
)

// attempts is how often a message is tried within Config.Timeout before its sender is told to
// come again.
const attempts = 3

// topicRetry is the pause between attempts to create the topic, checkEvery that between looks at
// one that is there: a process that gets nothing to write, because it is not ready, has to notice
// by itself that Kafka is back.
const (
	topicRetry = time.Second
	checkEvery = 10 * time.Second
)

// producer writes the messages of one topic.
type producer struct {
	cfg       *Config
	topic     string
	logger    *zap.Logger
	transport *kafka.Transport
	// joined puts messages of concurrent writes into one request. alone sends each by itself: it
	// is for what a broker found too large together.
	joined, alone *kafka.Writer

	pending  atomic.Int64 // bytes that wait for an answer
	largest  atomic.Int64 // bytes of the largest message; less than configured when a broker refused it
	shrunk   flag
	stopping context.CancelFunc
	watching sync.WaitGroup
	missing  chan struct{} // the topic may be missing
}

// placement goes with a message through kafka-go.
type placement struct {
	write *writing
	slot  int
	bytes int64
}

// writing is one call of write.
type writing struct {
	org    string
	placed int // messages that have got their partition
}

func newProducer(cfg *Config, topic string, logger *zap.Logger) (*producer, error) {
	transport, err := cfg.Transport()
	if err != nil {
		return nil, err
	}
	p := &producer{cfg: cfg, topic: topic, logger: logger, transport: transport, missing: make(chan struct{}, 1)}
	p.largest.Store(int64(cfg.MaxMessageBytes))
	p.joined = p.writer(100)
	p.alone = p.writer(1)
	return p, nil
}

func (p *producer) writer(messages int) *kafka.Writer {
	codec, _ := compression(p.cfg.Compression) // checked by Validate
	return &kafka.Writer{
		Addr: kafka.TCP(p.cfg.Brokers...), Topic: p.topic, Balancer: balancer{}, Transport: p.transport,
		RequiredAcks: kafka.RequireAll, Compression: codec,
		BatchSize: messages, BatchBytes: int64(p.cfg.MaxMessageBytes), BatchTimeout: p.cfg.Linger,
		MaxAttempts: attempts, ReadTimeout: p.cfg.Timeout, WriteTimeout: p.cfg.Timeout / 2,
		Completion: p.completed,
	}
}

// start watches Kafka: it creates the topic as soon as Kafka is there, and again when it has
// gone, and reports whether the topic can be written to.
func (p *producer) start(ctx context.Context, report func(error)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.stopping = cancel
	p.watching.Go(func() { p.watch(ctx, report) })
}

func (p *producer) watch(ctx context.Context, report func(error)) {
	logged := ""
	for {
		err := p.cfg.EnsureTopic(ctx, p.transport, p.topic, 0)
		if err == nil {
			err = p.answers(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		report(err)
		pause := checkEvery
		if err != nil {
			pause = topicRetry
			if err.Error() != logged {
				logged = err.Error()
				p.logger.Warn("the topic cannot be written to yet", zap.String("topic", p.topic), zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(topicRetry):
		}
		select {
		case <-ctx.Done():
			return
		case <-p.missing:
		case <-time.After(pause - topicRetry):
		}
	}
}

// answers says whether the broker that leads the topic's first partition answers.
func (p *producer) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	client := &kafka.Client{Addr: kafka.TCP(p.cfg.Brokers...), Transport: p.transport}
	answer, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{p.topic: {kafka.LastOffsetOf(0)}}})
	if err != nil {
		return fmt.Errorf("look for topic %q: %w", p.topic, err)
	}
	for _, partition := range answer.Topics[p.topic] {
		if partition.Error != nil {
			return fmt.Errorf("look for topic %q: %w", p.topic, partition.Error)
		}
	}
	return nil
}

// lookForTopic asks for the topic to be created if it is missing.
func (p *producer) lookForTopic() {
	select {
	case p.missing <- struct{}{}:
	default:
	}
}

// stop waits for the messages that are on their way.
func (p *producer) stop() {
	if p.stopping != nil {
		p.stopping()
		p.watching.Wait()
	}
	for _, writer := range []*kafka.Writer{p.joined, p.alone} {
		_ = writer.Close() // it returns nil
	}
	p.transport.CloseIdleConnections()
}

// limit is how many bytes the value of a message can have.
func (p *producer) limit() int { return int(p.largest.Load()) - headroom }

// write returns nil when every in-sync replica has all the messages.
func (p *producer) write(ctx context.Context, org string, headers kafkaclient.Headers, parts []part) error {
	if len(parts) == 0 {
		return nil
	}
	messages := make([]kafka.Message, len(parts))
	write := &writing{org: org}
	for i := range parts {
		messages[i] = kafka.Message{
			Key: []byte(org), Value: parts[i].value, Headers: headers,
			WriterData: &placement{write: write, slot: parts[i].slot, bytes: int64(len(parts[i].value))},
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	tooLarge, err := p.send(ctx, p.joined, write, messages)
	if err != nil || len(tooLarge) == 0 {
		return err
	}
	tooLarge, err = p.send(ctx, p.alone, write, tooLarge)
	if err != nil || len(tooLarge) == 0 {
		return err
	}
	return p.shrink(tooLarge)
}

// send returns the messages that the broker found too large, together or each.
func (p *producer) send(ctx context.Context, writer *kafka.Writer, write *writing, messages []kafka.Message) (tooLarge []kafka.Message, err error) {
	size := int64(0)
	for i := range messages {
		size += messages[i].WriterData.(*placement).bytes
	}
	if pending := p.pending.Add(size); pending > p.cfg.MaxPendingBytes && pending > size {
		p.pending.Add(-size)
		return nil, unavailable(fmt.Errorf("%d bytes wait for Kafka already", pending-size))
	}
	write.placed = 0
	err = writer.WriteMessages(ctx, messages...)
	if write.placed < len(messages) {
		// Nothing was queued, so that nothing will complete.
		p.pending.Add(-size)
	}
	var each kafka.WriteErrors
	if !errors.As(err, &each) {
		return nil, p.explain(ctx, err)
	}
	for i := range each {
		switch {
		case each[i] == nil:
		case errors.Is(each[i], kafka.MessageSizeTooLarge):
			tooLarge = append(tooLarge, messages[i])
		default:
			return nil, p.explain(ctx, each[i])
		}
	}
	return tooLarge, nil
}

// completed is called when the fate of messages is known, also when nobody waits any more.
func (p *producer) completed(messages []kafka.Message, _ error) {
	for i := range messages {
		p.pending.Add(-messages[i].WriterData.(*placement).bytes)
	}
}

// shrink makes later messages smaller: the broker's limit is below ours. The sender comes again.
func (p *producer) shrink(refused []kafka.Message) error {
	smallest := int64(len(refused[0].Value))
	for i := range refused {
		smallest = min(smallest, int64(len(refused[i].Value)))
	}
	fix := fmt.Sprintf("set max.message.bytes of the topic %s to more than max_message_bytes of the kafka exporter", p.topic)
	if p.shrunk.set(true) {
		p.logger.Warn("the broker takes smaller messages than configured; splitting more", zap.String("topic", p.topic),
			zap.Int64("refused_bytes", smallest), zap.String("fix", fix))
	}
	for {
		largest := p.largest.Load()
		next := max(min(largest, smallest+headroom)/2, smallestMessage)
		if next >= largest {
			return &errcode.Error{Code: errcode.Unavailable, Message: fmt.Sprintf("Kafka refuses messages of %d bytes", smallest), Fix: fix, RetryAfter: retryAfter}
		}
		if p.largest.CompareAndSwap(largest, next) {
			return &errcode.Error{Code: errcode.Unavailable, Message: "Kafka takes smaller messages only, and will get them", RetryAfter: time.Second}
		}
	}
}
