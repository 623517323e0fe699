package agentreceiver

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/process"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
	"github.com/pharos-obs/pharos/internal/hostidentity"
)

const scopeName = "github.com/pharos-obs/pharos/receivers/agentreceiver"

// secondReport is how soon the second report follows the first one.
const secondReport = 2 * time.Second

// status is what the extension gives.
type status interface {
	Parts() []agentstatusextension.Part
	Started() time.Time
	Version() string
	ConfigDigest() string
	Metrics(ctx context.Context, data *metricdata.ResourceMetrics) error
}

type agentReceiver struct {
	cfg  *Config
	set  receiver.Settings
	next consumer.Metrics

	status   status
	resource pcommon.Resource
	self     *process.Process
	reasons  reasons
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// Start implements component.Component.
func (r *agentReceiver) Start(ctx context.Context, host component.Host) (err error) {
	var ok bool
	if r.status, ok = host.GetExtensions()[r.cfg.Status].(status); !ok {
		return fmt.Errorf("status: there is no extension %q that knows how the agent is: add it to service::extensions", r.cfg.Status)
	}
	r.resource = pcommon.NewResource()
	attributes := r.resource.Attributes()
	attributes.PutStr("service.name", r.set.BuildInfo.Command)
	attributes.PutStr("service.version", r.set.BuildInfo.Version)
	if err := hostidentity.Describe(ctx, "", r.cfg.HostName, attributes); err != nil {
		return err
	}
	if r.self, err = process.NewProcessWithContext(ctx, int32(os.Getpid())); err != nil {
		return fmt.Errorf("find this process: %w", err)
	}
	collecting, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.running.Go(func() { r.run(collecting) })
	return nil
}

// Shutdown implements component.Component.
func (r *agentReceiver) Shutdown(context.Context) error {
	if r.stop != nil {
		r.stop()
		r.running.Wait()
	}
	return nil
}

func (r *agentReceiver) run(ctx context.Context) {
	// Parts that start after this one are known only to the second report, which does not wait.
	ticker := time.NewTicker(min(r.cfg.CollectionInterval, secondReport))
	defer ticker.Stop()
	var data metricdata.ResourceMetrics
	failed := false
	for report := 1; ; report++ {
		err := r.collect(ctx, &data)
		if report == 2 {
			ticker.Reset(r.cfg.CollectionInterval)
		}
		if err != nil && !failed && ctx.Err() == nil {
			r.set.Logger.Warn("The agent's own metrics are lost until this ends", zap.Error(err))
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// collect measures once and sends what it has.
func (r *agentReceiver) collect(ctx context.Context, data *metricdata.ResourceMetrics) error {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	r.resource.CopyTo(resource.Resource())
	scope := resource.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName(scopeName)
	target := scope.Metrics()
	now := pcommon.NewTimestampFromTime(time.Now())
	r.measureProcess(ctx, target, now)
	r.describeParts(target, now)
	err := r.status.Metrics(ctx, data)
	if err == nil {
		convert(data, target)
	}
	if sent := r.next.ConsumeMetrics(ctx, metrics); sent != nil {
		return sent
	}
	return err
}

// measureProcess takes the names of OpenTelemetry's process metrics.
func (r *agentReceiver) measureProcess(ctx context.Context, target pmetric.MetricSlice, now pcommon.Timestamp) {
	started := pcommon.NewTimestampFromTime(r.status.Started())
	if memory, err := r.self.MemoryInfoWithContext(ctx); err == nil {
		point := gauge(target, "process.memory.usage", "By", "Memory of the agent that is in RAM.")
		point.SetTimestamp(now)
		point.SetIntValue(int64(memory.RSS))
	}
	if times, err := r.self.TimesWithContext(ctx); err == nil {
		metric := target.AppendEmpty()
		metric.SetName("process.cpu.time")
		metric.SetUnit("s")
		metric.SetDescription("CPU time of the agent.")
		sum := metric.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		for mode, seconds := range map[string]float64{"user": times.User, "system": times.System} {
			point := sum.DataPoints().AppendEmpty()
			point.SetStartTimestamp(started)
			point.SetTimestamp(now)
			point.SetDoubleValue(seconds)
			point.Attributes().PutStr("cpu.mode", mode)
		}
	}
	point := gauge(target, "process.uptime", "s", "Time since the agent started.")
	point.SetTimestamp(now)
	point.SetDoubleValue(time.Since(r.status.Started()).Seconds())
	point = gauge(target, "go.goroutine.count", "{goroutine}", "Goroutines of the agent.")
	point.SetTimestamp(now)
	point.SetIntValue(int64(runtime.NumGoroutine()))
	point = gauge(target, "pharos_agent_info", "", "Version of the agent, and a digest of its configuration; the value is always 1.")
	point.SetTimestamp(now)
	point.SetIntValue(1)
	point.Attributes().PutStr("version", r.status.Version())
	if digest := r.status.ConfigDigest(); digest != "" {
		point.Attributes().PutStr("config", digest)
	}
}

// describeParts tells of each part whether it works; one that does not says why.
func (r *agentReceiver) describeParts(target pmetric.MetricSlice, now pcommon.Timestamp) {
	parts := r.status.Parts()
	if len(parts) == 0 {
		return
	}
	metric := target.AppendEmpty()
	metric.SetName("pharos_agent_part_up")
	metric.SetDescription("1 while a part of the agent works, 0 while it fails.")
	up := metric.SetEmptyGauge().DataPoints()
	var failing pmetric.NumberDataPointSlice
	for i, one := range parts {
		point := up.AppendEmpty()
		point.SetTimestamp(now)
		point.Attributes().PutStr("kind", one.Kind)
		point.Attributes().PutStr("part", one.ID)
		if one.State == agentstatusextension.StateOK {
			point.SetIntValue(1)
			continue
		}
		if failing == (pmetric.NumberDataPointSlice{}) {
			metric := target.AppendEmpty()
			metric.SetName("pharos_agent_part_failure")
			metric.SetDescription("Why a part of the agent fails, in its own words; the value is when it began, as Unix time.")
			metric.SetUnit("s")
			failing = metric.SetEmptyGauge().DataPoints()
		}
		why := failing.AppendEmpty()
		why.SetTimestamp(now)
		why.SetDoubleValue(float64(parts[i].Since.UnixMilli()) / 1000)
		why.Attributes().PutStr("kind", one.Kind)
		why.Attributes().PutStr("part", one.ID)
		why.Attributes().PutStr("reason", r.reasons.label(one.Error))
	}
}

func gauge(target pmetric.MetricSlice, name, unit, about string) pmetric.NumberDataPoint {
	metric := target.AppendEmpty()
	metric.SetName(name)
	metric.SetUnit(unit)
	metric.SetDescription(about)
	return metric.SetEmptyGauge().DataPoints().AppendEmpty()
}
