package hostreceiver

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
)

// findCycles is how often, in runs, containers are looked for; in between only the known ones
// are read.
const findCycles = 3

// noLimit is what control groups of version 1 say, or more, when there is no limit of memory.
const noLimit = 1 << 62

// containerScraper measures containers by their control groups, of version 2 where the memory
// controller is there, and otherwise of version 1.
type containerScraper struct {
	root   string
	most   int
	second bool // version 2
	found  []cgroupFiles
	all    int // containers, measured or not
	cycle  int
}

// cgroupFiles is where a container's numbers are. In version 1 some are of other trees.
type cgroupFiles struct {
	attributes                                              []attribute
	cpuStat, cpuLimit, cpuUser, cpuSystem                   string
	memory, memoryLimit, memoryStat, memoryEvents, pids, io string
}

func newContainers(cfg ContainersConfig, h *host) scrapeFunc {
	root := h.sys("fs", "cgroup")
	s := &containerScraper{root: root, most: cfg.Max, second: exists(filepath.Join(root, "cgroup.controllers"))}
	return s.scrape
}

func (s *containerScraper) scrape(_ context.Context, b *batch) error {
	if s.cycle%findCycles == 0 {
		s.find(b.files)
	}
	s.cycle++
	if s.all == 0 {
		return nil
	}
	b.amount("system.container.count", "{container}", "Containers of the host, measured or not.").count(uint64(s.all))
	m := newContainerMetrics(b)
	for i := range s.found {
		c := &s.found[i]
		if s.second {
			m.second(b.files, c)
		} else {
			m.first(b.files, c)
		}
		m.common(b.files, c)
	}
	return nil
}

func (s *containerScraper) find(from *files) {
	known := map[string]bool{}
	var containers []cgroup
	if s.second {
		containers = findContainers(s.root)
	} else {
		containers = findContainers(filepath.Join(s.root, "memory"))
	}
	before := s.found
	s.all, s.found = len(containers), nil
	for _, c := range containers[:min(len(containers), s.most)] {
		files := s.files(c)
		known[files.cpuStat] = true
		s.found = append(s.found, files)
	}
	for i := range before {
		if !known[before[i].cpuStat] {
			for _, path := range before[i].paths() {
				from.forget(path)
			}
		}
	}
}

func (c *cgroupFiles) paths() []string {
	return []string{c.cpuStat, c.cpuLimit, c.cpuUser, c.cpuSystem, c.memory, c.memoryLimit, c.memoryStat, c.memoryEvents, c.pids, c.io}
}

func (s *containerScraper) files(c cgroup) cgroupFiles {
	attributes := []attribute{text("container.id", c.id)}
	if c.runtime != "" {
		attributes = append(attributes, text("container.runtime.name", c.runtime))
	}
	if c.pod != "" {
		attributes = append(attributes, text("k8s.pod.uid", c.pod))
	}
	if s.second {
		in := func(name string) string { return filepath.Join(s.root, c.path, name) }
		return cgroupFiles{
			attributes: attributes, cpuStat: in("cpu.stat"), cpuLimit: in("cpu.max"), memory: in("memory.current"),
			memoryLimit: in("memory.max"), memoryStat: in("memory.stat"), memoryEvents: in("memory.events"), pids: in("pids.current"), io: in("io.stat"),
		}
	}
	in := func(controller, name string) string { return filepath.Join(s.root, controller, c.path, name) }
	return cgroupFiles{
		attributes: attributes, cpuStat: in("cpu", "cpu.stat"), cpuUser: in("cpuacct", "cpuacct.usage_user"),
		cpuSystem: in("cpuacct", "cpuacct.usage_sys"), memory: in("memory", "memory.usage_in_bytes"),
		memoryLimit: in("memory", "memory.limit_in_bytes"), memoryStat: in("memory", "memory.stat"), pids: in("pids", "pids.current"),
	}
}

// containerMetrics are the metrics of containers.
type containerMetrics struct {
	time, periods, throttled, throttledTime, cpuLimit   metric
	usage, limit, workingSet, rss, kills, processes, io metric
}

func newContainerMetrics(b *batch) containerMetrics {
	return containerMetrics{
		time:          b.counter("container.cpu.time", "s", "CPU seconds of the container by mode."),
		periods:       b.counter("container.cpu.periods", "{period}", "Periods in which the container wanted CPU; only with a limit."),
		throttled:     b.counter("container.cpu.throttled.periods", "{period}", "Periods in which the container used up its limit of CPU."),
		throttledTime: b.counter("container.cpu.throttled.time", "s", "Time during which the container had to wait because of its limit of CPU."),
		cpuLimit:      b.amount("container.cpu.limit", "{cpu}", "CPUs that the container may use; only with a limit."),
		usage:         b.amount("container.memory.usage", "By", "Memory of the container, with what it has cached of files."),
		limit:         b.amount("container.memory.limit", "By", "Memory that the container may use; only with a limit."),
		workingSet:    b.amount("container.memory.working_set", "By", "Memory of the container without what can be dropped at once."),
		rss:           b.amount("container.memory.rss", "By", "Memory of the container that is no file's."),
		kills:         b.counter("container.memory.oom_kills", "{kill}", "Processes of the container that the kernel killed for want of memory."),
		processes:     b.amount("container.process.count", "{task}", "Threads of the container."),
		io:            b.counter("container.disk.io", "By", "Bytes that the container read from and wrote to disks."),
	}
}

// common adds what both versions have.
func (m *containerMetrics) common(from *files, c *cgroupFiles) {
	if count, err := from.number(c.pids); err == nil {
		m.processes.count(count, c.attributes...)
	}
	inactive, rss := uint64(0), uint64(0)
	if content, err := from.read(c.memoryStat); err == nil {
		for name, value := range pairsOf(content) {
			switch string(name) {
			case "inactive_file": // of version 2, and in version 1 without what is below
				inactive = max(inactive, value)
			case "total_inactive_file":
				inactive = value
			case "anon", "total_rss":
				rss = value
			}
		}
		m.rss.count(rss, c.attributes...)
	}
	if usage, err := from.number(c.memory); err == nil {
		m.usage.count(usage, c.attributes...)
		m.workingSet.count(usage-min(usage, inactive), c.attributes...)
	}
	if limit, err := from.number(c.memoryLimit); err == nil && limit < noLimit { // "max" is no number
		m.limit.count(limit, c.attributes...)
	}
}

// second adds the CPU time and the rest of version 2.
func (m *containerMetrics) second(from *files, c *cgroupFiles) {
	if content, err := from.read(c.cpuStat); err == nil {
		var t throttling
		for name, value := range pairsOf(content) {
			switch string(name) {
			case "user_usec":
				m.time.float(float64(value)/1e6, c.with(text(cpuModeKey, "user"))...)
			case "system_usec":
				m.time.float(float64(value)/1e6, c.with(text(cpuModeKey, "system"))...)
			case "throttled_usec":
				t.seconds = float64(value) / 1e6
			default:
				t.take(name, value)
			}
		}
		m.throttling(t, c)
	}
	if content, err := from.read(c.cpuLimit); err == nil {
		quota, rest := firstWord(content)
		period, _ := firstWord(rest)
		most, limited := uintOf(quota)
		if length, ok := uintOf(period); limited && ok && length > 0 {
			m.cpuLimit.float(float64(most)/float64(length), c.attributes...)
		}
	}
	if content, err := from.read(c.memoryEvents); err == nil {
		if kills, ok := pairOf(content, "oom_kill"); ok {
			m.kills.count(kills, c.attributes...)
		}
	}
	if content, err := from.read(c.io); err == nil && len(content) > 0 {
		read, written := parseIOStat(content)
		m.io.count(read, c.with(text(diskDirectionKey, "read"))...)
		m.io.count(written, c.with(text(diskDirectionKey, "write"))...)
	}
}

// first adds the CPU time of version 1, in nanoseconds.
func (m *containerMetrics) first(from *files, c *cgroupFiles) {
	if user, err := from.number(c.cpuUser); err == nil {
		m.time.float(float64(user)/1e9, c.with(text(cpuModeKey, "user"))...)
	}
	if system, err := from.number(c.cpuSystem); err == nil {
		m.time.float(float64(system)/1e9, c.with(text(cpuModeKey, "system"))...)
	}
	content, err := from.read(c.cpuStat)
	if err != nil {
		return
	}
	var t throttling
	for name, value := range pairsOf(content) {
		if string(name) == "throttled_time" {
			t.seconds = float64(value) / 1e9
		}
		t.take(name, value)
	}
	m.throttling(t, c)
}

func (c *cgroupFiles) with(a attribute) []attribute {
	return append(slices.Clip(c.attributes), a)
}

// throttling is what cpu.stat says of a limit.
type throttling struct {
	periods, throttled uint64
	seconds            float64
}

func (t *throttling) take(name []byte, value uint64) {
	switch string(name) {
	case "nr_periods":
		t.periods = value
	case "nr_throttled":
		t.throttled = value
	}
}

func (m *containerMetrics) throttling(t throttling, c *cgroupFiles) {
	if t.periods == 0 {
		return // it has no limit
	}
	m.periods.count(t.periods, c.attributes...)
	m.throttled.count(t.throttled, c.attributes...)
	m.throttledTime.float(t.seconds, c.attributes...)
}

// parseIOStat adds up lines such as `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`.
func parseIOStat(content []byte) (read, written uint64) {
	for word := range bytes.FieldsSeq(content) {
		if value, found := bytes.CutPrefix(word, []byte("rbytes=")); found {
			n, _ := uintOf(value)
			read += n
		} else if value, found := bytes.CutPrefix(word, []byte("wbytes=")); found {
			n, _ := uintOf(value)
			written += n
		}
	}
	return read, written
}
