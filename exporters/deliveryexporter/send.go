package deliveryexporter

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/exporters/deliveryexporter/queue"
)

// splitAfter is how long the server may be away before what was kept meanwhile becomes a backlog.
const splitAfter = 15 * time.Second

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
		if !d.deliver(ctx, batch) {
			batch.Return()
			return
		}
	}
}

// deliver sends a batch, or what it refuses piece by piece; false means that the context ended
// first.
func (d *delivery) deliver(ctx context.Context, batch *queue.Batch) bool {
	for records := batch.Records; len(records) > 0; {
		same := sameCodec(records)
		switch err := d.attempt(ctx, records[:same]); {
		case ctx.Err() != nil && err != nil:
			return false
		case err != nil && same > 1:
			// One of them spoils the others: which one, each has to show by itself.
			for i := range same {
				if err := d.attempt(ctx, records[i:i+1]); err != nil {
					if ctx.Err() != nil {
						return false
					}
					d.refused(records[i:i+1], err)
				}
			}
		case err != nil:
			d.refused(records[:same], err)
		}
		records = records[same:]
	}
	if err := batch.Done(); err != nil {
		d.logger.Error("writing down what was sent", zap.Error(err))
	}
	return true
}

func (d *delivery) refused(records []queue.Record, err error) {
	items := countItems(records)
	d.telemetry.drop("refused", items)
	d.logger.Error("the server refuses data for good; it is dropped", zap.Int("items", items), zap.Error(err))
}

// attempt sends records until the server has answered for good: nil, or why it refuses them.
func (d *delivery) attempt(ctx context.Context, records []queue.Record) error {
	pauses := &backoff.ExponentialBackOff{InitialInterval: d.cfg.Retry.Initial, RandomizationFactor: 0.5, Multiplier: 1.5, MaxInterval: d.cfg.Retry.Max}
	pauses.Reset()
	items := countItems(records)
	var down time.Time
	for {
		err := d.request(ctx, records, items)
		var refused *refusedError
		if err == nil || errors.As(err, &refused) || ctx.Err() != nil {
			d.recovered(down)
			return err
		}
		if down.IsZero() {
			down = time.Now()
			d.logger.Warn("the server does not take data; it is kept and sent later", zap.Error(err))
			d.report(err)
		}
		pause := pauses.NextBackOff()
		var later *laterError
		if errors.As(err, &later) && later.after > 0 {
			pause = later.after + pause/4
		}
		d.telemetry.retry()
		sleep(ctx, pause)
		if ctx.Err() != nil {
			return ctx.Err()
		}
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

// recovered tells that the server takes data again, and makes a backlog of what was kept.
func (d *delivery) recovered(down time.Time) {
	if down.IsZero() {
		return
	}
	d.report(nil)
	d.logger.Info("the server takes data again", zap.String("away", time.Since(down).Round(time.Millisecond).String()))
	if time.Since(down) < splitAfter {
		return
	}
	if err := d.queue.Split(); err != nil {
		d.logger.Error("making a backlog of what was kept", zap.Error(err))
	}
}

// sameCodec returns how many of the first records are compressed in the same way.
func sameCodec(records []queue.Record) int {
	for i := range records {
		if records[i].Payload[0] != records[0].Payload[0] {
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
