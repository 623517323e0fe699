package storageextension

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pharos-obs/pharos/storage/tiered"
)

const scopeName = "github.com/pharos-obs/pharos/extensions/storageextension"

// hotTier is what an extension knows as a hot tier, and as one that is joined with one.
type hotTier struct {
	progress tiered.Progress
	asked    atomic.Bool // whether anybody took this for a hot tier
	began    time.Time

	metrics *tiered.Metrics // the joins; nil when there is nothing to join
	logs    *tiered.Logs
	counts  metric.Registration
}

// HotProgress returns how far this extension's stores are, when they are a hot tier: whoever feeds
// it sets it.
func (e *Extension) HotProgress() *tiered.Progress {
	e.hot.asked.Store(true)
	return &e.hot.progress
}

// Dependencies implements extensioncapabilities.Dependent.
func (e *Extension) Dependencies() []component.ID {
	if !e.cfg.hasHot() {
		return nil
	}
	return []component.ID{e.cfg.Hot}
}

// joinHot joins the stores with those of the hot tier, if there is one.
func (e *Extension) joinHot(host component.Host) error {
	if !e.cfg.hasHot() {
		return nil
	}
	found, ok := host.GetExtensions()[e.cfg.Hot]
	if !ok {
		return fmt.Errorf("hot: there is no extension %q; add it to service.extensions", e.cfg.Hot)
	}
	tier, ok := found.(*Extension)
	if !ok || tier == e {
		return fmt.Errorf("hot: extension %q is no other storage extension; name one that holds the hot tier", e.cfg.Hot)
	}
	if e.logs != nil && tier.logs != nil {
		e.hot.logs = tiered.NewLogs(e.logs, tier.logs)
	}
	if e.metrics == nil || tier.metrics == nil {
		return nil
	}
	if tier.cfg.Metrics.MaxBytes != 0 {
		return fmt.Errorf("hot: extension %q has metrics::max_bytes %s: set it to 0, because a hot tier that drops samples before their time leaves gaps", e.cfg.Hot, tier.cfg.Metrics.MaxBytes)
	}
	e.hot.metrics = tiered.NewMetrics(tier.metrics, e.metrics, tier.HotProgress())
	return e.hot.count(e.meters)
}

// count makes a metric of where reads go.
func (h *hotTier) count(meters metric.MeterProvider) error {
	meter := meters.Meter(scopeName)
	reads, err := meter.Int64ObservableCounter("pharos_hot_reads", metric.WithDescription("Reads of metrics, by the stores they went to."), metric.WithUnit("{read}"))
	if err != nil {
		return err
	}
	holes, err := meter.Int64ObservableCounter("pharos_hot_holes", metric.WithDescription("Reads whose answer says that samples may be missing."), metric.WithUnit("{read}"))
	if err != nil {
		return err
	}
	h.counts, err = meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		counts := h.metrics.Counts()
		for from, count := range map[string]uint64{"hot": counts.Hot, "durable": counts.Durable, "both": counts.Both} {
			observer.ObserveInt64(reads, int64(count), metric.WithAttributes(attribute.String("from", from)))
		}
		observer.ObserveInt64(holes, int64(counts.Holes))
		return nil
	}, reads, holes)
	return err
}

// close ends the join; the stores are closed by the extensions that opened them.
func (h *hotTier) close() error {
	if h.metrics == nil {
		return nil
	}
	if h.counts != nil {
		if err := h.counts.Unregister(); err != nil {
			return err
		}
	}
	return h.metrics.Close()
}
