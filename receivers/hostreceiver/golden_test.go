package hostreceiver

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/disk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

var update = flag.Bool("update", false, "write the golden files")

const fakeRoot = "testdata/root"

var fakeNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func fakeHost() *host {
	return &host{root: fakeRoot, readings: clock{now: func() time.Time { return fakeNow }}}
}

// TestGolden runs every scraper twice over the same fake host. The second run adds what needs an
// earlier one; only its new lines are in the file.
func TestGolden(t *testing.T) {
	h := fakeHost()
	cfg := defaultConfig()
	for _, named := range cfg.Scrapers.all() {
		t.Run(named.name, func(t *testing.T) {
			scrape := goldenScrape(t, named.name, cfg, h)
			if scrape == nil {
				return // not of this system
			}
			got := run(t, h, scrape, fakeNow)
			got += newLines(got, run(t, h, scrape, fakeNow.Add(10*time.Second)))

			path := filepath.Join("testdata", "golden", named.name+".txt")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

// newLines returns the lines of after that are not in before.
func newLines(before, after string) string {
	known, out := strings.Split(before, "\n"), "--- 10 s later\n"
	for line := range strings.Lines(after) {
		if !slices.Contains(known, strings.TrimSuffix(line, "\n")) {
			out += line
		}
	}
	return out
}

func goldenScrape(t *testing.T, name string, cfg *Config, h *host) scrapeFunc {
	t.Helper()
	switch name {
	case "filesystem":
		s := newTestFilesystem(t, cfg.Scrapers.Filesystem, h)
		s.usage = fakeUsage
		return s.scrape
	case "clock":
		return fakeClock()
	case "systemd":
		return fakeUnitStates()
	case "processes":
		s := &processScraper{host: h, cpus: 2, table: newProcessTable(newProcessSource(h), cfg.Scrapers.Processes.Top)}
		return s.scrape
	}
	scrape, err := newScrape(name, &cfg.Scrapers, h)
	require.NoError(t, err)
	return scrape
}

func newTestFilesystem(t *testing.T, cfg FilesystemConfig, h *host) *filesystemScraper {
	t.Helper()
	s, err := buildFilesystem(cfg, h)
	require.NoError(t, err)
	return s
}

func fakeUsage(_ context.Context, path string) (*disk.UsageStat, error) {
	if !strings.HasPrefix(path, fakeRoot) {
		return nil, fmt.Errorf("%s is not below the root path", path)
	}
	return &disk.UsageStat{Total: 1000, Used: 600, Free: 300, UsedPercent: 100 * 600.0 / 900, InodesTotal: 10, InodesUsed: 4, InodesFree: 6}, nil
}

func run(t *testing.T, h *host, scrape scrapeFunc, now time.Time) string {
	t.Helper()
	return runWith(t, h, scrape, now, newFiles())
}

func runWith(t *testing.T, h *host, scrape scrapeFunc, now time.Time, from *files) string {
	t.Helper()
	metrics := pmetric.NewMetricSlice()
	b := newBatch(metrics, now, now.Add(-time.Hour), from)
	require.NoError(t, scrape(h.context(t.Context()), b))
	b.dropEmpty()
	return render(metrics, b.stamp)
}

// render writes one line a point: name{attributes} value, and the kind and unit of each metric.
func render(metrics pmetric.MetricSlice, stamp pcommon.Timestamp) string {
	var out strings.Builder
	for i := range metrics.Len() {
		m := metrics.At(i)
		kind, points := "gauge", pmetric.NumberDataPointSlice{}
		switch {
		case m.Type() == pmetric.MetricTypeGauge:
			points = m.Gauge().DataPoints()
		case m.Sum().IsMonotonic():
			kind, points = "counter", m.Sum().DataPoints()
		default:
			kind, points = "amount", m.Sum().DataPoints()
		}
		fmt.Fprintf(&out, "# %s %s %s %s\n", m.Name(), kind, m.Unit(), m.Description())
		for j := range points.Len() {
			out.WriteString(renderPoint(m.Name(), kind, points.At(j), stamp))
		}
	}
	return out.String()
}

func renderPoint(name, kind string, point pmetric.NumberDataPoint, stamp pcommon.Timestamp) string {
	var pairs []string
	for key, value := range point.Attributes().All() {
		pairs = append(pairs, key+"="+value.AsString())
	}
	slices.Sort(pairs)
	value := fmt.Sprintf("%.6g", point.DoubleValue())
	if point.ValueType() == pmetric.NumberDataPointValueTypeInt {
		value = fmt.Sprint(point.IntValue())
	}
	line := fmt.Sprintf("%s{%s} %s", name, strings.Join(pairs, ","), value)
	if kind == "counter" {
		line += fmt.Sprintf(" since -%s", stamp.AsTime().Sub(point.StartTimestamp().AsTime()))
	} else if point.StartTimestamp() != 0 {
		line += " has a start time"
	}
	if point.Timestamp() != stamp {
		line += " has another time"
	}
	return line + "\n"
}
