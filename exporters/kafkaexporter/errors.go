package kafkaexporter

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// retryAfter is when senders come again while Kafka is away.
const retryAfter = 2 * time.Second

// explain gives an error of a write its code. All of them pass, or are ours to mend: what comes
// again is not lost.
func (p *producer) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrClosedPipe):
		return unavailable(errors.New("the server is stopping or reloading its configuration"))
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled):
		return errcode.New(errcode.Canceled, "the sender went away: %w", err)
	case errors.Is(err, kafka.UnknownTopicOrPartition):
		p.lookForTopic()
		refusal := unavailable(err)
		refusal.Fix = "create the topic " + p.topic + ", or set create_topics of the kafka exporter"
		return refusal
	case errors.Is(err, kafka.TopicAuthorizationFailed), errors.Is(err, kafka.ClusterAuthorizationFailed), errors.Is(err, kafka.SASLAuthenticationFailed):
		refusal := unavailable(err)
		refusal.Fix = "give the account of the kafka exporter the right to write to " + p.topic
		return refusal
	}
	return unavailable(err)
}

func unavailable(err error) *errcode.Error {
	refusal := errcode.New(errcode.Unavailable, "Kafka has not acknowledged the data: %w", err)
	refusal.RetryAfter = retryAfter
	return refusal
}

// flag is a boolean that says when it changes.
type flag struct{ value atomic.Bool }

// set returns whether the value was another one.
func (f *flag) set(value bool) bool { return f.value.CompareAndSwap(!value, value) }
