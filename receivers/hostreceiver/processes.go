package hostreceiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/process"
)

// lingering is for how many runs a process is still reported after it has left the top, so that
// its series are not torn to single points.
const lingering = 5

// processKey identifies a process; the kernel uses process ids again.
type processKey struct {
	pid   int32
	birth int64 // in whatever unit the system has
}

// processStat is what is cheap to know about a process.
type processStat struct {
	key          processKey
	name         string
	state        string // running, sleeping, stopped or defunct
	started      time.Time
	user, system float64 // seconds
	rss, virtual uint64
	threads      uint64
	minor, major uint64 // page faults
	recent       float64
}

func (p *processStat) cpu() float64 { return p.user + p.system }

// processScraper counts all processes and reports those that use most CPU or memory. It reads
// one small file of every process, and more only of those that it reports.
type processScraper struct {
	host *host
	top  int
	cpus int

	at     time.Time              // of the last run
	cpu    map[processKey]float64 // CPU seconds of every process at the last run
	linger map[processKey]int     // runs for which a process is still reported
}

func newProcesses(cfg ProcessesConfig, h *host) scrapeFunc {
	return (&processScraper{host: h, top: cfg.Top, cpus: runtime.NumCPU()}).scrape
}

func (s *processScraper) scrape(ctx context.Context, b *batch) error {
	all, err := listProcesses(ctx, s.host, b.now)
	if err != nil {
		return err
	}
	countStates(b, all)
	created := countCreated(ctx, b)
	if s.top > 0 {
		elapsed := s.observe(all, b.now)
		s.report(ctx, b, s.choose(all), elapsed)
	}
	return created
}

func countStates(b *batch, all []processStat) {
	states := map[string]uint64{"running": 0, "sleeping": 0, "stopped": 0, "defunct": 0}
	for i := range all {
		states[all[i].state]++
	}
	count := b.amount("system.process.count", "{process}", "Processes by state.")
	for _, state := range sortedKeys(states) {
		count.count(states[state], text("process.state", state))
	}
}

func countCreated(ctx context.Context, b *batch) error {
	misc, err := load.MiscWithContext(ctx)
	if err != nil {
		return fmt.Errorf("read process counters: %w", err)
	}
	if misc.ProcsCreated > 0 { // not every system counts them
		b.counter("system.process.created", "{process}", "Processes created since the system was started.").
			count(uint64(misc.ProcsCreated))
	}
	return nil
}

// observe computes what each process used since the last run, or ever when this is the first,
// and returns how long ago that was; 0 for the first.
func (s *processScraper) observe(all []processStat, now time.Time) (elapsed float64) {
	if !s.at.IsZero() {
		elapsed = now.Sub(s.at).Seconds()
	}
	seen := make(map[processKey]float64, len(all))
	for i := range all {
		p := &all[i]
		p.recent = max(p.cpu()-s.cpu[p.key], 0)
		seen[p.key] = p.cpu()
	}
	s.at, s.cpu = now, seen
	return elapsed
}

// choose returns the processes to report, by process id.
func (s *processScraper) choose(all []processStat) []*processStat {
	ranked := make([]*processStat, len(all))
	for i := range all {
		ranked[i] = &all[i]
	}
	left := map[processKey]int{}
	for key, runs := range s.linger {
		if runs > 1 {
			left[key] = runs - 1
		}
	}
	mark := func(used func(*processStat) float64) {
		slices.SortStableFunc(ranked, func(a, b *processStat) int { return cmp.Compare(used(b), used(a)) })
		for _, p := range ranked[:min(s.top, len(ranked))] {
			if used(p) > 0 {
				left[p.key] = lingering
			}
		}
	}
	mark(func(p *processStat) float64 { return p.recent })
	mark(func(p *processStat) float64 { return float64(p.rss) })

	var chosen []*processStat
	alive := map[processKey]int{}
	for i := range all {
		if runs, ok := left[all[i].key]; ok {
			alive[all[i].key] = runs
			chosen = append(chosen, &all[i])
		}
	}
	s.linger = alive
	slices.SortFunc(chosen, func(a, b *processStat) int { return cmp.Compare(a.key.pid, b.key.pid) })
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

func (s *processScraper) report(ctx context.Context, b *batch, chosen []*processStat, elapsed float64) {
	m := newProcessMetrics(b)
	for _, p := range chosen {
		pid, name := number("process.pid", int64(p.key.pid)), text("process.executable.name", p.name)
		seconds := m.seconds.since(p.started)
		seconds.float(p.user, pid, name, text(cpuModeKey, "user"))
		seconds.float(p.system, pid, name, text(cpuModeKey, "system"))
		if elapsed > 0 {
			m.utilization.float(p.recent/elapsed/float64(s.cpus), pid, name)
		}
		m.memory.count(p.rss, pid, name)
		m.virtual.count(p.virtual, pid, name)
		m.threads.count(p.threads, pid, name)
		faults := m.faults.since(p.started)
		faults.count(p.major, pid, name, text(faultTypeKey, "major"))
		faults.count(p.minor, pid, name, text(faultTypeKey, "minor"))
		m.uptime.float(max(b.now.Sub(p.started).Seconds(), 0), pid, name)
		m.details(ctx, p, pid, name)
	}
}

// details adds what only the owner of a process, or root, may read; it is left out for others.
func (m *processMetrics) details(ctx context.Context, p *processStat, pid, name attribute) {
	detail := &process.Process{Pid: p.key.pid}
	if io, err := detail.IOCountersWithContext(ctx); err == nil {
		disk := m.disk.since(p.started)
		disk.count(io.ReadBytes, pid, name, text(diskDirectionKey, "read"))
		disk.count(io.WriteBytes, pid, name, text(diskDirectionKey, "write"))
	}
	if files, err := detail.NumFDsWithContext(ctx); err == nil {
		m.files.count(uint64(max(files, 0)), pid, name)
	}
}

// errNoProcesses says that the process table looked empty, which it cannot be.
var errNoProcesses = errors.New("list processes: there are none")

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
