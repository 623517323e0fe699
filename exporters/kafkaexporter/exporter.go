package kafkaexporter

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/kafkaclient"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/internal/recordid"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// headroom is kept free in a message for its headers.
const headroom = 4 << 10

// longestTraceState is what of it travels; senders choose it freely.
const longestTraceState = 1 << 10

// kafkaExporter writes one signal.
type kafkaExporter[T any] struct {
	cfg       *Config
	signal    *signal[T]
	logger    *zap.Logger
	tracer    trace.Tracer
	telemetry *telemetry
	producer  *producer
	health    health
}

type (
	metricsExporter struct {
		*kafkaExporter[pmetric.Metrics]
	}
	logsExporter   struct{ *kafkaExporter[plog.Logs] }
	tracesExporter struct{ *kafkaExporter[ptrace.Traces] }
)

var (
	_ exporter.Metrics = metricsExporter{}
	_ exporter.Logs    = logsExporter{}
	_ exporter.Traces  = tracesExporter{}
)

func newExporter[T any](set exporter.Settings, cfg *Config, signal *signal[T]) (*kafkaExporter[T], error) {
	producer, err := newProducer(cfg, signal.topic, set.Logger)
	if err != nil {
		return nil, err
	}
	telemetry, err := newTelemetry(set.MeterProvider, signal.name, producer.pending.Load)
	if err != nil {
		return nil, err
	}
	return &kafkaExporter[T]{
		cfg: cfg, signal: signal, logger: set.Logger, telemetry: telemetry, producer: producer,
		tracer: set.TracerProvider.Tracer(scopeName),
	}, nil
}

// Start implements component.Component. It does not wait for Kafka: what comes before Kafka is
// there is answered with a retryable error.
func (e *kafkaExporter[T]) Start(ctx context.Context, host component.Host) error {
	e.health = health{host: host}
	e.health.failed(errcode.New(errcode.Unavailable, "Kafka has not answered yet"))
	e.producer.start(ctx, func(err error) {
		if err != nil {
			e.health.failed(errcode.New(errcode.Unavailable, "%w", err))
			return
		}
		e.health.succeeded()
	})
	return nil
}

// Shutdown implements component.Component.
func (e *kafkaExporter[T]) Shutdown(context.Context) error {
	e.producer.stop()
	return e.telemetry.stop()
}

// Capabilities implements consumer. Records of this host's own come from receivers that know
// nothing of record ids, so that the exporter writes them.
func (e *kafkaExporter[T]) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: e.cfg.DefaultOrg != ""}
}

// ConsumeMetrics writes metrics; when it returns nil Kafka has them.
func (e metricsExporter) ConsumeMetrics(ctx context.Context, metrics pmetric.Metrics) error {
	return e.consume(ctx, metrics)
}

// ConsumeLogs writes logs; when it returns nil Kafka has them.
func (e logsExporter) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if e.cfg.DefaultOrg != "" {
		recordid.Identify(logs, uuid.NewString)
	}
	return e.consume(ctx, logs)
}

// ConsumeTraces writes traces; when it returns nil Kafka has them.
func (e tracesExporter) ConsumeTraces(ctx context.Context, traces ptrace.Traces) error {
	return e.consume(ctx, traces)
}

func (e *kafkaExporter[T]) consume(ctx context.Context, data T) error {
	if e.signal.empty(data) {
		return nil
	}
	begin := time.Now()
	ctx, span := e.tracer.Start(ctx, e.signal.topic+" send", trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(attribute.String("messaging.system", "kafka"), attribute.String("messaging.destination.name", e.signal.topic)))
	defer span.End()
	parts, err := e.write(ctx, data)
	e.telemetry.finish(ctx, begin, parts, err)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return outcome(err)
}

// write returns the parts that were written. Single items that are too large are left out and
// reported; without a report the error says so, after the others are written.
func (e *kafkaExporter[T]) write(ctx context.Context, data T) ([]part, error) {
	org, err := e.org(ctx)
	if err != nil {
		return nil, err
	}
	limit := e.producer.limit()
	parts, refused, err := e.signal.parts(data, e.cfg.PartitionsPerOrg, limit)
	if err != nil {
		return nil, errcode.New(errcode.Invalid, "encode %s: %w", e.signal.name, err)
	}
	if err := e.producer.write(ctx, org, e.headers(ctx, org, data), parts); err != nil {
		e.health.failed(err)
		return nil, err
	}
	e.health.succeeded()
	if len(refused) == 0 {
		return parts, nil
	}
	e.telemetry.refuse(ctx, "too_large", len(refused))
	message := fmt.Sprintf("is larger than the %d bytes that a message can have; shorten it", limit)
	report := rejection.FromContext(ctx)
	if report == nil {
		return parts, &errcode.Error{Code: errcode.TooLarge, Field: refused[0].Field, Message: message}
	}
	for _, item := range refused {
		item.Reason, item.Message = "too_large", message
		report.Add(item)
	}
	return parts, nil
}

// headers returns the headers that all messages of a batch share.
func (e *kafkaExporter[T]) headers(ctx context.Context, org string, data T) kafkaclient.Headers {
	batch := e.signal.batch(data)
	if batch == "" {
		batch = newBatchID()
	}
	headers := make(kafkaclient.Headers, 0, 4)
	headers.Set(kafkaclient.HeaderOrg, org)
	headers.Set(kafkaclient.HeaderBatch, batch)
	propagation.TraceContext{}.Inject(ctx, &headers)
	if len(headers.Get("tracestate")) > longestTraceState {
		headers = slices.DeleteFunc(headers, func(header kafka.Header) bool { return header.Key == "tracestate" })
	}
	return headers
}

// newBatchID returns an id for a batch that brings none: it tells which messages belong together.
func newBatchID() string {
	if ordered, err := uuid.NewV7(); err == nil {
		return ordered.String()
	}
	return uuid.NewString()
}

// org returns the organisation that the data belongs to.
func (e *kafkaExporter[T]) org(ctx context.Context) (string, error) {
	if org, ok := orgcontext.From(ctx); ok {
		return org, nil
	}
	if e.cfg.DefaultOrg == "" {
		return "", errcode.InvalidField("org", "is missing: the data came without authentication", "set default_org of the kafka exporter for data of this server's own")
	}
	return e.cfg.DefaultOrg, nil
}

// outcome marks errors that stay as permanent, so that nobody sends the data again. The code
// of the error can still be found.
func outcome(err error) error {
	if err == nil || errcode.Retryable(err) || errcode.Of(err) == errcode.Canceled {
		return err
	}
	return consumererror.NewPermanent(err)
}

// health tells the Collector when writes begin to fail, and when they work again.
type health struct {
	host component.Host
	bad  flag
}

func (h *health) failed(err error) {
	if errcode.Of(err) == errcode.Unavailable && h.bad.set(true) {
		componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
	}
}

func (h *health) succeeded() {
	if h.bad.set(false) {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}
