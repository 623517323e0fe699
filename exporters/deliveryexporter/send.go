package deliveryexporter

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/exporters/deliveryexporter/queue"
)

const (
	// splitAfter is how long the server may be away before what was kept meanwhile becomes a backlog.
	splitAfter = 15 * time.Second
	// maxRest is the longest rest between two requests with the backlog.
	maxRest = time.Second
)

// outcome is what became of a request.
type outcome struct {
	// rejected items were refused by the server, which took the others.
	rejected int
	// reason is what the server said of them.
	reason string
}

// errRefused means that the server will never take the request.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// laterError means that the server wants to be asked again, and when.
type laterError struct {
	err   error
	after time.Duration // 0 when it has not said
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// client sends requests.
type client interface {
	// send returns nil when the server has the records, a *refusedError when it never will, and
	// any other error when it is worth another attempt.
	send(ctx context.Context, compressed codec, body []byte) (outcome, error)
	close() error
}

// send takes from the queue until the context ends.
func (d *delivery) send(ctx context.Context) {
	for {
		batch, err := d.queue.Take(ctx, int(d.cfg.MaxRequest))
		if ctx.Err() != nil {
			if batch != nil {
				batch.Return()
			}
			return
		}
		if err != nil {
			d.logger.Error("reading the queue", zap.Error(err))
			d.report(err)
			sleep(ctx, d.cfg.Retry.Max)
			continue
		}
		began := time.Now()
		if !d.deliver(ctx, batch) {
			batch.Return()
		} else if !batch.Fresh {
			// A server that has come back has others to listen to: the slower it is, the longer it is left alone.
			sleep(ctx, min(time.Since(began), maxRest))
		}
	}
}

// deliver sends a batch; false means that some of it is to be returned.
func (d *delivery) deliver(ctx context.Context, batch *queue.Batch) bool {
	for len(batch.Records) > 0 {
		n := together(batch.Records, d.maxContent())
		if !d.settle(ctx, batch.Records[:n]) {
			return false
		}
		if err := batch.Sent(n); err != nil {
			d.logger.Error("writing down what was sent", zap.Error(err))
		}
	}
	return true
}

// settle sends records, or, when one of them spoils the others, each that is not refused; false
// means that it was given up.
func (d *delivery) settle(ctx context.Context, records []queue.Record) bool {
	err := d.attempt(ctx, records)
	switch {
	case errors.Is(err, errStop):
		return false
	case err != nil && len(records) == 1:
		d.refused(records, err)
	case err != nil:
		half := len(records) / 2
		return d.settle(ctx, records[:half]) && d.settle(ctx, records[half:])
	}
	return true
}

func (d *delivery) refused(records []queue.Record, err error) {
	items := countItems(records)
	d.telemetry.drop("refused", items)
	d.logger.Error("the server refuses data for good; it is dropped", zap.Int("items", items), zap.Error(err))
}

// errStop means that an attempt is given up: the context ended, or the records are too old.
var errStop = errors.New("the attempt is given up")

// attempt sends records until the server has answered for good: nil, or why it refuses them.
func (d *delivery) attempt(ctx context.Context, records []queue.Record) error {
	pauses := &backoff.ExponentialBackOff{InitialInterval: d.cfg.Retry.Initial, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: d.cfg.Retry.Max}
	pauses.Reset()
	items := countItems(records)
	for {
		err := d.request(ctx, records, items)
		var refused *refusedError
		if err == nil || errors.As(err, &refused) {
			d.recovered()
			return err
		}
		if ctx.Err() != nil {
			return errStop
		}
		d.failed(err)
		pause := pauses.NextBackOff()
		var later *laterError
		if errors.As(err, &later) && later.after > 0 {
			pause = later.after + pause/4
		}
		sleep(ctx, pause)
		if ctx.Err() != nil || d.queue.TooOld(records[0]) {
			return errStop // the queue drops, and counts, what is too old
		}
		d.telemetry.retry()
	}
}

// request makes one request.
func (d *delivery) request(ctx context.Context, records []queue.Record, items int) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	body, compressed := join(records)
	result, err := d.client.send(ctx, compressed, body)
	d.telemetry.request(len(body), err)
	if err != nil {
		return err
	}
	d.telemetry.deliver(items-result.rejected, time.Now())
	if result.rejected > 0 {
		d.telemetry.drop("rejected", result.rejected)
		d.logger.Warn("the server has refused some of the data", zap.Int("items", result.rejected), zap.String("reason", result.reason))
	}
	return nil
}

// failed tells why the server does not take data, when that is news.
func (d *delivery) failed(err error) {
	// Numbers, of ports for example, make no other reason.
	reason := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, err.Error())
	switch {
	case d.down.IsZero():
		d.down = time.Now()
	case reason == d.reason:
		return
	default:
		d.report(nil) // the Collector takes no second error after another
	}
	d.reason = reason
	d.logger.Warn("the server does not take data; it is kept and sent later", zap.Error(err))
	d.report(err)
}

// recovered tells that the server takes data again, and makes a backlog of what was kept.
func (d *delivery) recovered() {
	if d.down.IsZero() {
		return
	}
	away := time.Since(d.down)
	d.down, d.reason = time.Time{}, ""
	d.report(nil)
	d.logger.Info("the server takes data again", zap.String("away", away.Round(time.Millisecond).String()))
	if away < d.splitAfter {
		return
	}
	if err := d.queue.Split(); err != nil {
		d.logger.Error("making a backlog of what was kept", zap.Error(err))
	}
}

// maxContent is how much a request may hold before it is compressed: most servers of gRPC take
// 4 MiB.
func (d *delivery) maxContent() int {
	if d.cfg.Protocol == protocolGRPC {
		return 7 << 19
	}
	return 16 << 20
}

// together returns how many of the first records make one request: they are compressed in the same
// way and hold no more than most bytes, or are one.
func together(records []queue.Record, most int) int {
	size := 0
	for i := range records {
		payload := records[i].Payload
		size += codec(payload[0]).size(payload[1:])
		if i > 0 && (payload[0] != records[0].Payload[0] || size > most) {
			return i
		}
	}
	return len(records)
}

// join makes one request of records.
func join(records []queue.Record) (body []byte, compressed codec) {
	compressed = codec(records[0].Payload[0])
	if len(records) == 1 {
		return records[0].Payload[1:], compressed
	}
	size := 0
	for i := range records {
		size += len(records[i].Payload) - 1
	}
	body = make([]byte, 0, size)
	for i := range records {
		body = append(body, records[i].Payload[1:]...)
	}
	return body, compressed
}

func countItems(records []queue.Record) int {
	items := 0
	for i := range records {
		items += records[i].Items
	}
	return items
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
