package selfreceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage/series"
)

var _ receiver.Metrics = (*selfReceiver)(nil)

const (
	// serviceName is the labels `service` and `job` of all series.
	serviceName = "pharos"
	// roleAttribute of the telemetry resource says which role the program runs.
	roleAttribute = "pharos.role"
)

// errNoSource says that the factory was made without a gatherer.
var errNoSource = errors.New("the program has not said where its metrics are: build the factory with NewFactoryFor")

// selfReceiver reads the program's metrics at every tick and sends them on.
type selfReceiver struct {
	cfg     *Config
	source  prometheus.Gatherer
	next    consumer.Metrics
	report  *receiverhelper.ObsReport
	logger  *zap.Logger
	time    clock
	role    string
	include *regexp.Regexp
	exclude *regexp.Regexp // nil excludes nothing

	labels  []series.Label // of every series
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newReceiver(set receiver.Settings, cfg *Config, source prometheus.Gatherer, next consumer.Metrics, time clock) (*selfReceiver, error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, fmt.Errorf("create the receiver's metrics: %w", err)
	}
	r := &selfReceiver{cfg: cfg, source: source, next: next, report: report, logger: set.Logger, time: time, role: cfg.Role}
	if role, found := set.Resource.Attributes().Get(roleAttribute); found && r.role == "" {
		r.role = role.AsString()
	}
	if r.include, err = regexp.Compile(cfg.Include); err != nil {
		return nil, fmt.Errorf("include: %w", err)
	}
	if cfg.Exclude != "" {
		if r.exclude, err = regexp.Compile(cfg.Exclude); err != nil {
			return nil, fmt.Errorf("exclude: %w", err)
		}
	}
	return r, nil
}

// Start starts to read the metrics, at once.
func (r *selfReceiver) Start(ctx context.Context, _ component.Host) error {
	if r.source == nil {
		return errNoSource
	}
	instance := r.cfg.Instance
	if instance == "" {
		name, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("read host name: %w (set instance)", err)
		}
		instance = name
	}
	r.labels = []series.Label{{Name: "instance", Value: instance}, {Name: "job", Value: serviceName}, {Name: "service", Value: serviceName}}
	if r.role != "" {
		r.labels = append(r.labels, series.Label{Name: "role", Value: r.role})
	}
	var collecting context.Context
	collecting, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.running.Go(func() { r.run(collecting) })
	return nil
}

// Shutdown ends the collection; a cycle that is under way ends first.
func (r *selfReceiver) Shutdown(context.Context) error {
	if r.stop != nil {
		r.stop()
	}
	r.running.Wait()
	return nil
}

func (r *selfReceiver) run(ctx context.Context) {
	ticks, stop := r.time.tick(r.cfg.CollectionInterval)
	defer stop()
	worked := true
	for {
		err := r.collect(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && worked:
			r.logger.Warn("The program's own metrics are lost, wholly or in part, until this ends", zap.Error(err))
		case err == nil && !worked:
			r.logger.Info("The program's own metrics are taken again")
		}
		worked = err == nil
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// collect sends what can be gathered, also when something cannot.
func (r *selfReceiver) collect(ctx context.Context) error {
	now := r.time.now().UnixMilli()
	families, gatherErr := r.source.Gather()
	if gatherErr != nil {
		gatherErr = fmt.Errorf("gather metrics: %w", gatherErr)
	}
	e := encoder{builder: series.NewBuilder(len(families)), base: r.labels, now: now}
	for _, family := range families {
		if name := family.GetName(); r.include.MatchString(name) && (r.exclude == nil || !r.exclude.MatchString(name)) {
			e.family(family)
		}
	}
	points := e.builder.Len()
	if points == 0 {
		return gatherErr
	}
	reported := r.report.StartMetricsOp(ctx)
	err := r.next.ConsumeMetrics(reported, e.builder.Metrics())
	r.report.EndMetricsOp(reported, "prometheus", points, err)
	return errors.Join(gatherErr, err)
}
