package selfreceiver

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

// NewFactory returns the factory of the `self` receiver for a program that has not said where
// its metrics are; the receiver validates, and refuses to start.
func NewFactory() receiver.Factory { return NewFactoryFor(nil) }

// NewFactoryFor returns the factory of the `self` receiver that reads the metrics of source.
func NewFactoryFor(source prometheus.Gatherer) receiver.Factory {
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
		return newReceiver(set, cfg.(*Config), source, next, systemClock())
	}
	return receiver.NewFactory(
		component.MustNewType("self"),
		func() component.Config { return defaultConfig() },
		receiver.WithMetrics(create, component.StabilityLevelBeta),
	)
}

// clock is the time and its ticks; tests have another one.
type clock struct {
	now  func() time.Time
	tick func(interval time.Duration) (ticks <-chan time.Time, stop func())
}

func systemClock() clock {
	return clock{
		now: time.Now,
		tick: func(interval time.Duration) (<-chan time.Time, func()) {
			ticker := time.NewTicker(interval)
			return ticker.C, ticker.Stop
		},
	}
}
