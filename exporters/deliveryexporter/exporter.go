package deliveryexporter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/exporters/deliveryexporter/queue"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/recordid"
)

const (
	segmentBytes = 4 << 20
	stateEvery   = time.Second
)

// delivery keeps and sends the data of one signal.
type delivery struct {
	cfg        *Config
	set        exporter.Settings
	signal     string
	logger     *zap.Logger
	compressor *compressor
	telemetry  *telemetry
	host       component.Host

	queue   *queue.Queue
	lock    *flock.Flock
	client  client
	cancel  context.CancelFunc
	sending sync.WaitGroup

	splitAfter time.Duration // how long the server is away before there is a backlog

	// Of the goroutine that sends.
	down   time.Time // since when the server takes nothing; zero when it does
	reason string    // why
}

func newDelivery(set exporter.Settings, cfg *Config, shared *compressors, signal string) (*delivery, error) {
	packer, err := shared.get(cfg.Compression)
	if err != nil {
		return nil, fmt.Errorf("compression: %w", err)
	}
	d := &delivery{cfg: cfg, set: set, signal: signal, logger: set.Logger.With(zap.String("signal", signal)), compressor: packer, splitAfter: splitAfter}
	d.telemetry, err = newTelemetry(set.MeterProvider, signal, d.stats)
	return d, err
}

// Start implements component.Component: it opens the queue and begins to send.
func (d *delivery) Start(_ context.Context, host component.Host) (err error) {
	d.host = host
	opts := queue.Options{
		MaxBytes: int64(d.cfg.Queue.MaxBytes), MaxAge: d.cfg.Queue.MaxAge,
		SegmentBytes: min(segmentBytes, int64(d.cfg.Queue.MaxBytes)/8), StateEvery: stateEvery,
		Sync: d.cfg.Queue.Durability == durabilityFsync, Now: time.Now, Dropped: d.dropped,
	}
	// Two exporters must not share a folder.
	name := d.set.ID.Name()
	if name == "" {
		name = "default"
	}
	dir := filepath.Join(d.cfg.Queue.Directory, name, d.signal)
	if err := d.own(dir); err != nil {
		return fmt.Errorf("queue::directory: %w", err)
	}
	if d.queue, err = queue.Open(dir, opts); err != nil {
		return errors.Join(fmt.Errorf("queue::directory: %w", err), d.lock.Unlock())
	}
	if d.client, err = newClient(d.cfg, d.signal, d.set.BuildInfo); err != nil {
		return errors.Join(err, d.queue.Close(), d.lock.Unlock())
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.sending.Go(func() { d.send(ctx) })
	return nil
}

// own makes sure that no other agent uses the folder.
func (d *delivery) own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create the queue's folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the queue: %w", err)
	}
	if !locked {
		return fmt.Errorf("%s is in use: is another agent running?", dir)
	}
	d.lock = lock
	return nil
}

// Shutdown implements component.Component. What was not sent stays in the queue.
func (d *delivery) Shutdown(context.Context) error {
	if d.cancel == nil {
		return d.telemetry.stop()
	}
	d.cancel()
	d.sending.Wait()
	d.cancel = nil
	return errors.Join(d.client.close(), d.queue.Close(), d.lock.Unlock(), d.telemetry.stop())
}

// Capabilities implements consumer. Log records are given ids.
func (d *delivery) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: d.signal == "logs"}
}

// keep puts an encoded export request into the queue.
// key tells a batch that may come twice from others; 0 is none.
func (d *delivery) keep(key uint64, encoded []byte, items int, err error) error {
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode OTLP: %w", err))
	}
	record, err := d.compressor.record(encoded)
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("compress: %w", err))
	}
	fresh, err := d.queue.AppendOnce(key, record, items)
	if err != nil {
		d.telemetry.refuse(string(errcode.Of(err)), items)
		if !errcode.Retryable(err) {
			return consumererror.NewPermanent(err)
		}
		return err
	}
	if fresh {
		d.telemetry.take(items)
	}
	return nil
}

func (d *delivery) dropped(reason string, records, items int) {
	d.telemetry.drop(reason, items)
	d.logger.Warn("dropped data that was not sent", zap.String("reason", reason), zap.Int("records", records), zap.Int("items", items))
}

// stats is for the telemetry, which may ask before Start.
func (d *delivery) stats() queue.Stats {
	if d.queue == nil {
		return queue.Stats{}
	}
	return d.queue.Stats()
}

// report tells the Collector how the delivery is.
func (d *delivery) report(err error) {
	if err == nil {
		componentstatus.ReportStatus(d.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	componentstatus.ReportStatus(d.host, componentstatus.NewRecoverableErrorEvent(err))
}

type metricsExporter struct {
	*delivery
	encoder pmetric.ProtoMarshaler
}

// ConsumeMetrics returns nil when the queue has the metrics.
func (e *metricsExporter) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	items := metrics.DataPointCount()
	if items == 0 {
		return nil
	}
	encoded, err := e.encoder.MarshalMetrics(metrics)
	return e.keep(0, encoded, items, err)
}

type logsExporter struct {
	*delivery
	encoder plog.ProtoMarshaler
}

// ConsumeLogs returns nil when the queue has the logs. Records without an id are given one, so
// that a batch that is sent twice is stored once; records that bring ids are taken once, also when
// they come again after a crash.
func (e *logsExporter) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	items := logs.LogRecordCount()
	if items == 0 {
		return nil
	}
	key := batchKey(logs)
	recordid.Identify(logs, uuid.NewString)
	encoded, err := e.encoder.MarshalLogs(logs)
	return e.keep(key, encoded, items, err)
}

type tracesExporter struct {
	*delivery
	encoder ptrace.ProtoMarshaler
}

// ConsumeTraces returns nil when the queue has the traces.
func (e *tracesExporter) ConsumeTraces(_ context.Context, traces ptrace.Traces) error {
	items := traces.SpanCount()
	if items == 0 {
		return nil
	}
	encoded, err := e.encoder.MarshalTraces(traces)
	return e.keep(0, encoded, items, err)
}
