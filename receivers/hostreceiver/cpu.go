package hostreceiver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"
)

const cpuModeKey = "cpu.mode"

// cpuScraper measures CPU time per core, and the utilization of all cores together.
type cpuScraper struct {
	last     cpuModes // sums over all cores, of the run before
	hasLast  bool
	physical int // cores; read once
}

// cpuModes is CPU time in seconds by mode, in the order of cpuModeNames.
type cpuModes [7]float64

func cpuModeNames() [len(cpuModes{})]string {
	return [...]string{"user", "system", "nice", "idle", "iowait", "interrupt", "steal"}
}

func newCPU() *cpuScraper { return &cpuScraper{} }

func (s *cpuScraper) scrape(ctx context.Context, b *batch) error {
	cores, err := cpu.TimesWithContext(ctx, true)
	switch {
	case err != nil:
		return fmt.Errorf("read CPU times: %w", err)
	case len(cores) == 0:
		return errors.New("read CPU times: there are none")
	}
	seconds := b.counter("system.cpu.time", "s", "Seconds each logical CPU spent on each mode.")
	var total cpuModes
	names := cpuModeNames()
	for i, core := range cores {
		n := coreNumber(core.CPU, i)
		for mode, value := range modesOf(core) {
			seconds.float(value, number("cpu.logical_number", n), text(cpuModeKey, names[mode]))
			total[mode] += value
		}
	}
	s.utilization(b, total)
	s.counts(ctx, b, len(cores))
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

func modesOf(t cpu.TimesStat) cpuModes {
	return cpuModes{t.User, t.System, t.Nice, t.Idle, t.Iowait, t.Irq + t.Softirq, t.Steal}
}

// coreNumber returns the number in a name such as "cpu3"; cores that are offline leave gaps.
func coreNumber(name string, index int) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(name, "cpu"), 10, 64)
	if err != nil {
		return int64(index)
	}
	return n
}
