package hostreceiver

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
)

// lingering is for how many runs a process is still reported after it has left the top, so that
// its series are not torn to single points.
const lingering = 5

// processScraper counts all processes and reports those that use most CPU or memory.
type processScraper struct {
	host  *host
	cpus  int
	table *processTable
}

func newProcesses(cfg ProcessesConfig, h *host) scrapeFunc {
	return (&processScraper{host: h, cpus: runtime.NumCPU(), table: newProcessTable(newProcessSource(h), cfg.Top)}).scrape
}

func (s *processScraper) scrape(ctx context.Context, b *batch) error {
	if err := s.table.refresh(ctx, b); err != nil {
		return err
	}
	countStates(b, s.table.order)
	created := countCreated(ctx, s.host, b)
	if s.table.top > 0 {
		s.report(ctx, b, s.choose(ctx))
	}
	return created
}

func countStates(b *batch, all []*processStat) {
	states := map[string]uint64{"running": 0, "sleeping": 0, "stopped": 0, "defunct": 0}
	for _, p := range all {
		states[p.state]++
	}
	count := b.amount("system.process.count", "{process}", "Processes by state.")
	for _, state := range sortedKeys(states) {
		count.count(states[state], text("process.state", state))
	}
}

func reportCreated(b *batch, created uint64) {
	if created > 0 { // not every system counts them
		b.counter("system.process.created", "{process}", "Processes created since the system was started.").count(created)
	}
}

// choose returns the processes to report, by process id, and has those near the top read in the
// next run.
func (s *processScraper) choose(ctx context.Context) []*processStat {
	t := s.table
	near := 2*t.top + 10
	for _, used := range []func(*processStat) float64{
		func(p *processStat) float64 { return p.rate },
		func(p *processStat) float64 { return float64(p.rss) },
	} {
		for i, p := range largest(t.order, near, used) {
			p.watch = max(p.watch, t.cycle+1)
			if i < t.top {
				p.linger = lingering + 1
			}
		}
	}
	var chosen []*processStat
	for _, p := range t.order {
		if p.rate >= leastRate && p.read.Equal(t.now) {
			p.watch = max(p.watch, t.cycle+1)
		}
		if p.linger == 0 {
			continue
		}
		p.linger--
		// One that was not near the top and is in it now, because others have left, is read for it.
		if p.linger > 0 && (p.read.Equal(t.now) || t.read(ctx, p)) {
			p.watch = max(p.watch, t.cycle+1)
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// processMetrics are the metrics of the reported processes.
type processMetrics struct {
	seconds, utilization, memory, virtual, threads, faults, uptime, disk, files metric
}

func newProcessMetrics(b *batch) processMetrics {
	return processMetrics{
		seconds:     b.counter("process.cpu.time", "s", "CPU seconds of the process by mode."),
		utilization: b.gauge("process.cpu.utilization", "1", "Part of all CPUs that the process used since the last measurement."),
		memory:      b.amount("process.memory.usage", "By", "Physical memory of the process."),
		virtual:     b.amount("process.memory.virtual", "By", "Virtual memory of the process."),
		threads:     b.amount("process.thread.count", "{thread}", "Threads of the process."),
		faults:      b.counter("process.paging.faults", "{fault}", "Page faults of the process."),
		uptime:      b.gauge("process.uptime", "s", "Time since the process was started."),
		disk:        b.counter("process.disk.io", "By", "Bytes that the process read from and wrote to disks."),
		files:       b.amount("process.unix.file_descriptor.count", "{file_descriptor}", "Open file descriptors of the process."),
	}
}

func (s *processScraper) report(ctx context.Context, b *batch, chosen []*processStat) {
	m := newProcessMetrics(b)
	for _, p := range chosen {
		pid, name := number("process.pid", int64(p.key.pid)), text("process.executable.name", p.name)
		seconds := m.seconds.since(p.started)
		seconds.float(p.user, pid, name, text(cpuModeKey, "user"))
		seconds.float(p.system, pid, name, text(cpuModeKey, "system"))
		if s.table.elapsed > 0 {
			m.utilization.float(p.rate/float64(s.cpus), pid, name)
		}
		m.memory.count(p.rss, pid, name)
		m.virtual.count(p.virtual, pid, name)
		m.threads.count(p.threads, pid, name)
		faults := m.faults.since(p.started)
		faults.count(p.major, pid, name, text(faultTypeKey, "major"))
		faults.count(p.minor, pid, name, text(faultTypeKey, "minor"))
		m.uptime.float(max(b.now.Sub(p.started).Seconds(), 0), pid, name)
		s.details(ctx, &m, p, pid, name)
	}
}

// details adds what only the owner of a process, or root, may read; it is left out for others.
func (s *processScraper) details(ctx context.Context, m *processMetrics, p *processStat, pid, name attribute) {
	d := s.table.source.details(ctx, p)
	if d.hasTraffic {
		disk := m.disk.since(p.started)
		disk.count(d.read, pid, name, text(diskDirectionKey, "read"))
		disk.count(d.written, pid, name, text(diskDirectionKey, "write"))
	}
	if d.hasFiles {
		m.files.count(d.files, pid, name)
	}
}

// errNoProcesses says that the process table looked empty, which it cannot be.
var errNoProcesses = errors.New("list processes: there are none")

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
