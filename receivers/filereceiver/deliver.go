package filereceiver

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
)

// deliver hands a batch over: the journal says what is in it, the next part takes it, the journal
// says that it did. It tries until then; false means that the context ended first.
func (r *files) deliver(ctx context.Context, b *batch) bool {
	if len(b.intent.Spans) == 0 {
		return true
	}
	pauses := newPauses()
	for {
		err := r.journal.write(entry{Intent: &b.intent})
		if err == nil {
			break
		}
		r.set.Logger.Error("The progress cannot be written down; reading waits", zap.Error(err))
		if !pause(ctx, pauses.NextBackOff()) {
			return false
		}
	}
	err := r.hand(b)
	if err == nil {
		r.delivered(b)
		return true
	}
	if consumererror.IsPermanent(err) {
		r.refused(b, err)
		return true
	}
	r.set.Logger.Warn("The next part does not take logs; reading waits", zap.Error(err))
	if !pause(ctx, pauses.NextBackOff()) {
		return false
	}
	return r.again(ctx, b.intent)
}

// hand gives the batch to the next part.
func (r *files) hand(b *batch) error {
	if b.logs.LogRecordCount() == 0 {
		return nil // empty lines only, or all of it is gone
	}
	return r.next.ConsumeLogs(context.Background(), b.logs)
}

func newPauses() *backoff.ExponentialBackOff {
	pauses := &backoff.ExponentialBackOff{InitialInterval: 100 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: 10 * time.Second}
	pauses.Reset()
	return pauses
}

// again reads the same bytes once more and hands them over under the same id, until they are
// taken; false means that the context ended first.
func (r *files) again(ctx context.Context, what intent) bool {
	pauses, next := newPauses(), time.Now().Add(r.cfg.DiscoverInterval)
	for {
		if now := time.Now(); now.After(next) {
			r.discover(now) // what is rotated meanwhile is held open
			next = now.Add(r.cfg.DiscoverInterval)
		}
		b := r.rebuild(what)
		err := r.hand(b)
		switch {
		case err == nil:
			r.delivered(b)
			return true
		case consumererror.IsPermanent(err):
			r.refused(b, err)
			return true
		case !pause(ctx, pauses.NextBackOff()):
			return false
		}
	}
}

// spanAttempts and spanPause say how long a file is looked for whose lines were about to be handed
// over: about three seconds.
const (
	spanAttempts = 8
	spanPause    = 100 * time.Millisecond
)

// rebuild makes the batch of an intent. Files that are gone leave a gap in the ids.
func (r *files) rebuild(what intent) *batch {
	b := r.newBatch(what.Batch)
	ordinal := 0
	for _, part := range what.Spans {
		b.ordinal = ordinal
		err := r.readSpan(b, part)
		for attempt := 0; err != nil && attempt < spanAttempts; attempt++ {
			if t := r.byID(part.File); errors.Is(err, errChanged) && t != nil {
				r.displace(t, b.now) // a copy of it goes on under the same id
			}
			time.Sleep(time.Duration(attempt) * spanPause)
			b.now = time.Now()
			r.discover(b.now) // it may have been renamed meanwhile
			err = r.readSpan(b, part)
		}
		if err != nil {
			r.telemetry.lose(part.Records)
			r.set.Logger.Error("Lines that were about to be handed over when the agent ended cannot be read again",
				zap.Int("lines", part.Records), zap.Error(err))
		}
		if found := b.ordinal - ordinal; err == nil && found != part.Records {
			r.set.Logger.Warn("Lines are cut otherwise than before; some may come twice", zap.Int("before", part.Records), zap.Int("now", found))
		}
		ordinal += part.Records
		b.intent.Spans = append(b.intent.Spans, part)
	}
	b.ordinal = ordinal
	return b
}

// readSpan adds exactly the bytes of a span.
func (r *files) readSpan(b *batch, part span) error {
	t := r.byID(part.File)
	if t == nil {
		return errors.New("the file is gone")
	}
	if t.reader == nil {
		if err := r.open(t); err != nil {
			return err
		}
	}
	data := make([]byte, part.To.Offset-part.From)
	n, err := t.reader.ReadAt(data, part.From)
	if n < len(data) {
		return errors.Join(errChanged, ignoreEnd(err))
	}
	if short := data[max(0, len(data)-part.To.Tail.Length):]; len(short) == part.To.Tail.Length && markOf(short) != part.To.Tail {
		return errChanged
	}
	r.exactly(b, &t.known, data, nulls(data, false))
	return nil
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// delivered notes that somebody else has the batch now.
func (r *files) delivered(b *batch) {
	r.telemetry.deliver(b.logs.LogRecordCount(), b.cut, b.intent.Spans)
	r.done(b)
}

// refused leaves a batch out that will never be taken.
func (r *files) refused(b *batch, err error) {
	r.telemetry.refuse(b.ordinal)
	r.set.Logger.Error("The next part refuses lines for good; they are left out", zap.Int("lines", b.ordinal), zap.Error(err))
	r.done(b)
}

func (r *files) done(b *batch) {
	if about := r.set.Logger.Check(zap.DebugLevel, "A batch is handed over"); about != nil {
		about.Write(zap.String("id", b.id), zap.Any("spans", b.intent.Spans))
	}
	for _, part := range b.intent.Spans {
		if t := r.byID(part.File); t != nil {
			t.progress, t.ahead = part.To, nil
		}
		if one := r.gone[part.File]; one != nil {
			one.ahead = nil
		}
	}
	if err := r.journal.write(entry{Done: b.intent.Batch}); err != nil {
		// The next intent says as much; should the process die before, the same batch comes again.
		r.set.Logger.Error("The progress cannot be written down", zap.Error(err))
	}
}

func (r *files) byID(id uint64) *tracked {
	for _, t := range r.files {
		if t.ID == id {
			return t
		}
	}
	return nil
}
