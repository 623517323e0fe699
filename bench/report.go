package main

import (
	"fmt"
	"strings"
	"time"
)

// report is everything that was measured.
type report struct {
	Machine string   `json:"machine"`
	Command string   `json:"command"`
	Results []result `json:"results"`
}

// result is what one scenario gave. Zero means not measured.
type result struct {
	Name string `json:"name"`
	What string `json:"what"`

	Items          int     `json:"items,omitempty"` // samples or lines
	ItemsPerSecond float64 `json:"items_per_second,omitempty"`
	ItemsPerCPU    float64 `json:"items_per_server_cpu_second,omitempty"`
	P50            float64 `json:"request_p50_ms,omitempty"`
	P95            float64 `json:"request_p95_ms,omitempty"`
	P99            float64 `json:"request_p99_ms,omitempty"`
	PeakBytes      int64   `json:"peak_rss_bytes,omitempty"`
	BytesPerItem   float64 `json:"disk_bytes_per_item,omitempty"`  // everything on disk after a clean stop
	BytesInBlocks  float64 `json:"block_bytes_per_item,omitempty"` // of samples in closed blocks

	ReadySeconds       float64 `json:"ready_seconds,omitempty"`
	FirstSampleSeconds float64 `json:"first_host_sample_seconds,omitempty"`
	IdleBytes          int64   `json:"idle_rss_bytes,omitempty"`
	IdleCPUPercent     float64 `json:"idle_cpu_percent,omitempty"` // of one core

	Queries []queryResult `json:"queries,omitempty"`
}

// queryResult is how long one query took.
type queryResult struct {
	Name string  `json:"name"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
}

func milliseconds(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 2) }

func (r *result) fill(d driven, items int, cpu time.Duration, peak int64) {
	r.Items = d.requests * items
	r.ItemsPerSecond = round(float64(r.Items)/d.elapsed.Seconds(), 0)
	r.ItemsPerCPU = round(float64(r.Items)/max(cpu.Seconds(), 0.01), 0)
	r.P50 = milliseconds(percentile(d.latencies, 0.5))
	r.P95 = milliseconds(percentile(d.latencies, 0.95))
	r.P99 = milliseconds(percentile(d.latencies, 0.99))
	r.PeakBytes = peak
}

func (r *result) fillDisk(dir string, before int64) error {
	after, err := diskUsage(dir)
	if err != nil {
		return err
	}
	r.BytesPerItem = round(float64(after-before)/float64(max(r.Items, 1)), 2)
	samples, size, err := blockUsage(dir)
	if err != nil {
		return err
	}
	if samples > 0 {
		r.BytesInBlocks = round(float64(size)/float64(samples), 2)
	}
	return nil
}

// markdown writes the tables of docs/benchmarks.md.
func (r *report) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Machine: %s.\nCommand: `%s`.\n", r.Machine, r.Command)
	r.loads(&out)
	for _, s := range r.Results {
		if s.ReadySeconds > 0 {
			fmt.Fprintf(&out, "\n| start to ready | start to first host sample queryable | idle RSS | idle CPU, of one core |\n|---|---|---|---|\n")
			fmt.Fprintf(&out, "| %.2f s | %.2f s | %s | %.1f %% |\n", s.ReadySeconds, s.FirstSampleSeconds, megabytes(s.IdleBytes), s.IdleCPUPercent)
		}
		if len(s.Queries) > 0 {
			fmt.Fprintf(&out, "\n| query | p50 | p95 |\n|---|---|---|\n")
			for _, q := range s.Queries {
				fmt.Fprintf(&out, "| %s | %.1f ms | %.1f ms |\n", q.Name, q.P50, q.P95)
			}
		}
	}
	return out.String()
}

func (r *report) loads(out *strings.Builder) {
	header := "\n| load | items | items/s | items per server CPU-second | p50 | p95 | p99 | peak RSS | disk bytes/item | in blocks |\n|---|---|---|---|---|---|---|---|---|---|\n"
	for _, s := range r.Results {
		if s.Items == 0 {
			continue
		}
		out.WriteString(header)
		header = ""
		blocks := "-"
		if s.BytesInBlocks > 0 {
			blocks = fmt.Sprintf("%.2f", s.BytesInBlocks)
		}
		fmt.Fprintf(out, "| %s: %s | %s | %s | %s | %.1f ms | %.1f ms | %.1f ms | %s | %.1f | %s |\n", s.Name, s.What,
			thousands(float64(s.Items)), thousands(s.ItemsPerSecond), thousands(s.ItemsPerCPU), s.P50, s.P95, s.P99,
			megabytes(s.PeakBytes), s.BytesPerItem, blocks)
	}
}

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes/1e6) }

func thousands(value float64) string {
	if value >= 1e6 {
		return fmt.Sprintf("%.2f M", value/1e6)
	}
	return fmt.Sprintf("%.0f k", value/1e3)
}
