package ingestreceiver

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

const stability = component.StabilityLevelBeta

// NewFactory returns the factory of the receiver.
func NewFactory() receiver.Factory {
	shared := &instances{byConfig: map[*Config]*sharedReceiver{}}
	return receiver.NewFactory(
		component.MustNewType("ingest"),
		func() component.Config { return defaultConfig() },
		receiver.WithMetrics(shared.createMetrics, stability),
		receiver.WithLogs(shared.createLogs, stability),
	)
}

// instances holds the receiver of each configuration: the Collector asks for one a signal, and
// both must share one set of routes.
type instances struct {
	mu       sync.Mutex
	byConfig map[*Config]*sharedReceiver
}

func (i *instances) createMetrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	shared, err := i.get(set, cfg.(*Config)) //nolint:contextcheck // counters begin at 0 outside of any request
	if err != nil {
		return nil, err
	}
	shared.receiver.metrics = next
	return shared, nil
}

func (i *instances) createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	shared, err := i.get(set, cfg.(*Config)) //nolint:contextcheck // counters begin at 0 outside of any request
	if err != nil {
		return nil, err
	}
	shared.receiver.logs = next
	return shared, nil
}

func (i *instances) get(set receiver.Settings, cfg *Config) (*sharedReceiver, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if shared, ok := i.byConfig[cfg]; ok {
		return shared, nil
	}
	created, err := newReceiver(set.TelemetrySettings, cfg)
	if err != nil {
		return nil, err
	}
	shared := &sharedReceiver{receiver: created, forget: func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.byConfig, cfg)
	}}
	i.byConfig[cfg] = shared
	return shared, nil
}

// sharedReceiver starts and stops one receiver once, however many pipelines hold it.
type sharedReceiver struct {
	receiver *ingestReceiver
	forget   func()

	start    sync.Once
	startErr error
	stop     sync.Once
}

// Start implements component.Component.
func (s *sharedReceiver) Start(ctx context.Context, host component.Host) error {
	s.start.Do(func() { s.startErr = s.receiver.start(ctx, host) })
	return s.startErr
}

// Shutdown implements component.Component.
func (s *sharedReceiver) Shutdown(context.Context) error {
	s.stop.Do(func() {
		s.receiver.shutdown()
		s.forget()
	})
	return nil
}
