// Package telemetry is what the program says of itself: its log, its metrics in Prometheus'
// form, its traces by OTLP, and the listener for probes.
//
// It takes the place of the Collector's own factory, which brings the resource detectors of
// three clouds along.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/ownlog"
	"github.com/pharos-obs/pharos/internal/process"
)

// NewFactory returns a factory with a process scope of its own. Generated code calls it; main
// calls NewFactoryFor.
func NewFactory() telemetry.Factory { return NewFactoryFor(process.New()) }

// NewFactoryFor returns a factory that publishes the metrics and takes its socket from p.
func NewFactoryFor(p *process.Process) telemetry.Factory {
	return telemetry.NewFactory(
		func() component.Config { return defaultConfig() },
		telemetry.WithCreateResource(createResource),
		telemetry.WithCreateLogger(createLogger),
		telemetry.WithCreateMeterProvider(func(ctx context.Context, set telemetry.MeterSettings, cfg component.Config) (telemetry.MeterProvider, error) {
			return createMeterProvider(ctx, p, set, cfg)
		}),
		telemetry.WithCreateTracerProvider(createTracerProvider),
	)
}

func configOf(cfg component.Config) (*Config, error) {
	own, ok := cfg.(*Config)
	if !ok {
		return nil, fmt.Errorf("service::telemetry is a %T, not ours", cfg)
	}
	return own, nil
}

func createLogger(_ context.Context, _ telemetry.LoggerSettings, cfg component.Config) (*zap.Logger, component.ShutdownFunc, error) {
	own, err := configOf(cfg)
	if err != nil {
		return nil, nil, err
	}
	return ownlog.New(own.Logs)
}

func createResource(_ context.Context, set telemetry.Settings, cfg component.Config) (pcommon.Resource, string, error) {
	res := pcommon.NewResource()
	own, err := configOf(cfg)
	if err != nil {
		return res, "", err
	}
	res.Attributes().PutStr("service.name", set.BuildInfo.Command)
	res.Attributes().PutStr("service.version", set.BuildInfo.Version)
	if host, err := os.Hostname(); err == nil {
		res.Attributes().PutStr("service.instance.id", host)
	}
	for name, value := range own.Resource {
		res.Attributes().PutStr(name, value)
	}
	return res, set.SchemaURL, nil
}

// sdkResource is the SDKs' form of a pdata resource.
func sdkResource(res *pcommon.Resource) *resource.Resource {
	if res == nil {
		return resource.Empty()
	}
	attributes := make([]attribute.KeyValue, 0, res.Attributes().Len())
	for name, value := range res.Attributes().All() {
		attributes = append(attributes, attribute.String(name, value.AsString()))
	}
	return resource.NewSchemaless(attributes...)
}

// meterProvider ends the operations listener together with the metrics it shows.
type meterProvider struct {
	*sdkmetric.MeterProvider
	stop func(context.Context) error
	once sync.Once
}

// Shutdown implements telemetry.MeterProvider.
func (m *meterProvider) Shutdown(ctx context.Context) error {
	var err error
	m.once.Do(func() { err = errors.Join(m.stop(ctx), m.MeterProvider.Shutdown(ctx)) })
	return err
}

func createMeterProvider(ctx context.Context, p *process.Process, set telemetry.MeterSettings, cfg component.Config) (telemetry.MeterProvider, error) {
	own, err := configOf(cfg)
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(set.BuildInfo),
	)
	reader, err := otelprometheus.New(
		otelprometheus.WithRegisterer(registry),
		otelprometheus.WithoutScopeInfo(),
		otelprometheus.WithoutTargetInfo(),
	)
	if err != nil {
		return nil, fmt.Errorf("create the metrics reader: %w", err)
	}
	stop, err := serveOperations(ctx, own.Operations.Endpoint, p, set.Logger)
	if err != nil {
		return nil, err
	}
	p.SetGatherer(registry)
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(sdkResource(set.Resource)))
	return &meterProvider{MeterProvider: provider, stop: stop}, nil
}

func buildInfo(info component.BuildInfo) prometheus.Collector {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "pharos_build_info", Help: "Version of the program; the value is always 1.",
		ConstLabels: prometheus.Labels{"command": info.Command, "version": info.Version},
	})
	gauge.Set(1)
	return gauge
}

func createTracerProvider(ctx context.Context, set telemetry.TracerSettings, cfg component.Config) (telemetry.TracerProvider, error) {
	own, err := configOf(cfg)
	if err != nil {
		return nil, err
	}
	if own.Traces.Endpoint == "" {
		return noTraces{}, nil
	}
	options := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(own.Traces.Endpoint)}
	if own.Traces.Insecure {
		options = append(options, otlptracegrpc.WithInsecure())
	}
	exporter, err := otlptracegrpc.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("create the trace exporter for %s: %w", own.Traces.Endpoint, err)
	}
	return sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(sdkResource(set.Resource)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(own.Traces.SampleRatio))),
	), nil
}

// noTraces is a tracer provider that has nothing to shut down.
type noTraces struct{ nooptrace.TracerProvider }

// Shutdown implements telemetry.TracerProvider.
func (noTraces) Shutdown(context.Context) error { return nil }
