package pluginreceiver

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/agent/plugin/proto"
	"github.com/pharos-obs/pharos/internal/hostidentity"
)

const scopeName = "github.com/pharos-obs/pharos/receivers/pluginreceiver"

// pluginReceiver keeps one plugin running.
type pluginReceiver struct {
	cfg     *Config
	set     receiver.Settings
	metrics consumer.Metrics // nil when it is in no pipeline of metrics
	logs    consumer.Logs    // nil when it is in no pipeline of logs
	forget  func()

	own      *telemetry
	faults   *faults
	identity pcommon.Map // who this host is

	starting sync.Once
	startErr error
	stop     context.CancelFunc
	running  sync.WaitGroup
}

func newReceiver(set receiver.Settings, cfg *Config) (*pluginReceiver, error) {
	own, err := newTelemetry(set.MeterProvider, set.ID.String())
	if err != nil {
		return nil, err
	}
	return &pluginReceiver{cfg: cfg, set: set, own: own, faults: &faults{logger: set.Logger}, identity: pcommon.NewMap()}, nil
}

// start starts the plugin in the background: one that does not start is no reason for the agent
// not to.
func (r *pluginReceiver) start(ctx context.Context, to component.Host) error {
	r.faults.tell(to)
	r.starting.Do(func() {
		if r.startErr = hostidentity.Describe(ctx, "", r.cfg.HostName, r.identity); r.startErr != nil {
			return
		}
		running, stop := context.WithCancel(context.WithoutCancel(ctx))
		r.stop = stop
		r.running.Go(func() { r.keepRunning(running) })
	})
	return r.startErr
}

func (r *pluginReceiver) shutdown() {
	if r.stop != nil {
		r.stop()
	}
	r.running.Wait()
	r.forget()
}

// keepRunning starts the plugin again whenever it has ended, until ctx ends.
func (r *pluginReceiver) keepRunning(ctx context.Context) {
	defer r.own.state(ctx, stateStopped)
	pause := r.cfg.Restart.Initial
	for {
		begun := time.Now()
		err := r.run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > r.cfg.Restart.Max {
			pause = r.cfg.Restart.Initial
		}
		r.own.state(ctx, stateWaiting)
		r.faults.ended(err)
		r.set.Logger.Warn("The plugin will be started again", zap.Error(err), zap.Duration("after", pause))
		if !wait(ctx, jitter(pause)) {
			return
		}
		r.own.restarted(ctx, reasonOf(err))
		pause = min(2*pause, r.cfg.Restart.Max)
	}
}

// jitter keeps the plugins of a fleet from starting in step.
func jitter(pause time.Duration) time.Duration {
	return pause*3/4 + rand.N(pause/2+1) //nolint:gosec // no secret
}

func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// reasonOf says why a plugin was started again, in a word for a metric.
func reasonOf(err error) string {
	var limit *host.LimitError
	var settings *host.SettingsError
	switch {
	case errors.As(err, &limit):
		return limit.Limit
	case errors.As(err, &settings):
		return "settings"
	case errors.Is(err, errHangs):
		return "hangs"
	case errors.Is(err, errNotStarted):
		return "not_started"
	}
	return "ended"
}

var (
	errHangs      = errors.New("the plugin does not answer")
	errNotStarted = errors.New("the plugin does not run")
)

// notStarted marks an error of the time before the plugin ran.
type notStarted struct{ error }

// Is implements what errors.Is asks.
func (e notStarted) Is(target error) bool { return target == errNotStarted }

// Unwrap returns the cause.
func (e notStarted) Unwrap() error { return e.error }

// run starts the plugin once and works with it until it has ended or ctx ends, and says why.
func (r *pluginReceiver) run(ctx context.Context) error {
	r.own.state(ctx, stateStarting)
	running, err := r.launch(ctx)
	if err != nil {
		return notStarted{err}
	}
	defer r.end(ctx, running)
	r.own.state(ctx, stateRunning)
	about := running.Description()
	r.set.Logger.Info("The plugin runs", zap.String("plugin", about.GetName()), zap.String("plugin_version", about.GetVersion()), zap.Int("pid", running.PID()))

	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	session := &session{receiver: r, plugin: running, resource: r.resource(about.GetName()), hung: cancel}
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel(nil)
	workers.Go(func() { session.supervise(working) })
	if r.metrics != nil && session.offers(proto.Capability_CAPABILITY_METRICS, "metrics") {
		workers.Go(func() { session.collectLoop(working) })
	}
	if r.logs != nil && session.offers(proto.Capability_CAPABILITY_LOGS, "logs") {
		workers.Go(func() { session.logLoop(working) })
	}
	select {
	case <-running.Done():
		return running.Err()
	case <-working.Done():
		return context.Cause(working)
	}
}

// launch verifies, starts and configures the plugin.
func (r *pluginReceiver) launch(ctx context.Context) (*host.Plugin, error) {
	file, err := host.Verify(r.cfg.File(), r.cfg.SHA256)
	if err != nil {
		return nil, err
	}
	settings, err := r.cfg.Settings()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeouts.Start)
	defer cancel()
	spec := r.cfg.Spec(file, r.set.BuildInfo.Version, func(line string) {
		r.set.Logger.Info("The plugin says", zap.String("line", line))
	})
	running, err := host.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	if err := running.Configure(ctx, settings); err != nil {
		r.end(ctx, running)
		return nil, err
	}
	return running, nil
}

// end stops the plugin, also while the agent is stopping.
func (r *pluginReceiver) end(ctx context.Context, running *host.Plugin) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Timeouts.Stop)
	defer cancel()
	if err := running.Stop(ctx); err != nil {
		r.set.Logger.Warn("Stopping the plugin", zap.Error(err))
	}
}

// resource says whose metrics and logs these are, whatever the plugin says.
func (r *pluginReceiver) resource(name string) pcommon.Map {
	service := r.cfg.ServiceName
	if service == "" {
		service = r.set.ID.Name()
	}
	if service == "" {
		service = name
	}
	attributes := pcommon.NewMap()
	r.identity.CopyTo(attributes)
	attributes.PutStr("service.name", service)
	attributes.PutStr("pharos.plugin.name", name)
	return attributes
}
