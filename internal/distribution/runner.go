// Package distribution runs a Collector distribution: it reads and checks the configuration,
// starts it, and replaces it by a newer one when the process is told to.
//
// It drives the Collector's service itself, because otelcol.Collector stops everything before
// it reads a new configuration, and exits when that is wrong (docs/decisions/0003).
package distribution

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
	"go.uber.org/zap"
)

// stopTimeout bounds a shutdown; the stores' own flushes are well inside it.
const stopTimeout = 45 * time.Second

// exitForced is the exit code when a second signal ends the process.
const exitForced = 1

// Program is what one program has of its own.
type Program struct {
	// BuildInfo names the program and its version.
	BuildInfo component.BuildInfo
	// Factories lists its parts; called for each configuration.
	Factories func() (otelcol.Factories, error)
	// Providers read the configuration from where the URIs say.
	Providers []confmap.ProviderFactory
	// Release closes what only an earlier configuration had, for example sockets. Nil when the
	// program has nothing that outlasts a configuration.
	Release func() error
	// Configured is told of each configuration before it starts, and of the one that goes on with
	// the reason why a newer one was refused. Nil when nobody wants to know.
	Configured func(running *otelcol.Config, refused error)
}

// Runner runs configurations of a program one after the other in one process.
type Runner struct {
	program Program
	uris    []string
	signals chan os.Signal
}

// New returns a runner of the configuration at the URIs, of which later ones overlay earlier ones.
func New(program Program, uris []string) *Runner {
	if program.Release == nil {
		program.Release = func() error { return nil }
	}
	if program.Configured == nil {
		program.Configured = func(*otelcol.Config, error) {}
	}
	return &Runner{program: program, uris: uris, signals: make(chan os.Signal, 4)}
}

// Signal acts as if the process had received the signal: SIGHUP reloads, others end Run.
func (r *Runner) Signal(received os.Signal) { r.signals <- received }

// instance is a running configuration.
type instance struct {
	cfg     *otelcol.Config
	service *service.Service
	faults  chan error
}

// start starts a configuration; a part that fails to start stops all the others.
func (r *Runner) start(ctx context.Context, cfg *otelcol.Config) (*instance, error) {
	all, err := r.program.Factories()
	if err != nil {
		return nil, err
	}
	run := &instance{cfg: cfg, faults: make(chan error, 1)}
	set := r.settings(cfg, all)
	set.AsyncErrorChannel = run.faults
	if run.service, err = service.New(ctx, set, cfg.Service); err != nil {
		return nil, err
	}
	if err := run.service.Start(ctx); err != nil {
		return nil, errors.Join(err, run.stop(ctx))
	}
	return run, nil
}

// stop stops everything, also when the context has ended already.
func (i *instance) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return i.service.Shutdown(ctx)
}

// Run serves until a signal, the end of the context, or a fault of a part ends it. started is
// called once, when everything has started; its context ends with run, which waits for it.
func (r *Runner) Run(ctx context.Context, started func(context.Context, *otelcol.Config)) error {
	signal.Notify(r.signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(r.signals)

	cfg, err := r.Load(ctx)
	if err != nil {
		return err
	}
	r.program.Configured(cfg, nil)
	current, err := r.start(ctx, cfg)
	if err != nil {
		return errors.Join(err, r.program.Release())
	}
	var callback sync.WaitGroup
	defer callback.Wait()
	whileRunning, cancel := context.WithCancel(ctx)
	defer cancel()
	if started != nil {
		callback.Go(func() { started(whileRunning, cfg) })
	}
	for {
		select {
		case received := <-r.signals:
			if received == syscall.SIGHUP {
				if current, err = r.reload(ctx, current); err != nil {
					return errors.Join(err, r.program.Release())
				}
				continue
			}
			current.service.Logger().Info("Stopping", zap.Stringer("signal", received))
			return errors.Join(r.stopUnlessForced(ctx, current), r.program.Release())
		case fault := <-current.faults:
			return errors.Join(fmt.Errorf("a part has ended: %w", fault), current.stop(ctx), r.program.Release())
		case <-ctx.Done():
			return errors.Join(current.stop(ctx), r.program.Release())
		}
	}
}

// stopUnlessForced stops what runs; a second signal ends the process at once.
func (r *Runner) stopUnlessForced(ctx context.Context, current *instance) error {
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		for {
			select {
			case received := <-r.signals:
				if received != syscall.SIGHUP {
					os.Exit(exitForced)
				}
			case <-stopped:
				return
			}
		}
	}()
	return current.stop(ctx)
}

// reload replaces the running configuration by what its sources say now. It returns what runs
// afterwards: the new one, or the old one when the new one is wrong or does not start; an
// error when neither runs.
func (r *Runner) reload(ctx context.Context, current *instance) (*instance, error) {
	logger := current.service.Logger()
	cfg, err := r.Load(ctx)
	if err != nil {
		logger.Error("The new configuration is refused, the old one goes on", zap.Error(err))
		r.program.Configured(current.cfg, err)
		return current, nil
	}
	logger.Info("Reloading the configuration")
	if err := current.stop(ctx); err != nil {
		logger.Warn("Stopping the old configuration", zap.Error(err))
	}
	r.program.Configured(cfg, nil)
	next, err := r.start(ctx, cfg)
	if err == nil {
		next.service.Logger().Info("The new configuration is running")
		r.release(next)
		return next, nil
	}
	r.program.Configured(current.cfg, err)
	previous, startErr := r.start(ctx, current.cfg)
	if startErr != nil {
		return nil, errors.Join(fmt.Errorf("start the new configuration: %w", err), fmt.Errorf("go back to the old one: %w", startErr))
	}
	previous.service.Logger().Error("The new configuration did not start, the old one goes on", zap.Error(err))
	r.release(previous)
	return previous, nil
}

// release closes what only the configuration before had.
func (r *Runner) release(running *instance) {
	if err := r.program.Release(); err != nil {
		running.service.Logger().Warn("Closing what is no longer used", zap.Error(err))
	}
}
