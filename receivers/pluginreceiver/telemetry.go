package pluginreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	otelattribute "go.opentelemetry.io/otel/attribute"
	otelmetric "go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/agent/plugin/host"
)

// States of a plugin.
const (
	stateStarting = "starting"
	stateRunning  = "running"
	stateWaiting  = "waiting" // to be started again
	stateStopped  = "stopped"
)

// telemetry counts what a plugin does. metadata.yaml describes it.
type telemetry struct {
	plugin   otelattribute.KeyValue
	states   otelmetric.Int64Gauge
	restarts otelmetric.Int64Counter
	duration otelmetric.Float64Histogram
	points   otelmetric.Int64Counter
	records  otelmetric.Int64Counter
	memory   otelmetric.Int64Gauge
	cpu      otelmetric.Float64Gauge
}

func newTelemetry(provider otelmetric.MeterProvider, id string) (*telemetry, error) {
	meter := provider.Meter(scopeName)
	t := &telemetry{plugin: otelattribute.String("plugin", id)}
	var errs [7]error
	t.states, errs[0] = meter.Int64Gauge("pharos_plugin_state",
		otelmetric.WithDescription("1 for the state that a plugin is in, 0 for the others."))
	t.restarts, errs[1] = meter.Int64Counter("pharos_plugin_restarts",
		otelmetric.WithUnit("{restart}"), otelmetric.WithDescription("How often a plugin was started again, by the reason."))
	t.duration, errs[2] = meter.Float64Histogram("pharos_plugin_collect_duration",
		otelmetric.WithUnit("s"), otelmetric.WithDescription("How long a plugin took to measure."),
		otelmetric.WithExplicitBucketBoundaries(0.001, 0.01, 0.1, 1, 10))
	t.points, errs[3] = meter.Int64Counter("pharos_plugin_dropped_points",
		otelmetric.WithUnit("{point}"), otelmetric.WithDescription("Data points of a plugin that were dropped, by the reason."))
	t.records, errs[4] = meter.Int64Counter("pharos_plugin_dropped_records",
		otelmetric.WithUnit("{record}"), otelmetric.WithDescription("Log records of a plugin that were dropped, by the reason."))
	t.memory, errs[5] = meter.Int64Gauge("pharos_plugin_memory_usage",
		otelmetric.WithUnit("By"), otelmetric.WithDescription("Memory of a plugin and its children that is in RAM."))
	t.cpu, errs[6] = meter.Float64Gauge("pharos_plugin_cpu_time",
		otelmetric.WithUnit("s"), otelmetric.WithDescription("CPU time of a plugin and its children since its start."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("create the metrics of a plugin: %w", err)
	}
	return t, nil
}

func (t *telemetry) with(attributes ...otelattribute.KeyValue) otelmetric.MeasurementOption {
	return otelmetric.WithAttributes(append(attributes, t.plugin)...)
}

// state records a change of state.
func (t *telemetry) state(ctx context.Context, now string) {
	for _, one := range []string{stateStarting, stateRunning, stateWaiting, stateStopped} {
		value := int64(0)
		if one == now {
			value = 1
		}
		t.states.Record(ctx, value, t.with(otelattribute.String("state", one)))
	}
}

func (t *telemetry) restarted(ctx context.Context, reason string) {
	t.restarts.Add(ctx, 1, t.with(otelattribute.String("reason", reason)))
}

func (t *telemetry) collected(ctx context.Context, took time.Duration, err error) {
	outcome := "ok"
	switch {
	case status.Code(err) == codes.DeadlineExceeded:
		outcome = "timeout"
	case err != nil:
		outcome = "error"
	}
	t.duration.Record(ctx, took.Seconds(), t.with(otelattribute.String("outcome", outcome)))
}

// dropped counts points or records.
func (t *telemetry) dropped(ctx context.Context, what string, counts map[string]int) {
	counter := t.points
	if what == "records" {
		counter = t.records
	}
	for reason, count := range counts {
		counter.Add(ctx, int64(count), t.with(otelattribute.String("reason", reason)))
	}
}

func (t *telemetry) used(ctx context.Context, usage host.Usage) {
	t.memory.Record(ctx, usage.Memory, t.with())
	t.cpu.Record(ctx, usage.CPU.Seconds(), t.with())
}
