package hostreceiver

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"
)

const (
	// yieldInterval is how often it is asked whether an agent measures this host.
	yieldInterval = 5 * time.Second
	// firstAnswer is how long the first collection waits for that.
	firstAnswer = 2 * time.Second
)

// agents knows which hosts agents measure; an extension does.
type agents interface {
	// AgentMeasures says whether an agent measures the host with a host.id.
	AgentMeasures(ctx context.Context, hostID string) (bool, error)
}

// yielding makes a receiver rest while an agent measures the same host, which else would be
// measured twice.
type yielding struct {
	agents agents
	hostID string
	logger *zap.Logger
	rests  atomic.Bool
}

// findAgents returns who knows of agents; nil when the receiver yields to none.
func findAgents(id component.ID, host component.Host) (agents, error) {
	if id == (component.ID{}) {
		return nil, nil
	}
	known, ok := host.GetExtensions()[id].(agents)
	if !ok {
		return nil, fmt.Errorf("yield_to: there is no extension %q that knows of agents: add it to service::extensions", id)
	}
	return known, nil
}

// first asks before anything is collected.
func (y *yielding) first(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, firstAnswer)
	defer cancel()
	y.ask(ctx)
}

// run asks again and again. Without an answer, everything stays as it is.
func (y *yielding) run(ctx context.Context, readings clock) {
	ticks, stop := readings.tick(yieldInterval)
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			y.ask(ctx)
		}
	}
}

func (y *yielding) ask(ctx context.Context) {
	measured, err := y.agents.AgentMeasures(ctx, y.hostID)
	switch {
	case err != nil:
		y.logger.Debug("Asking whether an agent measures this host", zap.Error(err))
	case measured && !y.rests.Swap(true):
		y.logger.Info("An agent measures this host; this receiver rests until the agent is silent", zap.String("host.id", y.hostID))
	case !measured && y.rests.Swap(false):
		y.logger.Info("No agent measures this host any more; this receiver does")
	}
}
