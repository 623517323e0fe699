package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// What the distributed program is held to on a machine with two cores.
const (
	goalOfCopy     = 0.8
	goalLag        = 1000
	goalDelay      = time.Second
	goalIngest     = 50 * time.Millisecond
	goalQuery      = 300 * time.Millisecond
	steadyRate     = 50_000 // samples a second
	steadySeries   = bodies * samplesInBody
	steadyInterval = time.Second * steadySeries / steadyRate
)

// finding is a line of the report of the distributed program.
type finding struct {
	What     string `json:"what"`
	Measured string `json:"measured"`
	Goal     string `json:"goal,omitempty"`
	Met      *bool  `json:"met,omitempty"`
}

// findings are all lines, in the order in which they were found.
type findings []finding

func (f *findings) add(what, format string, values ...any) {
	*f = append(*f, finding{What: what, Measured: fmt.Sprintf(format, values...)})
}

// hold adds a line with a goal.
func (f *findings) hold(met bool, goal, what, format string, values ...any) {
	*f = append(*f, finding{What: what, Measured: fmt.Sprintf(format, values...), Goal: goal, Met: &met})
}

func (f findings) markdown() string {
	var out strings.Builder
	out.WriteString("\n| what | measured | goal | |\n|---|---|---|---|\n")
	for _, one := range f {
		met := ""
		if one.Met != nil {
			met = map[bool]string{true: "met", false: "**missed**"}[*one.Met]
		}
		goal := one.Goal
		if goal == "" {
			goal = "-"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", one.What, one.Measured, goal, met)
	}
	return out.String()
}

// runDistributed measures the three roles on real servers.
func runDistributed(ctx context.Context, o *options, out, progress io.Writer) (err error) {
	say := func(format string, values ...any) { _, _ = fmt.Fprintf(progress, format+" ...\n", values...) }
	say("starting the servers")
	d, err := startDistributed(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	var f findings
	for _, step := range []struct {
		name string
		run  func(context.Context, *findings) error
	}{
		{"steady load", d.steady},
		{"metrics, a backlog", d.metricBacklog},
		{"metrics, a bare COPY", d.bareCopy},
		{"logs, a backlog", d.logBacklog},
		{"logs, a bare bulk load", d.bareBulk},
		{"TimescaleDB, compressed", d.compressed},
	} {
		say("%s", step.name)
		if err := step.run(ctx, &f); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	r := report{Machine: describeMachine(), Command: "make bench-distributed"}
	if _, err := fmt.Fprintf(out, "Machine: %s.\nCommand: `%s`.\n%s", r.Machine, r.Command, f.markdown()); err != nil {
		return fmt.Errorf("print the results: %w", err)
	}
	return nil
}

// p95of returns three percentiles as text.
func percentiles(all []time.Duration) string {
	slices.Sort(all)
	return fmt.Sprintf("%.1f / %.1f / %.1f ms", milliseconds(percentile(all, 0.5)), milliseconds(percentile(all, 0.95)), milliseconds(percentile(all, 0.99)))
}

// rate is how many a second, as text.
func rate(items int, elapsed time.Duration) string {
	return thousands(float64(items)/elapsed.Seconds()) + "/s"
}
