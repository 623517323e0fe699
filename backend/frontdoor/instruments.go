package frontdoor

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// instruments count requests by the names of OpenTelemetry's semantic conventions.
type instruments struct {
	http metric.Float64Histogram
	grpc metric.Float64Histogram
}

func newInstruments(meter metric.Meter) (*instruments, error) {
	bounds := metric.WithExplicitBucketBoundaries(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10)
	httpDuration, err := meter.Float64Histogram("http.server.request.duration", bounds,
		metric.WithUnit("s"), metric.WithDescription("Duration of HTTP requests at the front door."))
	if err != nil {
		return nil, err
	}
	grpcDuration, err := meter.Float64Histogram("rpc.server.call.duration", bounds,
		metric.WithUnit("s"), metric.WithDescription("Duration of gRPC calls at the front door."))
	if err != nil {
		return nil, err
	}
	return &instruments{http: httpDuration, grpc: grpcDuration}, nil
}

// routeCounter records the requests of one route; attribute sets are made once for each status.
type routeCounter struct {
	duration metric.Float64Histogram
	common   []attribute.KeyValue
	byStatus sync.Map // int -> metric.MeasurementOption
}

func (i *instruments) forRoute(listener Listener, pattern string) *routeCounter {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = "", pattern
	}
	return &routeCounter{duration: i.http, common: []attribute.KeyValue{
		attribute.String("http.request.method", method),
		attribute.String("http.route", path),
		attribute.String("pharos.listener", string(listener)),
	}}
}

func (c *routeCounter) done(ctx context.Context, status int, took time.Duration) {
	option, ok := c.byStatus.Load(status)
	if !ok {
		attributes := append([]attribute.KeyValue{attribute.Int("http.response.status_code", status)}, c.common...)
		option, _ = c.byStatus.LoadOrStore(status, metric.WithAttributeSet(attribute.NewSet(attributes...)))
	}
	if recordOption, ok := option.(metric.RecordOption); ok {
		c.duration.Record(ctx, took.Seconds(), recordOption)
	}
}
