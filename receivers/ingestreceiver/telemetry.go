package ingestreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/rejection"
)

const scopeName = "github.com/pharos-obs/pharos/receivers/ingestreceiver"

// source is a signal in a protocol: what the receiver's own metrics tell apart.
type source struct{ signal, protocol string }

const (
	signalMetrics = "metrics"
	signalLogs    = "logs"

	protocolGRPC = "otlp_grpc"
	protocolHTTP = "otlp_http"
	protocolJSON = "json"
	protocolRW   = "remote_write"
)

// reasonUnlisted counts rejections that a full report no longer describes.
const reasonUnlisted = "unlisted"

// telemetry holds the receiver's own metrics.
type telemetry struct {
	accepted metric.Int64Counter
	rejected metric.Int64Counter
	duration metric.Float64Histogram
	// known holds the attributes of the common case, made once.
	known map[source]knownAttributes
}

type knownAttributes struct {
	items, succeeded metric.MeasurementOption
}

func newTelemetry(provider metric.MeterProvider) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	accepted, err1 := meter.Int64Counter("pharos_ingest_accepted_items",
		metric.WithDescription("Data points and log records that were stored."), metric.WithUnit("{item}"))
	rejected, err2 := meter.Int64Counter("pharos_ingest_rejected_items",
		metric.WithDescription("Data points and log records that were refused for good, by reason."), metric.WithUnit("{item}"))
	duration, err3 := meter.Float64Histogram("pharos_ingest_request_duration",
		metric.WithDescription("Time from reading a request to its answer, by outcome: ok or an error code."), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(.0005, .001, .0025, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10))
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	t := &telemetry{accepted: accepted, rejected: rejected, duration: duration, known: map[source]knownAttributes{}}
	for _, signal := range []string{signalMetrics, signalLogs} {
		for _, protocol := range []string{protocolGRPC, protocolHTTP, protocolJSON, protocolRW} {
			from := source{signal, protocol}
			t.known[from] = knownAttributes{
				items:     metric.WithAttributeSet(attribute.NewSet(from.attributes()...)),
				succeeded: metric.WithAttributeSet(attribute.NewSet(append(from.attributes(), attribute.String("outcome", "ok"))...)),
			}
			if from != (source{signalLogs, protocolRW}) {
				// From 0 on: the first items would else be no increase.
				accepted.Add(context.Background(), 0, t.known[from].items)
			}
		}
	}
	return t, nil
}

func (s source) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("signal", s.signal), attribute.String("protocol", s.protocol)}
}

// finish counts one request: how long it took and how it ended.
func (t *telemetry) finish(ctx context.Context, from source, begin time.Time, err error) {
	if err == nil {
		t.duration.Record(ctx, time.Since(begin).Seconds(), t.known[from].succeeded)
		return
	}
	outcome := attribute.String("outcome", string(errcode.Of(err)))
	t.duration.Record(ctx, time.Since(begin).Seconds(), metric.WithAttributes(append(from.attributes(), outcome)...))
}

// stored counts a batch that went down the pipeline: the items that were left out, and the rest.
func (t *telemetry) stored(ctx context.Context, from source, items int, report *rejection.Report) {
	refused := report.Count()
	if accepted := items - refused; accepted > 0 {
		t.accepted.Add(ctx, int64(accepted), t.known[from].items)
	}
	if refused == 0 {
		return
	}
	reasons := map[string]int{}
	listed := report.Items()
	for _, item := range listed {
		reasons[item.Reason]++
	}
	if more := refused - len(listed); more > 0 {
		reasons[reasonUnlisted] += more
	}
	t.refused(ctx, from, reasons)
}

// refused counts items by the reason of their refusal.
func (t *telemetry) refused(ctx context.Context, from source, reasons map[string]int) {
	for reason, count := range reasons {
		t.rejected.Add(ctx, int64(count), metric.WithAttributes(append(from.attributes(), attribute.String("reason", reason))...))
	}
}
