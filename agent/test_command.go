package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"gopkg.in/yaml.v3"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const printerID = "test_printer"

func testCommand() *cobra.Command {
	var configs []string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Collect once and print what would be sent",
		Long: `Collect once and print what would be sent. Nothing is sent, and nothing is remembered: log files
that were read are read again by the agent.

Every receiver runs until each has given something, or until --wait is over. Rates need two
readings, so that some metrics come with the second.`,
		Example: "  pharos-agent test\n  pharos-agent test --config ./agent.yaml --wait 30s",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runTest(cmd.Context(), uris(configs), wait, cmd.OutOrStdout())
		},
	}
	addConfigFlag(cmd, &configs)
	cmd.Flags().DurationVar(&wait, "wait", 12*time.Second, "how long to wait for receivers that have nothing yet")
	return cmd
}

// runTest runs the configuration with every exporter replaced by one that prints.
func runTest(ctx context.Context, from []string, wait time.Duration, out io.Writer) error {
	state, err := os.MkdirTemp("", "pharos-agent-test-")
	if err != nil {
		return fmt.Errorf("make a folder for the test: %w", err)
	}
	defer os.RemoveAll(state) //nolint:errcheck // it is in the system's folder for such
	if err := os.Setenv("PHAROS_AGENT_STATE", state); err != nil {
		return fmt.Errorf("set PHAROS_AGENT_STATE: %w", err)
	}
	cfg, err := newProgram(from, nil).Load(ctx)
	if err != nil {
		return err
	}
	printed := &printer{seen: map[string]int{}, sources: map[string]int{}, steady: map[string]bool{}, rows: map[string]row{}, enough: make(chan struct{}), pipelines: len(cfg.Service.Pipelines)}
	overlay, err := testOverlay(cfg)
	if err != nil {
		return err
	}
	run := newProgram(append(slices.Clone(from), overlay), func(all *otelcol.Factories) {
		all.Exporters[printed.factory().Type()] = printed.factory()
	})
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	err = run.Run(ctx, func(ctx context.Context, _ *otelcol.Config) {
		select {
		case <-ctx.Done():
		case <-printed.enough:
			run.Signal(syscall.SIGTERM)
		}
	})
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return printed.print(out, cfg)
}

// testOverlay sends every pipeline to the printer, and says less in the log.
func testOverlay(cfg *otelcol.Config) (string, error) {
	pipelines := map[string]any{}
	for id := range cfg.Service.Pipelines {
		pipelines[id.String()] = map[string]any{"exporters": []string{printerID + "/" + strings.ReplaceAll(id.String(), "/", "-")}}
	}
	exporters := map[string]any{}
	for id := range cfg.Service.Pipelines {
		exporters[printerID+"/"+strings.ReplaceAll(id.String(), "/", "-")] = map[string]any{}
	}
	content, err := yaml.Marshal(map[string]any{
		"exporters": exporters,
		"service":   map[string]any{"pipelines": pipelines, "telemetry": map[string]any{"logs": map[string]any{"level": "warn"}}},
	})
	if err != nil {
		return "", fmt.Errorf("write the test's configuration: %w", err)
	}
	return "yaml:" + string(content), nil
}

// printer notes what its exporters are given.
type printer struct {
	mu        sync.Mutex
	seen      map[string]int  // batches by pipeline
	sources   map[string]int  // batches by pipeline and what they begin with
	steady    map[string]bool // pipelines of which a source has given enough
	rows      map[string]row
	before    int // series before the batch
	logs      []string
	pipelines int
	enough    chan struct{}
	done      bool
}

// row is a series.
type row struct {
	metric, attributes, value, unit string
}

func (p *printer) factory() exporter.Factory {
	return exporter.NewFactory(component.MustNewType(printerID), func() component.Config { return &struct{}{} },
		exporter.WithMetrics(func(_ context.Context, set exporter.Settings, _ component.Config) (exporter.Metrics, error) {
			return &printing{printer: p, pipeline: set.ID.Name()}, nil
		}, component.StabilityLevelStable),
		exporter.WithLogs(func(_ context.Context, set exporter.Settings, _ component.Config) (exporter.Logs, error) {
			return &printing{printer: p, pipeline: set.ID.Name()}, nil
		}, component.StabilityLevelStable),
	)
}

type printing struct {
	component.StartFunc
	component.ShutdownFunc
	printer  *printer
	pipeline string
}

func (p *printing) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// How many batches of one source are enough: rates come with the second reading, and the third
// shows that nothing more does.
const (
	enoughMetrics = 3
	enoughLogs    = 2
)

// batch notes that a source in a pipeline has given something. It is enough when each pipeline has
// a source that has given enough, and nothing new comes.
func (p *printer) batch(pipeline, source string, enough int) {
	p.seen[pipeline]++
	p.sources[pipeline+" "+source]++
	p.steady[pipeline] = p.steady[pipeline] || p.sources[pipeline+" "+source] >= enough
	fresh := len(p.rows) > p.before
	p.before = len(p.rows)
	if p.done || fresh || len(p.seen) < p.pipelines {
		return
	}
	for _, steady := range p.steady {
		if !steady {
			return
		}
	}
	p.done = true
	close(p.enough)
}

func (p *printing) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	p.printer.mu.Lock()
	defer p.printer.mu.Unlock()
	source := ""
	for _, resource := range metrics.ResourceMetrics().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				source = cmp.Or(source, service.AsString()+" "+metric.Name())
				p.printer.note(service.AsString(), metric)
			}
		}
	}
	p.printer.batch(p.pipeline, source, enoughMetrics)
	return nil
}

func (p *printer) note(service string, metric pmetric.Metric) {
	add := func(attributes pcommon.Map, value string) {
		text := describe(attributes)
		p.rows[service+metric.Name()+text] = row{metric.Name(), text, value, metric.Unit()}
	}
	var numbers pmetric.NumberDataPointSlice
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		numbers = metric.Gauge().DataPoints()
	case pmetric.MetricTypeSum:
		numbers = metric.Sum().DataPoints()
	case pmetric.MetricTypeHistogram:
		for _, point := range metric.Histogram().DataPoints().All() {
			add(point.Attributes(), fmt.Sprintf("%d values, sum %g", point.Count(), point.Sum()))
		}
		return
	default:
		add(pcommon.NewMap(), metric.Type().String())
		return
	}
	for _, point := range numbers.All() {
		if point.ValueType() == pmetric.NumberDataPointValueTypeInt {
			add(point.Attributes(), fmt.Sprint(point.IntValue()))
		} else {
			add(point.Attributes(), fmt.Sprintf("%.6g", point.DoubleValue()))
		}
	}
}

func describe(attributes pcommon.Map) string {
	var all []string
	for name, value := range attributes.All() {
		all = append(all, name+"="+value.AsString())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (p *printing) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	p.printer.mu.Lock()
	defer p.printer.mu.Unlock()
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				p.printer.logs = append(p.printer.logs, fmt.Sprintf("%s  %-5s  %s  %s",
					record.Timestamp().AsTime().Format(time.RFC3339Nano), record.SeverityText(), record.Body().AsString(), describe(record.Attributes())))
			}
		}
	}
	p.printer.batch(p.pipeline, "", enoughLogs)
	return nil
}

// print shows what came, and fails when nothing did.
func (p *printer) print(out io.Writer, cfg *otelcol.Config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows := make([]row, 0, len(p.rows))
	for _, one := range p.rows {
		rows = append(rows, one)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.metric, b.metric), strings.Compare(a.attributes, b.attributes))
	})
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, one := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", one.metric, one.attributes, one.value, one.unit)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, line := range p.logs {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "%d series, %d log records.\n", len(rows), len(p.logs))
	for id := range cfg.Service.Pipelines {
		if p.seen[strings.ReplaceAll(id.String(), "/", "-")] == 0 {
			fmt.Fprintf(out, "The pipeline %s has given nothing in this time.\n", id)
		}
	}
	if len(rows)+len(p.logs) == 0 {
		return errcode.New(errcode.Unavailable, "nothing was collected; is there a receiver in a pipeline?")
	}
	return nil
}
