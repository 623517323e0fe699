package main

import (
	"fmt"
	"math"
	"time"
)

// machine is a host of the fleet: what it is, and what it does on an average day.
type machine struct {
	name      string
	kind      string // its place in the shop, for its name and its programs
	cores     int
	memory    float64 // bytes
	boot      time.Time
	away      time.Duration // in each hour, from when on it reports nothing; 0 is never
	user      float64       // part of a core's time
	system    float64
	receive   float64 // bytes a second
	transmit  float64
	read      float64
	write     float64
	mounts    []mount
	processes []process
	// slow is what the incident's slow database does to it: 1 is the database's host itself.
	slow float64
}

// mount is a filesystem of a machine.
type mount struct {
	device, path, kind string
	size, used         float64 // bytes, and the part that is used
}

// process is a program that runs on a machine, in parts of a core and bytes.
type process struct {
	name        string
	cpu, memory float64
}

const (
	gib = 1 << 30
	// awayFrom is when in each hour the last machine of the fleet is taken away.
	awayFrom = 40 * time.Minute
	// fewestWithAway is how large a fleet is that can do without its last machine.
	fewestWithAway = 5
)

// fleet returns n hosts. The shop's programs run on the first four; a database, a cache, an edge
// proxy and a batch worker follow, and then more nodes. Outside production, names begin with the
// environment.
func fleet(n int, start time.Time, env string) []machine {
	machines := make([]machine, n)
	for i := range machines {
		m := machineOf(i)
		m.boot = start.Add(-time.Duration(37*(i%23)+5) * time.Hour)
		if env != defaultEnvironment {
			m.name = env + "-" + m.name
		}
		machines[i] = m
	}
	if n >= fewestWithAway {
		machines[n-1].away = awayFrom
	}
	return machines
}

func machineOf(i int) machine {
	root := mount{"/dev/vda1", "/", "ext4", 64 * gib, 0.34 + 0.03*float64(i%9)}
	boot := mount{"/dev/vda15", "/boot/efi", "vfat", 0.5 * gib, 0.06}
	common := []process{{"systemd-journald", 0.004, 60e6}, {"pharos-agent", 0.002, 24e6}, {"sshd", 0.0005, 9e6}}
	switch i {
	case 4:
		return machine{
			name: "db-1", kind: "db", cores: 16, memory: 64 * gib, user: 0.19, system: 0.05,
			receive: 1.4e6, transmit: 5.2e6, read: 9e6, write: 14e6, slow: 1,
			mounts:    []mount{root, boot, {"/dev/nvme1n1", "/var/lib/postgresql", "xfs", 512 * gib, 0.87}},
			processes: append(common, process{"postgres", 2.9, 38e9}, process{"pgbouncer", 0.08, 70e6}),
		}
	case 5:
		return machine{
			name: "cache-1", kind: "cache", cores: 4, memory: 32 * gib, user: 0.11, system: 0.08,
			receive: 3.1e6, transmit: 6.4e6, read: 2e3, write: 90e3,
			mounts: []mount{root, boot}, processes: append(common, process{"redis-server", 0.6, 21e9}),
		}
	case 6:
		return machine{
			name: "edge-1", kind: "edge", cores: 4, memory: 8 * gib, user: 0.16, system: 0.14,
			receive: 7.5e6, transmit: 22e6, read: 4e3, write: 350e3, slow: 0.03,
			mounts: []mount{root, boot}, processes: append(common, process{"nginx", 0.9, 420e6}),
		}
	case 7:
		return machine{
			name: "batch-1", kind: "batch", cores: 8, memory: 16 * gib, user: 0.5, system: 0.06,
			receive: 2.2e6, transmit: 0.4e6, read: 26e6, write: 6e6,
			mounts: []mount{root, boot}, processes: append(common, process{"python3", 5.4, 6.2e9}),
		}
	}
	if i > 7 {
		i -= 4 // node-5 comes after batch-1
	}
	return machine{
		name: fmt.Sprintf("node-%d", i+1), kind: "node", cores: 8, memory: 16 * gib, user: 0.2 + 0.05*float64(i%4), system: 0.05,
		receive: 2.5e6, transmit: 2.8e6, read: 60e3, write: 700e3, slow: 0.06,
		mounts: []mount{root, boot, {"/dev/vdb1", "/var/lib/containers", "xfs", 128 * gib, 0.41 + 0.06*float64(i%5)}},
		processes: append(common,
			process{"web", 0.7, 310e6}, process{"search", 0.5, 900e6}, process{"cart", 0.2, 150e6},
			process{"checkout", 0.15, 240e6}, process{"payments", 0.12, 280e6}, process{"containerd", 0.05, 110e6}),
	}
}

// reports says whether a machine is there at a time.
func (m machine) reports(start, at time.Time) bool {
	return m.away == 0 || at.Sub(start)%incidentPeriod < m.away
}

// bootedBy is when a machine was started that is there at a time.
func (m machine) bootedBy(start, at time.Time) time.Time {
	if m.away == 0 {
		return m.boot
	}
	return start.Add(at.Sub(start).Truncate(incidentPeriod)).Add(-step)
}

// wavePeriod is how long the slow wave of a machine's work takes.
const wavePeriod = 50 * time.Minute

// phase is where in its wave a machine begins.
func (m machine) phase() float64 { return float64(len(m.name)+int(m.name[len(m.name)-1])) * 0.7 }

// wave is how busy a machine is, around 1.
func (s *shop) wave(m machine, at time.Time) float64 {
	turn := 2 * math.Pi * float64(at.Sub(s.start)) / float64(wavePeriod)
	return 1 + 0.25*math.Sin(turn+m.phase()) + 0.05*source(s.seed, "wave "+m.name, at).NormFloat64()
}

// worked is the sum of the wave over the seconds from a time to another: what a counter of
// something that happens once a second shows. It never falls: the noise is smaller than what one
// step adds.
func (s *shop) worked(m machine, what string, from, at time.Time) float64 {
	scale := wavePeriod.Seconds() / (2 * math.Pi)
	angle := func(t time.Time) float64 { return t.Sub(s.start).Seconds()/scale + m.phase() }
	noise := 0.15 * step.Seconds() * source(s.seed, what+m.name, at).Float64()
	return at.Sub(from).Seconds() + 0.25*scale*(math.Cos(angle(from))-math.Cos(angle(at))) + noise
}

// troubled is the sum of the trouble over the seconds since the start.
func (s *shop) troubled(at time.Time) float64 {
	const whole = incidentEnd - incidentBegin - incidentRamp
	since := at.Sub(s.start)
	sum := float64(since/incidentPeriod) * whole.Seconds()
	rest := (since%incidentPeriod - incidentBegin).Seconds()
	ramp, full := incidentRamp.Seconds(), (incidentEnd - incidentBegin).Seconds()
	rest = min(max(rest, 0), full)
	sum += min(rest, ramp)*min(rest, ramp)/(2*ramp) + max(min(rest, full-ramp)-ramp, 0)
	if rest > full-ramp {
		left := full - rest
		sum += ramp/2 - left*left/(2*ramp)
	}
	return sum
}
