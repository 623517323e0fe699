package pluginreceiver

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

// NewFactory returns the factory of the receiver. In a pipeline of metrics and one of logs it is
// one plugin that gives both.
func NewFactory() receiver.Factory {
	all := &shared{receivers: make(map[*Config]*pluginReceiver)}
	return receiver.NewFactory(
		component.MustNewType("plugin"),
		func() component.Config { return defaultConfig() },
		receiver.WithMetrics(func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
			one, err := all.of(set, cfg.(*Config))
			if err != nil {
				return nil, err
			}
			one.metrics = next
			return &entry{receiver: one}, nil
		}, component.StabilityLevelBeta),
		receiver.WithLogs(func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
			one, err := all.of(set, cfg.(*Config))
			if err != nil {
				return nil, err
			}
			one.logs = next
			return &entry{receiver: one}, nil
		}, component.StabilityLevelBeta),
	)
}

// shared finds the receiver that another pipeline has made.
type shared struct {
	mu        sync.Mutex
	receivers map[*Config]*pluginReceiver
}

func (s *shared) of(set receiver.Settings, cfg *Config) (*pluginReceiver, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.receivers[cfg]; ok {
		return known, nil
	}
	created, err := newReceiver(set, cfg)
	if err != nil {
		return nil, err
	}
	created.forget = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.receivers, cfg)
	}
	s.receivers[cfg] = created
	return created, nil
}

// entry is the receiver in one pipeline. The first one that starts starts the plugin, and the
// first one that is shut down ends it, since pipelines are shut down together.
type entry struct{ receiver *pluginReceiver }

// Start implements component.Component.
func (e *entry) Start(ctx context.Context, host component.Host) error {
	return e.receiver.start(ctx, host)
}

// Shutdown implements component.Component.
func (e *entry) Shutdown(context.Context) error {
	e.receiver.shutdown()
	return nil
}
