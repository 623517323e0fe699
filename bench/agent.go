package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What the agent is held to.
const (
	goalAgentMemory = 25 << 20
	goalAgentCPU    = 0.12 // % of a core
	goalAgentBinary = 30 << 20
	goalAgentStart  = time.Second
	agentLogBytes   = 1 << 20 // a second
)

// agentRun is a load on all agents at once.
type agentRun struct {
	name, what string
	logs       bool
}

func agentRuns() []agentRun {
	return []agentRun{
		{"host", "host metrics every 10 s, as each is configured at first", false},
		{"logs", "host metrics and processes every 10 s (pharos-agent the top 20, telegraf and otelcol all of them), a log of 1 MiB/s, queues on disk", true},
	}
}

// agentFigures are what one agent did in one run.
type agentFigures struct {
	name          string
	quarter, half int64 // bytes resident
	end, peak     int64
	anonymous     int64
	cpu, startCPU time.Duration
	elapsed       time.Duration
	calls, io     int64
	wire          int64
	points, bytes int64
	lines         int64
	first         time.Duration
	size          int64
	logs          bool
}

// runAgents measures the agent beside others.
func runAgents(ctx context.Context, o *options, out, progress io.Writer) error {
	var f findings
	var text strings.Builder
	for _, one := range agentRuns() {
		if o.scenarios != "" && o.scenarios != one.name {
			continue
		}
		_, _ = fmt.Fprintf(progress, "%s: %s ...\n", one.name, one.what)
		figures, written, err := one.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		fmt.Fprintf(&text, "\n**%s**: %s, for %s.\n\n%s", one.name, one.what, o.duration, agentTable(figures, written))
		hold(&f, one, figures, written)
	}
	_, err := fmt.Fprintf(out, "Machine: %s.\nCommand: `make bench-agent`.\n%s%s", describeMachine(), text.String(), f.markdown())
	if err != nil {
		return fmt.Errorf("print the results: %w", err)
	}
	return nil
}

// run starts all agents, waits, and reads what each has used.
func (r agentRun) run(ctx context.Context, o *options) (figures []agentFigures, written int64, err error) {
	file := ""
	if r.logs {
		dir, err := os.MkdirTemp("", "pharos-bench-log-")
		if err != nil {
			return nil, 0, fmt.Errorf("make a folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		file = filepath.Join(dir, "access.log")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			return nil, 0, fmt.Errorf("make the log: %w", err)
		}
	}
	var agents []*runningAgent
	defer func() {
		for _, one := range agents {
			err = errors.Join(err, one.stop())
		}
	}()
	for _, maker := range o.agents.makers() {
		one, err := startAgent(ctx, o, maker, file)
		if err != nil {
			return nil, 0, err
		}
		agents = append(agents, one)
		// The next one starts when this one has: a start is measured alone.
		if !await(ctx, startTimeout, func() bool { return one.sink.firstPoint.Load() != 0 }) {
			return nil, 0, errors.Join(fmt.Errorf("%s: %w", one.name, errNoPoints), one.sink.problem())
		}
	}
	lines := make(chan lineCount, 1)
	writing, stop := context.WithTimeout(ctx, o.duration)
	defer stop()
	go func() { lines <- writeLog(writing, file) }()
	if figures, err = watch(ctx, o.duration, agents); err != nil {
		return nil, 0, err
	}
	count := <-lines
	if count.err != nil {
		return nil, 0, count.err
	}
	for i, one := range agents {
		if one.logs && r.logs {
			await(ctx, 30*time.Second, func() bool { return one.sink.lines.Load() >= count.lines })
		}
		figures[i].lines = one.sink.lines.Load()
		if err := one.sink.problem(); err != nil {
			return nil, 0, fmt.Errorf("%s has sent what cannot be read: %w", one.name, err)
		}
	}
	return figures, count.lines, ctx.Err()
}

// watch measures agents for a time.
func watch(ctx context.Context, duration time.Duration, agents []*runningAgent) ([]agentFigures, error) {
	figures := make([]agentFigures, len(agents))
	begun := time.Now()
	type before struct{ io, wire, points, bytes int64 }
	befores := make([]before, len(agents))
	for i, one := range agents {
		f := &figures[i]
		f.name, f.size, f.logs = one.name, one.size(), one.logs
		f.first = time.Unix(0, one.sink.firstPoint.Load()).Sub(one.begun)
		var err, ioErr error
		one.cpuBefore, err = one.cpu()
		f.startCPU = one.cpuBefore
		befores[i].io, ioErr = one.calls()
		if err := errors.Join(err, ioErr); err != nil {
			return nil, err
		}
		befores[i].wire, befores[i].points, befores[i].bytes = one.sink.wire(), one.sink.points.Load(), one.sink.metricBytes.Load()
		one.countCalls(ctx)
	}
	for part := 1; part <= 4; part++ {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Until(begun.Add(duration * time.Duration(part) / 4))):
		}
		for i, one := range agents {
			resident, err := one.memory("VmRSS")
			if err != nil {
				return nil, err
			}
			switch part {
			case 1:
				figures[i].quarter = resident
			case 2:
				figures[i].half = resident
			case 4:
				figures[i].end = resident
			}
		}
	}
	for i, one := range agents {
		f := &figures[i]
		used, err := one.cpu()
		calls, ioErr := one.calls()
		anonymous, memErr := one.memory("RssAnon")
		peak, peakErr := one.memory("VmHWM")
		if err := errors.Join(err, ioErr, memErr, peakErr); err != nil {
			return nil, err
		}
		f.elapsed = time.Since(begun)
		f.cpu, f.io, f.anonymous, f.peak, f.calls = used-one.cpuBefore, calls-befores[i].io, anonymous, peak, one.countedCalls()
		f.wire, f.points, f.bytes = one.sink.wire()-befores[i].wire, one.sink.points.Load()-befores[i].points, one.sink.metricBytes.Load()-befores[i].bytes
	}
	return figures, nil
}

func (f *agentFigures) percent() float64 { return 100 * f.cpu.Seconds() / f.elapsed.Seconds() }

func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/(1<<20)) }

func agentTable(figures []agentFigures, written int64) string {
	var text strings.Builder
	text.WriteString(columns("agent", "RSS at 1/4, 1/2, end, MiB", "anonymous", "peak", "CPU-seconds", "of a core", "system calls/s", "reads and writes/s",
		"points", "body bytes/point", "all bytes on the wire", "lines", "start to first sample", "CPU until then", "binary, MiB"))
	text.WriteString(columns("---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---"))
	for i := range figures {
		f := &figures[i]
		second := f.elapsed.Seconds()
		lines, calls := "-", "not counted"
		if written > 0 && f.logs {
			lines = fmt.Sprintf("%d of %d", f.lines, written)
		}
		if f.calls > 0 {
			calls = fmt.Sprintf("%.1f", float64(f.calls)/second)
		}
		text.WriteString(columns(f.name, mebibytes(f.quarter)+", "+mebibytes(f.half)+", "+mebibytes(f.end), mebibytes(f.anonymous), mebibytes(f.peak),
			fmt.Sprintf("%.2f", f.cpu.Seconds()), fmt.Sprintf("%.2f %%", f.percent()), calls, fmt.Sprintf("%.1f", float64(f.io)/second),
			fmt.Sprint(f.points), fmt.Sprintf("%.1f", float64(f.bytes)/float64(max(f.points, 1))), fmt.Sprint(f.wire), lines,
			fmt.Sprintf("%.2f s", f.first.Seconds()), fmt.Sprintf("%.2f s", f.startCPU.Seconds()), mebibytes(f.size)))
	}
	return text.String()
}

// hold compares with the goals.
func hold(f *findings, r agentRun, figures []agentFigures, written int64) {
	own := &figures[0]
	if !r.logs {
		f.hold(own.end <= goalAgentMemory, "<= 25 MiB", "RSS, host metrics", "%s MiB", mebibytes(own.end))
		f.hold(own.percent() <= goalAgentCPU, "<= 0.12 %", "CPU of a core, host metrics", "%.2f %%", own.percent())
		f.hold(own.size <= goalAgentBinary, "<= 30 MiB", "binary", "%s MiB", mebibytes(own.size))
		f.hold(own.first <= goalAgentStart, "<= 1 s", "start to first sample", "%.2f s", own.first.Seconds())
	} else {
		f.hold(own.lines == written, "all, once", "lines", "%d of %d", own.lines, written)
	}
	f.hold(own.end <= own.half*21/20, "<= 5 %", "growth of RSS in the second half, "+r.name, "%.1f %%", 100*(float64(own.end)/float64(own.half)-1))
	for i := range figures[1:] {
		peer := &figures[i+1]
		if r.logs && !peer.logs {
			continue
		}
		f.hold(own.end < peer.end, "less", "RSS beside "+peer.name+", "+r.name, "%s of %s MiB", mebibytes(own.end), mebibytes(peer.end))
		f.hold(own.cpu < peer.cpu, "less", "CPU beside "+peer.name+", "+r.name, "%.2f of %.2f s", own.cpu.Seconds(), peer.cpu.Seconds())
	}
}

// lineCount is how many lines were written.
type lineCount struct {
	lines int64
	err   error
}

// writeLog appends lines of an access log until the context ends.
func writeLog(ctx context.Context, path string) (count lineCount) {
	if path == "" {
		<-ctx.Done()
		return count
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return lineCount{err: fmt.Errorf("open the log: %w", err)}
	}
	defer func() { count.err = errors.Join(count.err, file.Close()) }()
	random := rand.New(rand.NewPCG(6, 2)) //nolint:gosec // made-up data
	buffered := bufio.NewWriter(file)
	const every = 50 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		for written := 0; written < int(agentLogBytes*every/time.Second); {
			n, err := fmt.Fprintf(buffered, "%s 10.%d.%d.%d - user%d [%016x%016x] \"GET /api/v1/items/%d?page=%d&sort=newest HTTP/1.1\" %d %d \"https://shop.example.org/items/%d\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\" %d\n",
				time.Now().UTC().Format(time.RFC3339Nano), random.IntN(4), random.IntN(255), random.IntN(255), random.IntN(1000), random.Uint64(), random.Uint64(),
				random.IntN(10000), random.IntN(20), []int{200, 200, 200, 304, 404, 500}[random.IntN(6)], random.IntN(50000), random.IntN(10000), random.IntN(500))
			if err != nil {
				return lineCount{count.lines, fmt.Errorf("write the log: %w", err)}
			}
			written += n
			count.lines++
		}
		if err := buffered.Flush(); err != nil {
			return lineCount{count.lines, fmt.Errorf("write the log: %w", err)}
		}
		select {
		case <-ctx.Done():
			return count
		case <-ticker.C:
		}
	}
}
