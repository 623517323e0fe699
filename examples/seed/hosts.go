package main

import (
	"hash/fnv"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// emitHosts returns what some machines report in [from, to), as their agents do.
func (s *shop) emitHosts(machines []machine, from, to time.Time) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	for at := from; at.Before(to); at = at.Add(step) {
		for _, m := range machines {
			if m.reports(s.start, at) {
				s.measureHost(metrics, m, at)
				s.measureAgent(metrics, m, at)
			}
		}
	}
	return metrics
}

// measureHost adds what a machine reports at a time. Everything is a function of the time, so
// that a run that goes on needs no memory of the earlier ones.
func (s *shop) measureHost(metrics pmetric.Metrics, m machine, at time.Time) {
	booted := m.bootedBy(s.start, at)
	page, attributes := newSheet(metrics, latest(booted, s.start), at)
	s.describeHost(attributes, m)
	s.measureCPU(page, m, booted, at)
	s.measureMemory(page, m, at)
	s.measureDisks(page, m, booted, at)
	s.measureNetwork(page, m, booted, at)
	s.measureProcesses(page, m, at)
	page.gauge("system.uptime", "s", "Time since the system was started.", at.Sub(booted).Seconds())
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *shop) describeHost(attributes pcommon.Map, m machine) {
	id := fnv.New64a()
	id.Write([]byte(m.name)) //nolint:gosec // it cannot fail
	attributes.PutStr("service.name", "host")
	attributes.PutStr("service.instance.id", m.name)
	attributes.PutStr("host.name", m.name)
	attributes.PutStr("host.id", strconv.FormatUint(id.Sum64(), 16))
	attributes.PutStr("host.arch", "amd64")
	attributes.PutStr("os.type", "linux")
	attributes.PutStr("os.description", map[bool]string{true: "Ubuntu 24.04.3 LTS", false: "Debian GNU/Linux 12 (bookworm)"}[m.kind == "node"])
	attributes.PutStr("os.version", map[bool]string{true: "6.8.0-87-generic", false: "6.1.0-41-amd64"}[m.kind == "node"])
	attributes.PutStr("cloud.region", "eu-central-1")
	attributes.PutStr("deployment.environment.name", s.env)
}

func (s *shop) measureCPU(page sheet, m machine, booted, at time.Time) {
	trouble := 0.0 // seconds that a core has waited for disks
	if m.slow > 0 {
		trouble = 0.4 * m.slow * max(s.troubled(at)-s.troubled(latest(booted, s.start)), 0)
	}
	uptime := at.Sub(booted).Seconds()
	for core := range m.cores {
		name := strconv.Itoa(core)
		work := s.worked(m, "core "+name, booted, at)
		share := 0.75 + 0.5*float64((core*7)%m.cores)/float64(m.cores)
		user, system, wait := m.user*share*work, m.system*share*work, 0.01*uptime+trouble
		for _, mode := range []struct {
			name  string
			value float64
		}{{"user", user}, {"system", system}, {"iowait", wait}, {"steal", 0.001 * uptime}, {"idle", uptime*0.999 - user - system - wait}} {
			page.counter("system.cpu.time", "s", "Seconds each logical CPU spent on each mode.", mode.value, "cpu.mode", mode.name, "cpu.logical_number", name)
		}
	}
	wave := s.wave(m, at)
	waiting := 0.4 * m.slow * s.trouble(at)
	user, system, wait := m.user*wave, m.system*wave, 0.01+waiting
	for _, mode := range []struct {
		name  string
		value float64
	}{{"user", user}, {"system", system}, {"iowait", wait}, {"idle", max(1-user-system-wait, 0)}} {
		page.gauge("system.cpu.utilization", "1", "", mode.value, "cpu.mode", mode.name)
	}
	cores := float64(m.cores)
	load := cores * ((m.user+m.system)*wave + 2*waiting)
	page.gauge("system.cpu.load_average.1m", "{thread}", "Average CPU load over 1 minute.", load)
	page.gauge("system.cpu.load_average.5m", "{thread}", "Average CPU load over 5 minutes.", 0.7*load+0.3*cores*(m.user+m.system))
	page.gauge("system.cpu.load_average.15m", "{thread}", "Average CPU load over 15 minutes.", 0.4*load+0.6*cores*(m.user+m.system))
	page.amount("system.cpu.logical.count", "{cpu}", "Number of logical CPUs.", cores)
	page.amount("system.cpu.physical.count", "{cpu}", "Number of physical CPU cores.", cores/2)
}

func (s *shop) measureMemory(page sheet, m machine, at time.Time) {
	wave := s.wave(m, at)
	var programs float64
	for _, p := range m.processes {
		programs += p.memory
	}
	used := min(programs*(0.9+0.1*wave)+0.06*m.memory, 0.97*m.memory)
	cached := 0.7 * (m.memory - used)
	buffers := 0.02 * (m.memory - used)
	for _, state := range []struct {
		name  string
		value float64
	}{{"used", used}, {"cached", cached}, {"buffers", buffers}, {"free", m.memory - used - cached - buffers}} {
		page.amount("system.memory.usage", "By", "Memory in use by state.", state.value, "system.memory.state", state.name)
		page.gauge("system.memory.utilization", "1", "Part of the memory in each state.", state.value/m.memory, "system.memory.state", state.name)
	}
	page.amount("system.memory.limit", "By", "Memory of the system.", m.memory)
	page.amount("system.memory.linux.available", "By", "Estimate of the memory that new applications can have without swapping.", 0.95*(m.memory-used))
	swap := 2.0 * gib
	swapped := swap * (0.02 + 0.2*m.slow*s.trouble(at))
	page.amount("system.paging.usage", "By", "Swap space by state.", swapped, "system.paging.state", "used", "system.device", "/dev/vda2")
	page.amount("system.paging.usage", "By", "Swap space by state.", swap-swapped, "system.paging.state", "free", "system.device", "/dev/vda2")
	seconds := s.worked(m, "faults", s.start.Add(-step), at)
	page.counter("system.paging.faults", "{fault}", "Page faults.", 900*seconds, "system.paging.fault.type", "minor")
	page.counter("system.paging.faults", "{fault}", "Page faults.", 0.4*seconds, "system.paging.fault.type", "major")
	page.counter("system.paging.operations", "{operation}", "Pages swapped in and out.", 0.3*seconds, "system.paging.direction", "in", "system.paging.fault.type", "major")
	page.counter("system.paging.operations", "{operation}", "Pages swapped in and out.", 0.1*seconds, "system.paging.direction", "out", "system.paging.fault.type", "major")
}

func (s *shop) measureDisks(page sheet, m machine, booted, at time.Time) {
	trouble := 3 * m.slow * max(s.troubled(at)-s.troubled(latest(booted, s.start)), 0)
	const device = "vda"
	for _, d := range []struct {
		name       string
		bytes, per float64 // a second, and to an operation
	}{{"read", m.read, 24e3}, {"write", m.write, 16e3}} {
		bytes := d.bytes * (s.worked(m, d.name, booted, at) + trouble)
		page.counter("system.disk.io", "By", "Bytes read and written.", bytes, "system.device", device, "disk.io.direction", d.name)
		page.counter("system.disk.operations", "{operation}", "Reads and writes.", bytes/d.per, "system.device", device, "disk.io.direction", d.name)
		page.counter("system.disk.operation_time", "s", "Time that reads and writes took, added up.", bytes/d.per*0.0004+0.9*trouble*d.bytes/d.per*0.004, "system.device", device, "disk.io.direction", d.name)
	}
	page.counter("system.disk.io_time", "s", "Time during which the disk was busy.", 0.04*s.worked(m, "io time", booted, at)+0.2*trouble, "system.device", device)
	growth := 1 + at.Sub(s.start).Hours()*0.002
	for _, f := range m.mounts {
		used := min(f.used*growth, 0.99) * f.size
		reserved := 0.0
		if f.kind == "ext4" {
			reserved = 0.01 * f.size
		}
		inodes := map[string]float64{"used": 0.3 * f.used, "free": 1 - 0.3*f.used}
		pairs := []string{"system.device", f.device, "system.filesystem.mode", "rw", "system.filesystem.mountpoint", f.path, "system.filesystem.type", f.kind}
		for _, state := range []struct {
			name  string
			value float64
		}{{"used", used}, {"free", f.size - used - reserved}, {"reserved", reserved}} {
			with := append([]string{"system.filesystem.state", state.name}, pairs...)
			page.amount("system.filesystem.usage", "By", "Space of the filesystem by state.", state.value, with...)
			page.amount("system.filesystem.inodes.usage", "{inode}", "Inodes of the filesystem by state.", inodes[state.name]*f.size/16384, with...)
		}
		page.amount("system.filesystem.limit", "By", "Capacity of the filesystem.", f.size, pairs...)
		page.gauge("system.filesystem.utilization", "1", "Part of the space that users may fill which is used.", used/(f.size-reserved), pairs...)
	}
}

func (s *shop) measureNetwork(page sheet, m machine, booted, at time.Time) {
	for _, d := range []struct {
		name  string
		bytes float64
	}{{"receive", m.receive}, {"transmit", m.transmit}} {
		bytes := d.bytes * s.worked(m, d.name, booted, at)
		pairs := []string{"network.interface.name", "eth0", "network.io.direction", d.name}
		page.counter("system.network.io", "By", "Bytes received and transmitted.", bytes, pairs...)
		page.counter("system.network.packet.count", "{packet}", "Packets received and transmitted.", bytes/820, pairs...)
		page.counter("system.network.packet.dropped", "{packet}", "Packets dropped without an error.", float64(int(bytes/9e9)), pairs...)
		page.counter("system.network.errors", "{error}", "Network errors.", 0, pairs...)
	}
	wave, trouble := s.wave(m, at), s.trouble(at)
	for _, c := range []struct {
		transport, state string
		value            float64
	}{{"tcp", "established", 140*wave + 200*m.slow*trouble}, {"tcp", "time_wait", 60 * wave}, {"tcp", "listen", 14}, {"udp", "", 6}} {
		pairs := []string{"network.transport", c.transport}
		if c.state != "" {
			pairs = append(pairs, "network.connection.state", c.state)
		}
		page.amount("system.network.connection.count", "{connection}", "Connections by state; for UDP, open sockets.", float64(int(c.value)), pairs...)
	}
}

func (s *shop) measureProcesses(page sheet, m machine, at time.Time) {
	wave := s.wave(m, at)
	for i, p := range m.processes {
		pairs := []string{"process.executable.name", p.name, "process.pid", strconv.Itoa(400 + 137*i)}
		random := source(s.seed, "process "+m.name+p.name, at)
		page.gauge("process.cpu.utilization", "1", "Part of all CPUs that the process used since the last measurement.", p.cpu*wave*(0.8+0.4*random.Float64())/float64(m.cores), pairs...)
		page.amount("process.memory.usage", "By", "Physical memory of the process.", p.memory*(0.9+0.1*wave), pairs...)
		page.amount("process.memory.virtual", "By", "Virtual memory of the process.", p.memory*2.4+2e8, pairs...)
		page.amount("process.thread.count", "{thread}", "Threads of the process.", float64(4+int(p.cpu*12)), pairs...)
		page.amount("process.unix.file_descriptor.count", "{file_descriptor}", "Open file descriptors of the process.", float64(20+int(60*p.cpu*wave)), pairs...)
	}
	for _, c := range []struct {
		state string
		value float64
	}{{"running", 1 + 2*wave}, {"sleeping", 170 + 12*wave}, {"stopped", 0}, {"defunct", 0}} {
		page.amount("system.process.count", "{process}", "Processes by state.", float64(int(c.value)), "process.state", c.state)
	}
	page.counter("system.process.created", "{process}", "Processes created since the system was started.", 3*s.worked(m, "created", s.start.Add(-step), at))
}
