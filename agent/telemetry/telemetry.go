// Package telemetry is what the agent says of itself: its log, and its metrics, which nothing
// serves but a receiver reads.
package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/service/telemetry"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/pharos-obs/pharos/internal/ownlog"
)

// Config is the `service::telemetry` section.
type Config struct {
	// Logs configures the agent's own log.
	Logs ownlog.Config `mapstructure:"logs"`
}

// NewFactory returns a factory whose metrics nobody reads. Generated code calls it; main calls
// NewFactoryFor.
func NewFactory() telemetry.Factory {
	return NewFactoryFor(sdkmetric.NewManualReader(), func(core zapcore.Core) zapcore.Core { return core })
}

// NewFactoryFor returns a factory whose metrics are read from reader, and whose log goes through
// what watch makes of it.
func NewFactoryFor(reader sdkmetric.Reader, watch func(zapcore.Core) zapcore.Core) telemetry.Factory {
	return telemetry.NewFactory(
		func() component.Config { return &Config{Logs: ownlog.Config{Level: "info", Format: "console"}} },
		telemetry.WithCreateResource(createResource),
		telemetry.WithCreateLogger(func(_ context.Context, _ telemetry.LoggerSettings, cfg component.Config) (*zap.Logger, component.ShutdownFunc, error) {
			logger, closeLog, err := createLogger(cfg)
			if err != nil {
				return nil, nil, err
			}
			return logger.WithOptions(zap.WrapCore(watch)), closeLog, nil
		}),
		telemetry.WithCreateMeterProvider(func(context.Context, telemetry.MeterSettings, component.Config) (telemetry.MeterProvider, error) {
			return sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), nil
		}),
		telemetry.WithCreateTracerProvider(func(context.Context, telemetry.TracerSettings, component.Config) (telemetry.TracerProvider, error) {
			return noTraces{}, nil
		}),
	)
}

func createResource(_ context.Context, set telemetry.Settings, _ component.Config) (pcommon.Resource, string, error) {
	res := pcommon.NewResource()
	res.Attributes().PutStr("service.name", set.BuildInfo.Command)
	res.Attributes().PutStr("service.version", set.BuildInfo.Version)
	return res, set.SchemaURL, nil
}

func createLogger(cfg component.Config) (*zap.Logger, component.ShutdownFunc, error) {
	own, ok := cfg.(*Config)
	if !ok {
		return nil, nil, fmt.Errorf("service::telemetry is a %T, not ours", cfg)
	}
	return ownlog.New(own.Logs)
}

// noTraces is a tracer provider that has nothing to shut down.
type noTraces struct{ nooptrace.TracerProvider }

// Shutdown implements telemetry.TracerProvider.
func (noTraces) Shutdown(context.Context) error { return nil }
