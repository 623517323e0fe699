package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/otelcol"
	"gopkg.in/yaml.v3"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/extensions/storageextension"
)

// isTerminal says whether people look at the file.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// escapeDollars doubles dollar signs, because the Collector would take one for the start of a
// reference, in the value of a variable too.
func escapeDollars(text string) string { return strings.ReplaceAll(text, "$", "$$") }

// yamlURI is a configuration as a URI of the Collector.
func yamlURI(content map[string]any) (string, error) {
	text, err := yaml.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("write the configuration of the flags: %w", err)
	}
	return "yaml:" + escapeDollars(string(text)), nil
}

// announce tells people where everything is.
func (o *upOptions) announce(ctx context.Context, out io.Writer, cfg *otelcol.Config, terminal bool) {
	where := "this machine only"
	if o.public != "" {
		where = "listening for other machines as " + o.public
	}
	login := o.url() + "/"
	if terminal {
		if link, err := loginLink(ctx, o.dataDir, o.url()); err == nil {
			login = link + "   (10 min)"
		}
	}
	fmt.Fprintf(out, `Pharos %s, all-in-one, %s
Data       %s%s
Dashboard  %s
Login      %s; password and API key in %s
Send       OTLP %s (gRPC), %s or %s (HTTP), JSON and remote write %s
`, version, where, o.dataDir, retention(cfg), login, auth.DefaultAdmin, bootstrapPath(o.dataDir),
		o.otlpGRPC, o.otlpHTTP, o.http, o.http)
	if o.public == "" {
		fmt.Fprintln(out, "More hosts restart with --public NAME")
		return
	}
	o.announceAgents(out)
}

// retention says how long and how much the stores of a configuration keep.
func retention(cfg *otelcol.Config) string {
	for _, id := range cfg.Service.Extensions {
		if stores, ok := cfg.Extensions[id].(*storageextension.Config); ok {
			return fmt.Sprintf("  (metrics %s, logs %s)",
				kept(stores.Metrics.Retention, stores.Metrics.MaxBytes), kept(stores.Logs.Retention, stores.Logs.MaxBytes))
		}
	}
	return ""
}

func kept(period model.Duration, most units.Base2Bytes) string {
	text := period.String()
	if day := 24 * time.Hour; time.Duration(period)%day == 0 {
		text = fmt.Sprintf("%d d", time.Duration(period)/day) // not 1w
	}
	if most == 0 {
		return text
	}
	return text + " / " + most.String()
}

// sampleWait is for how long the first sample of this host is awaited.
const sampleWait = 5 * time.Second

// waitForSample waits until the host receiver has stored something, which the Collector counts
// once the store has taken it; false when that takes too long.
func waitForSample(ctx context.Context, metrics prometheus.Gatherer) bool {
	ctx, cancel := context.WithTimeout(ctx, sampleWait)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		families, err := metrics.Gather()
		if err == nil && accepted(families, "host") > 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// accepted is how many points of a receiver the pipelines have taken.
func accepted(families []*dto.MetricFamily, receiver string) float64 {
	for _, family := range families {
		if family.GetName() != "otelcol_receiver_accepted_metric_points_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "receiver" && label.GetValue() == receiver {
					return metric.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}

// announceAgents tells how other machines reach this one. Whoever runs the command is asked for the
// key; see agent/install.
func (o *upOptions) announceAgents(out io.Writer) {
	command := "sudo pharos-agent install --url " + o.url()
	if o.insecure {
		fmt.Fprintf(out, "More hosts %s   (plaintext)\n", command)
		return
	}
	files := certificateFilesIn(filepath.Join(o.dataDir, "tls"))
	switch print, err := fingerprint(files.ca); {
	case err == nil && showsCA(files):
		command += " --ca-sha256 " + print
	case err == nil:
		command += " --ca-file ca.crt   (a copy of " + files.ca + ")"
	}
	fmt.Fprintln(out, "More hosts", command)
}
