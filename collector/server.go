package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/process"
)

// stopTimeout bounds a shutdown; the stores' own flushes are well inside it.
const stopTimeout = 45 * time.Second

// server runs configurations one after the other in one process. It drives the Collector's
// service itself, because otelcol.Collector stops everything before it reads a new
// configuration, and exits when that is wrong (docs/decisions/0003).
type server struct {
	uris    []string
	process *process.Process
	signals chan os.Signal
}

func newServer(uris []string) *server {
	return &server{uris: uris, process: process.New(), signals: make(chan os.Signal, 4)}
}

func (s *server) load(ctx context.Context) (*otelcol.Config, error) {
	return loadConfig(ctx, s.uris, s.process)
}

// instance is a running configuration.
type instance struct {
	cfg     *otelcol.Config
	service *service.Service
	faults  chan error
}

// start starts a configuration; a part that fails to start stops all the others.
func (s *server) start(ctx context.Context, cfg *otelcol.Config) (*instance, error) {
	all, err := factories(s.process)
	if err != nil {
		return nil, err
	}
	run := &instance{cfg: cfg, faults: make(chan error, 1)}
	set := settings(cfg, all)
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

// run serves until a signal, the end of the context, or a fault of a part ends it. started is
// called once, when everything has started; its context ends with run, which waits for it.
func (s *server) run(ctx context.Context, started func(context.Context, *otelcol.Config)) error {
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(s.signals)

	cfg, err := s.load(ctx)
	if err != nil {
		return err
	}
	current, err := s.start(ctx, cfg)
	if err != nil {
		return errors.Join(err, s.process.Release())
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
		case received := <-s.signals:
			if received == syscall.SIGHUP {
				if current, err = s.reload(ctx, current); err != nil {
					return errors.Join(err, s.process.Release())
				}
				continue
			}
			current.service.Logger().Info("Stopping", zap.Stringer("signal", received))
			return errors.Join(s.stopUnlessForced(ctx, current), s.process.Release())
		case fault := <-current.faults:
			return errors.Join(fmt.Errorf("a part has ended: %w", fault), current.stop(ctx), s.process.Release())
		case <-ctx.Done():
			return errors.Join(current.stop(ctx), s.process.Release())
		}
	}
}

// stopUnlessForced stops what runs; a second signal ends the process at once.
func (s *server) stopUnlessForced(ctx context.Context, current *instance) error {
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		for {
			select {
			case received := <-s.signals:
				if received != syscall.SIGHUP {
					os.Exit(exitFailure)
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
func (s *server) reload(ctx context.Context, current *instance) (*instance, error) {
	logger := current.service.Logger()
	cfg, err := s.load(ctx)
	if err != nil {
		logger.Error("The new configuration is refused, the old one goes on", zap.Error(err))
		return current, nil
	}
	logger.Info("Reloading the configuration")
	if err := current.stop(ctx); err != nil {
		logger.Warn("Stopping the old configuration", zap.Error(err))
	}
	next, err := s.start(ctx, cfg)
	if err == nil {
		next.service.Logger().Info("The new configuration is running")
		s.releaseSockets(next)
		return next, nil
	}
	previous, startErr := s.start(ctx, current.cfg)
	if startErr != nil {
		return nil, errors.Join(fmt.Errorf("start the new configuration: %w", err), fmt.Errorf("go back to the old one: %w", startErr))
	}
	previous.service.Logger().Error("The new configuration did not start, the old one goes on", zap.Error(err))
	s.releaseSockets(previous)
	return previous, nil
}

// releaseSockets closes the sockets that only the configuration before had.
func (s *server) releaseSockets(running *instance) {
	if err := s.process.Release(); err != nil {
		running.service.Logger().Warn("Closing sockets that are no longer used", zap.Error(err))
	}
}
