package hostreceiver

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/hostidentity"
)

var _ receiver.Metrics = (*hostReceiver)(nil)

// hostReceiver runs the groups of scrapers, each in a goroutine of its own.
type hostReceiver struct {
	host   *host
	groups []*group
	next   consumer.Metrics
	report *receiverhelper.ObsReport
	own    *telemetry
	logger *zap.Logger
	status *status

	yieldTo component.ID
	yield   *yielding // nil when it yields to nobody

	resource atomic.Pointer[pcommon.Resource]
	metadata *hostidentity.Metadata // nil when nobody is to be asked
	boot     time.Time
	stop     context.CancelFunc
	running  sync.WaitGroup
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Metrics, readings clock) (*hostReceiver, error) {
	h := &host{root: cfg.RootPath, name: cfg.HostName, addresses: cfg.Addresses, readings: readings}
	groups, err := newGroups(cfg, h)
	if err != nil {
		return nil, err
	}
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, fmt.Errorf("create the receiver's metrics: %w", err)
	}
	own, err := newTelemetry(set.MeterProvider)
	if err != nil {
		return nil, err
	}
	r := &hostReceiver{host: h, groups: groups, next: next, report: report, own: own, logger: set.Logger, yieldTo: cfg.YieldTo}
	if cfg.CloudMetadata {
		r.metadata = hostidentity.NewMetadata("")
	}
	return r, nil
}

// Start finds out which host this is and starts to collect at once.
func (r *hostReceiver) Start(ctx context.Context, host component.Host) error {
	r.status = newStatus(host)
	resource := pcommon.NewResource()
	if err := r.host.describe(ctx, resource); err != nil {
		return err
	}
	r.resource.Store(&resource)
	uptime, err := readUptime(r.host.context(ctx), r.host)
	if err != nil {
		r.logger.Warn("Counters are sent without a start time", zap.Error(err))
	} else {
		r.boot = r.host.readings.now().Add(-uptime)
	}

	known, err := findAgents(r.yieldTo, host)
	if err != nil {
		return err
	}
	var collecting context.Context
	collecting, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	if id, ok := resource.Attributes().Get("host.id"); ok && known != nil {
		r.yield = &yielding{agents: known, hostID: id.Str(), logger: r.logger}
		r.yield.first(ctx)
		r.running.Go(func() { r.yield.run(collecting, r.host.readings) })
	}
	for _, g := range r.groups {
		r.running.Go(func() { r.run(collecting, g) })
	}
	if r.metadata != nil {
		r.running.Go(func() { r.askCloud(collecting) })
	}
	return nil
}

// Shutdown ends the collection; a cycle that is under way ends first.
func (r *hostReceiver) Shutdown(context.Context) error {
	if r.stop != nil {
		r.stop()
	}
	r.running.Wait()
	return nil
}

func (r *hostReceiver) run(ctx context.Context, g *group) {
	ticks, stop := r.host.readings.tick(g.interval)
	defer stop()
	sent := true
	for {
		err := r.collect(ctx, g)
		if failed := err != nil; failed == sent && ctx.Err() == nil {
			sent = !failed
			r.logDelivery(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// collect runs the scrapers of a group and sends what they measured in one batch.
func (r *hostReceiver) collect(ctx context.Context, g *group) error {
	if r.yield != nil && r.yield.rests.Load() {
		return nil
	}
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	r.resource.Load().CopyTo(resource.Resource())
	scope := resource.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName(scopeName)

	b := newBatch(scope.Metrics(), r.host.readings.now(), r.boot, g.files)
	hostCtx := r.host.context(ctx)
	for _, s := range g.scrapers {
		err := s.run(hostCtx, b)
		r.own.scraped(ctx, s.name, err)
		r.logScraper(s, err)
		r.status.scraped(s.name, err)
	}
	b.dropEmpty()
	points := metrics.DataPointCount()
	if points == 0 {
		return nil
	}
	reported := r.report.StartMetricsOp(ctx)
	err := r.next.ConsumeMetrics(reported, metrics)
	r.report.EndMetricsOp(reported, "host", points, err)
	return err
}

// run turns a panic of the scraper into an error: what it parses is not ours.
func (s *scraper) run(ctx context.Context, b *batch) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("scraper %s broke off: %v", s.name, cause)
		}
	}()
	return s.scrape(ctx, b)
}

// logScraper logs when a scraper begins to fail and when it works again.
func (r *hostReceiver) logScraper(s *scraper, err error) {
	switch {
	case err != nil && !s.failed:
		r.logger.Warn("A scraper fails; it will be tried again", zap.String("scraper", s.name), zap.Error(err))
	case err == nil && s.failed:
		r.logger.Info("A scraper works again", zap.String("scraper", s.name))
	}
	s.failed = err != nil
}

func (r *hostReceiver) logDelivery(err error) {
	if err != nil {
		r.logger.Warn("Host metrics are refused and lost until this ends", zap.Error(err))
		return
	}
	r.logger.Info("Host metrics are taken again")
}
