package hostreceiver

import (
	"context"
	"errors"

	"github.com/shirou/gopsutil/v3/cpu"
)

const (
	cpuModeKey   = "cpu.mode"
	cpuNumberKey = "cpu.logical_number"
)

// cpuScraper measures CPU time per core, and the utilization of all cores together.
type cpuScraper struct {
	stat     string // path of proc's file
	cores    []core // of this run; kept for its memory
	last     cpuModes
	hasLast  bool
	physical int // cores; read once
}

// core is one logical CPU.
type core struct {
	number int64
	modes  cpuModes
}

// cpuModes is CPU time in seconds by mode, in the order of cpuModeNames.
type cpuModes [7]float64

func cpuModeNames() [len(cpuModes{})]string {
	return [...]string{"user", "system", "nice", "idle", "iowait", "interrupt", "steal"}
}

func newCPU(h *host) *cpuScraper { return &cpuScraper{stat: h.proc("stat")} }

func (s *cpuScraper) scrape(ctx context.Context, b *batch) error {
	err := s.read(ctx, b)
	switch {
	case err != nil:
		return err
	case len(s.cores) == 0:
		return errors.New("read CPU times: there are none")
	}
	seconds := b.counter("system.cpu.time", "s", "Seconds each logical CPU spent on each mode.")
	var total cpuModes
	names := cpuModeNames()
	for i := range s.cores {
		c := &s.cores[i]
		for mode, value := range c.modes {
			seconds.float(value, number(cpuNumberKey, c.number), text(cpuModeKey, names[mode]))
			total[mode] += value
		}
	}
	s.utilization(b, total)
	s.counts(ctx, b, len(s.cores))
	return nil
}

// utilization adds what part of the time since the last run all cores spent in each mode.
func (s *cpuScraper) utilization(b *batch, total cpuModes) {
	last, known := s.last, s.hasLast
	s.last, s.hasLast = total, true
	elapsed := 0.0
	for mode := range total {
		// iowait and steal may go back a little on some kernels.
		total[mode] = max(total[mode]-last[mode], 0)
		elapsed += total[mode]
	}
	if !known || elapsed == 0 {
		return
	}
	utilization := b.gauge("system.cpu.utilization", "1",
		"Part of the time since the last measurement that the CPUs together spent in each mode.")
	names := cpuModeNames()
	for mode, spent := range total {
		utilization.float(spent/elapsed, text(cpuModeKey, names[mode]))
	}
}

func (s *cpuScraper) counts(ctx context.Context, b *batch, logical int) {
	b.amount("system.cpu.logical.count", "{cpu}", "Number of logical CPUs.").count(uint64(logical))
	if s.physical == 0 {
		physical, err := cpu.CountsWithContext(ctx, false)
		if err != nil || physical <= 0 {
			s.physical = -1 // not to be had here: don't ask every second
			return
		}
		s.physical = physical
	}
	if s.physical > 0 {
		b.amount("system.cpu.physical.count", "{cpu}", "Number of physical CPU cores.").count(uint64(s.physical))
	}
}
