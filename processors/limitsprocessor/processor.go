package limitsprocessor

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/storage/rejection"
)

const scopeName = "github.com/pharos-obs/pharos/processors/limitsprocessor"

// Fields and reasons of rejections, as storage/rejection lists them.
const (
	fieldTime    = "time"
	fieldName    = "metric_name"
	fieldLabels  = "labels"
	fieldMessage = "message"
	fieldLevel   = "level"
	fieldJSON    = "json"

	reasonTimeMissing = "time_missing"
	reasonTooOld      = "too_old"
	reasonFuture      = "too_far_in_future"
	reasonLabelLimit  = "label_limit"
	reasonLabel       = "label_invalid"
	reasonName        = "name_invalid"
	reasonValue       = "value_invalid"
	reasonTooLarge    = "too_large"
)

// limits is what the processors of both signals share.
type limits struct {
	component.StartFunc
	component.ShutdownFunc

	cfg      *Config
	signal   attribute.KeyValue
	rejected metric.Int64Counter
	now      func() time.Time
}

func newLimits(set component.TelemetrySettings, cfg *Config, signal string) (*limits, error) {
	rejected, err := set.MeterProvider.Meter(scopeName).Int64Counter("pharos_limits_rejected_items",
		metric.WithDescription("Data points and log records that were refused, by reason."), metric.WithUnit("{item}"))
	if err != nil {
		return nil, err
	}
	return &limits{cfg: cfg, signal: attribute.String("signal", signal), rejected: rejected, now: time.Now}, nil
}

// Capabilities implements consumer: items are removed from the batch.
func (*limits) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

// violation says what is wrong with an item; nil is nothing.
type violation struct {
	field, reason, message string
}

// window is the time in which items are accepted.
type window struct {
	oldest, newest pcommon.Timestamp
}

func (l *limits) window() window {
	now := l.now()
	return window{
		oldest: pcommon.NewTimestampFromTime(now.Add(-l.cfg.Past)),
		newest: pcommon.NewTimestampFromTime(now.Add(l.cfg.Future)),
	}
}

// holds says whether a time is inside; no time is not.
func (w window) holds(at pcommon.Timestamp) bool { return at >= w.oldest && at <= w.newest }

// outside explains why a time is outside.
func (l *limits) outside(w window, at pcommon.Timestamp) *violation {
	switch {
	case w.holds(at):
		return nil
	case at == 0:
		return &violation{fieldTime, reasonTimeMissing, "the time is missing; set it where the data is made"}
	case at < w.oldest:
		return &violation{fieldTime, reasonTooOld, fmt.Sprintf(
			"%s is older than the %s that are accepted; check the sender's clock, or how long it has held data back",
			format(at), l.cfg.Past)}
	}
	return &violation{fieldTime, reasonFuture, fmt.Sprintf(
		"%s is more than %s ahead of the server's clock; check the sender's clock and the unit of its times",
		format(at), l.cfg.Future)}
}

func format(at pcommon.Timestamp) string {
	if at > 1<<63-1 {
		return fmt.Sprintf("%d ns", uint64(at))
	}
	return at.AsTime().Format(time.RFC3339Nano)
}

// removal notes what is removed from one batch.
type removal struct {
	report *rejection.Report
	counts map[string]int64
}

func newRemoval(ctx context.Context) *removal {
	return &removal{report: rejection.FromContext(ctx), counts: map[string]int64{}}
}

func (r *removal) add(found *violation, key string, at int64) {
	r.counts[found.reason]++
	r.report.Add(rejection.Item{Key: key, Time: at, Field: found.field, Reason: found.reason, Message: found.message})
}

func (l *limits) count(ctx context.Context, r *removal) {
	for reason, count := range r.counts {
		l.rejected.Add(ctx, count, metric.WithAttributes(l.signal, attribute.String("reason", reason)))
	}
}
