package agentstatusextension

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
)

var (
	_ extension.Extension                          = (*Extension)(nil)
	_ extensioncapabilities.PipelineWatcher        = (*Extension)(nil)
	_ extensioncapabilities.ComponentStatusWatcher = (*Extension)(nil)
)

// Extension knows how the agent is. The receiver `agent` finds it among the host's extensions.
type Extension struct {
	cfg     *Config
	sources Sources
	logger  *zap.Logger
	version string
	started time.Time

	mu    sync.Mutex
	parts map[*componentstatus.InstanceID]Part

	changed chan struct{}
	stop    context.CancelFunc
	running sync.WaitGroup
}

// Part is a receiver, processor, exporter or extension, in one pipeline.
type Part struct {
	Kind  string    `json:"kind"`
	ID    string    `json:"id"`
	State string    `json:"state"` // ok or failing
	Error string    `json:"error,omitempty"`
	Since time.Time `json:"since"`
}

// Queue is what waits for the server, of one signal.
type Queue struct {
	Signal      string    `json:"signal"`
	Items       int64     `json:"items"`
	Bytes       int64     `json:"bytes"`
	AgeSeconds  float64   `json:"age_seconds"`
	Delivered   int64     `json:"delivered"`
	Dropped     int64     `json:"dropped"`
	LastSuccess time.Time `json:"last_success,omitzero"`
}

// Status is what the file holds.
type Status struct {
	Version string    `json:"version"`
	Config  string    `json:"config,omitempty"` // a digest
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	Parts   []Part    `json:"parts"`
	Queues  []Queue   `json:"queues"`
}

func newExtension(cfg *Config, sources Sources, set extension.Settings) *Extension {
	e := &Extension{
		cfg: cfg, sources: sources, logger: set.Logger, version: set.BuildInfo.Version, started: time.Now(),
		parts: map[*componentstatus.InstanceID]Part{}, changed: make(chan struct{}, 1),
	}
	if sources.Faults != nil {
		sources.Faults.notify(e.wake)
	}
	return e
}

// wake makes the file be written soon.
func (e *Extension) wake() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// Start implements component.Component.
func (e *Extension) Start(context.Context, component.Host) error { return nil }

// Ready implements extensioncapabilities.PipelineWatcher: it begins to write the file.
func (e *Extension) Ready() error {
	if e.cfg.File == "" {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.stop = cancel
	e.running.Go(func() { e.write(ctx) })
	return nil
}

// NotReady implements extensioncapabilities.PipelineWatcher.
func (e *Extension) NotReady() error {
	if e.stop != nil {
		e.stop()
		e.running.Wait()
		e.stop = nil
	}
	return nil
}

// Shutdown implements component.Component.
func (e *Extension) Shutdown(context.Context) error { return e.NotReady() }

// Changed implements extensioncapabilities.ComponentStatusWatcher.
func (e *Extension) Changed(source *componentstatus.InstanceID, event *componentstatus.Event) {
	next := Part{
		Kind: strings.ToLower(source.Kind().String()), ID: source.ComponentID().String(),
		State: StateOK, Since: event.Timestamp(),
	}
	switch event.Status() {
	case componentstatus.StatusRecoverableError, componentstatus.StatusPermanentError, componentstatus.StatusFatalError:
		next.State = StateFailing
		if event.Err() != nil {
			next.Error = event.Err().Error()
		}
	}
	e.mu.Lock()
	before, known := e.parts[source]
	e.parts[source] = next
	e.mu.Unlock()
	if !known || before.State != next.State {
		e.wake()
	}
}

// States of a part.
const (
	StateOK      = "ok"
	StateFailing = "failing"
)

// Parts returns how each part is, once each with the worst of its instances and of what its log
// says, by kind and id.
func (e *Extension) Parts() []Part {
	found := make(map[partKey]Part)
	add := func(one Part) {
		key := partKey{one.Kind, one.ID}
		if known, ok := found[key]; !ok || known.State == StateOK && one.State == StateFailing {
			found[key] = one
		}
	}
	e.mu.Lock()
	for _, one := range e.parts {
		add(one)
	}
	e.mu.Unlock()
	if e.sources.Faults != nil {
		for _, one := range e.sources.Faults.failing() {
			add(one)
		}
	}
	if e.sources.Reload != nil {
		add(e.sources.Reload.part())
	}
	all := make([]Part, 0, len(found))
	for _, one := range found {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Part) int { return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID)) })
	return all
}

// Started is when the agent started.
func (e *Extension) Started() time.Time { return e.started }

// Version is the agent's.
func (e *Extension) Version() string { return e.version }

// ConfigDigest is the same for agents with equal configurations; empty when it is not known.
func (e *Extension) ConfigDigest() string {
	if e.sources.Reload == nil {
		return ""
	}
	return e.sources.Reload.Digest()
}

// Metrics reads the program's own metrics into data.
func (e *Extension) Metrics(ctx context.Context, data *metricdata.ResourceMetrics) error {
	if e.sources.Reader == nil {
		return errors.New("this program does not measure itself: make the extension with NewFactoryFor")
	}
	return e.sources.Reader.Collect(ctx, data)
}

// write keeps the file up to date.
func (e *Extension) write(ctx context.Context) {
	ticker := time.NewTicker(e.cfg.Interval)
	defer ticker.Stop()
	var data metricdata.ResourceMetrics
	failed := false
	for {
		err := e.writeOnce(ctx, &data)
		if err != nil && !failed {
			e.logger.Warn("Writing the status", zap.Error(err))
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-e.changed:
		}
	}
}

func (e *Extension) writeOnce(ctx context.Context, data *metricdata.ResourceMetrics) error {
	status := Status{Version: e.version, Config: e.ConfigDigest(), PID: os.Getpid(), Started: e.started, Updated: time.Now(), Parts: e.Parts()}
	if e.sources.Reader != nil {
		if err := e.sources.Reader.Collect(ctx, data); err != nil && ctx.Err() == nil {
			return fmt.Errorf("read the program's own metrics: %w", err)
		}
		status.Queues = queues(data)
	}
	content, err := json.MarshalIndent(status, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the status: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(e.cfg.File), 0o750); err != nil {
		return fmt.Errorf("create the folder of the status: %w", err)
	}
	fresh := e.cfg.File + ".new"
	if err := os.WriteFile(fresh, append(content, '\n'), 0o644); err != nil { //nolint:gosec // it is for whoever asks
		return fmt.Errorf("write the status: %w", err)
	}
	return os.Rename(fresh, e.cfg.File)
}

// ReadStatus reads a status file.
func ReadStatus(path string) (Status, error) {
	var status Status
	content, err := os.ReadFile(path)
	if err != nil {
		return status, fmt.Errorf("read the status: %w", err)
	}
	if err := json.Unmarshal(content, &status); err != nil {
		return status, fmt.Errorf("read the status %s: %w", path, err)
	}
	return status, nil
}

// queues finds the metrics of the delivery exporter.
func queues(data *metricdata.ResourceMetrics) []Queue {
	bySignal := make(map[string]*Queue)
	set := func(signal string, change func(q *Queue)) {
		if bySignal[signal] == nil {
			bySignal[signal] = &Queue{Signal: signal}
		}
		change(bySignal[signal])
	}
	for _, scope := range data.ScopeMetrics {
		for _, metric := range scope.Metrics {
			for _, point := range points(metric.Data) {
				switch metric.Name {
				case "pharos_delivery_queue_items":
					set(point.signal, func(q *Queue) { q.Items = int64(point.value) })
				case "pharos_delivery_queue_bytes":
					set(point.signal, func(q *Queue) { q.Bytes = int64(point.value) })
				case "pharos_delivery_queue_age":
					set(point.signal, func(q *Queue) { q.AgeSeconds = point.value })
				case "pharos_delivery_delivered_items":
					set(point.signal, func(q *Queue) { q.Delivered = int64(point.value) })
				case "pharos_delivery_dropped_items":
					set(point.signal, func(q *Queue) { q.Dropped += int64(point.value) })
				case "pharos_delivery_last_success":
					set(point.signal, func(q *Queue) { q.LastSuccess = time.Unix(0, int64(point.value*1e9)) })
				}
			}
		}
	}
	all := make([]Queue, 0, len(bySignal))
	for _, one := range bySignal {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Queue) int { return strings.Compare(a.Signal, b.Signal) })
	return all
}

type point struct {
	signal string
	value  float64
}

func points(data metricdata.Aggregation) []point {
	var all []point
	switch typed := data.(type) {
	case metricdata.Gauge[int64]:
		all = collect(all, typed.DataPoints)
	case metricdata.Gauge[float64]:
		all = collect(all, typed.DataPoints)
	case metricdata.Sum[int64]:
		all = collect(all, typed.DataPoints)
	}
	return all
}

func collect[N int64 | float64](all []point, from []metricdata.DataPoint[N]) []point {
	for _, one := range from {
		signal, _ := one.Attributes.Value("signal")
		all = append(all, point{signal.AsString(), float64(one.Value)})
	}
	return all
}
