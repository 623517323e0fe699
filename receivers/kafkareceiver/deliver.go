package kafkareceiver

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// Classes of reasons for dead letters that are not codes of errors.
const (
	codeNoOrg       = "no_org"
	codeUndecodable = "undecodable"
)

// deliver returns nil when every message is with the next consumer or among the dead letters.
// Attempts end when ctx does; new ones begin only while wanted lasts.
func (r *kafkaReceiver[T]) deliver(ctx, wanted context.Context, messages []message) error {
	for _, org := range orgs(messages) {
		var of []message
		for i := range messages {
			if messages[i].headers.Get(kafkaclient.HeaderOrg) == org {
				of = append(of, messages[i])
			}
		}
		if org == "" {
			for i := range of {
				if err := r.bury(ctx, wanted, &of[i], letter{code: codeNoOrg, reason: "the header " + kafkaclient.HeaderOrg + " is missing"}); err != nil {
					return err
				}
			}
			continue
		}
		if err := r.deliverOrg(ctx, wanted, org, of); err != nil {
			return err
		}
	}
	return nil
}

// orgs returns the organisations of messages, in the order of their first.
func orgs(messages []message) []string {
	var all []string
	seen := map[string]bool{}
	for i := range messages {
		if org := messages[i].headers.Get(kafkaclient.HeaderOrg); !seen[org] {
			seen[org] = true
			all = append(all, org)
		}
	}
	return all
}

// deliverOrg hands on the messages of one organisation as one batch. When the batch is refused
// for good, its messages are tried one by one, so that none falls for another.
func (r *kafkaReceiver[T]) deliverOrg(ctx, wanted context.Context, org string, messages []message) error {
	for failures := 0; ; {
		// Decoded anew for each attempt: the consumer may change what it gets.
		merged, good, err := r.decode(ctx, wanted, messages)
		if err != nil || len(good) == 0 {
			return err
		}
		messages = good
		items := r.signal.items(merged)
		report := &rejection.Report{}
		err = r.consume(rejection.NewContext(orgcontext.With(ctx, org), report), messages, merged)
		switch {
		case err == nil:
			r.telemetry.items.Add(ctx, int64(max(0, items-report.Count())), r.telemetry.signalSet)
			return r.refused(ctx, wanted, org, messages, report)
		case ctx.Err() != nil:
			return err // whatever it calls itself, it comes from our stopping
		case consumererror.IsPermanent(err) && len(messages) == 1:
			return r.bury(ctx, wanted, &messages[0], letter{code: string(errcode.Of(err)), reason: err.Error(), items: items})
		case consumererror.IsPermanent(err):
			return r.oneByOne(ctx, wanted, org, messages)
		case r.cfg.Mode == modeTail:
			r.leaveOut(ctx, string(errcode.Of(err)), err.Error(), items)
			return nil
		case wanted.Err() != nil:
			return err
		}
		failures++
		if err := r.again(wanted, failures, err); err != nil {
			return err
		}
	}
}

func (r *kafkaReceiver[T]) oneByOne(ctx, wanted context.Context, org string, messages []message) error {
	for i := range messages {
		if err := r.deliverOrg(ctx, wanted, org, messages[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// again waits before the next attempt; it returns the error when there is none.
func (r *kafkaReceiver[T]) again(wanted context.Context, failures int, err error) error {
	r.telemetry.retries.Add(wanted, 1, r.telemetry.signalSet)
	r.unwell(fmt.Errorf("hand on %s: %w", r.signal.name, err))
	wait := max(r.pause(failures), min(errcode.RetryAfter(err), r.cfg.MaxBackoff))
	if failures == 1 {
		wait = r.cfg.MinBackoff
	}
	if !sleep(wanted, wait) {
		return err
	}
	return nil
}

// decode merges what the messages hold. Messages that cannot be decoded become dead letters, and
// only the others are returned.
func (r *kafkaReceiver[T]) decode(ctx, wanted context.Context, messages []message) (merged T, good []message, err error) {
	good = make([]message, 0, len(messages))
	for i := range messages {
		data, err := r.signal.unmarshal(messages[i].value)
		if err != nil {
			if err := r.bury(ctx, wanted, &messages[i], letter{code: codeUndecodable, reason: "decode OTLP protobuf: " + err.Error()}); err != nil {
				return merged, nil, err
			}
			continue
		}
		if len(good) == 0 {
			merged = data
		} else {
			r.signal.merge(merged, data)
		}
		good = append(good, messages[i])
	}
	return merged, good, nil
}

// consume calls the next consumer within a span that goes on with the trace of one message and is
// linked to those of the others.
func (r *kafkaReceiver[T]) consume(ctx context.Context, messages []message, data T) error {
	ctx, links := goOn(ctx, messages)
	ctx, span := r.tracer.Start(ctx, r.signal.topic+" process", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...),
		trace.WithAttributes(
			attribute.String("messaging.system", "kafka"), attribute.String("messaging.destination.name", r.signal.topic),
			attribute.Int("messaging.batch.message_count", len(messages)), attribute.Int64("messaging.kafka.offset", messages[0].offset),
		))
	defer span.End()
	err := r.signal.consume(ctx, data)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}

// goOn returns the trace of the first message that is sampled, or else of the first that has one,
// and links to the other sampled ones. Were it always the first message's, few of the traces that a
// share of all requests has would reach a store.
func goOn(ctx context.Context, messages []message) (context.Context, []trace.Link) {
	var (
		parent trace.SpanContext
		links  []trace.Link
	)
	for i := range messages {
		remote := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), &messages[i].headers))
		switch {
		case !remote.IsValid():
		case !parent.IsValid(), remote.IsSampled() && !parent.IsSampled():
			parent = remote
		case remote.IsSampled():
			links = append(links, trace.Link{SpanContext: remote})
		}
	}
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	return ctx, links
}

// refused makes dead letters of the items that the stores have left out.
func (r *kafkaReceiver[T]) refused(ctx, wanted context.Context, org string, messages []message, report *rejection.Report) error {
	count, items := report.Count(), report.Items()
	if count == 0 {
		return nil
	}
	if r.cfg.Mode != modeGroup {
		r.leaveOutAll(ctx, org, messages, report)
		return nil
	}
	why := letter{code: items[0].Reason, reason: report.Summary()}
	parts, of, all, err := r.cut(messages, items, why)
	if err != nil {
		return err
	}
	switch {
	case all && count == len(items):
	case len(messages) > 1:
		// Whose the others are is not known: ask for each. Stores know what they have.
		return r.oneByOne(ctx, wanted, org, messages)
	default:
		why.items = count
		parts, of = []letter{why}, []int{0}
	}
	for i := range parts {
		if err := r.bury(ctx, wanted, &messages[of[i]], parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// cut takes the refused items out of their messages, and says whether it has found them all.
func (r *kafkaReceiver[T]) cut(messages []message, items []rejection.Item, why letter) (parts []letter, of []int, all bool, err error) {
	refused := r.signal.refusedItems(items)
	for i := range messages {
		data, err := r.signal.unmarshal(messages[i].value)
		if err != nil {
			return nil, nil, false, fmt.Errorf("decode refused %s: %w", r.signal.name, err)
		}
		r.signal.keep(data, refused)
		part := why
		if part.items = r.signal.items(data); part.items == 0 {
			continue
		}
		if part.value, err = r.signal.marshal(data); err != nil {
			return nil, nil, false, fmt.Errorf("encode refused %s: %w", r.signal.name, err)
		}
		parts, of = append(parts, part), append(of, i)
	}
	return parts, of, refused.allFound(), nil
}

// letter says why a message, or a part of it, is a dead letter.
type letter struct {
	code, reason string
	items        int    // 0 when they were not counted
	value        []byte // nil means the message as it was
}

// bury returns nil when Kafka has the dead letter. Only writers write them: replicas and tails
// read the same messages.
func (r *kafkaReceiver[T]) bury(ctx, wanted context.Context, dead *message, why letter) error {
	if r.cfg.Mode != modeGroup {
		r.leaveOut(ctx, why.code, why.reason, max(1, why.items))
		if why.code != codeNoOrg && why.code != codeUndecodable {
			r.lacking(dead.headers.Get(kafkaclient.HeaderOrg), []message{*dead})
		}
		return nil
	}
	for failures := 1; ; failures++ {
		err := r.dead.write(ctx, dead, why)
		if err == nil {
			break
		}
		if wanted.Err() != nil {
			return err
		}
		if err := r.again(wanted, failures, fmt.Errorf("write a dead letter: %w", err)); err != nil {
			return err
		}
	}
	r.telemetry.dead.Add(ctx, 1, metricCode(r.telemetry.signal, why.code))
	r.logger.Warn("a dead letter", zap.String("topic", r.signal.topic), zap.Int("partition", dead.partition), zap.Int64("offset", dead.offset),
		zap.String("org", dead.headers.Get(kafkaclient.HeaderOrg)), zap.String("code", why.code), zap.String("reason", shorten(why.reason, longestReason)),
		zap.String("age", time.Since(dead.time).Round(time.Millisecond).String()), zap.String("items", strconv.Itoa(why.items)))
	return nil
}
