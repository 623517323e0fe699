//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"
)

func (s *cpuScraper) read(ctx context.Context, _ *batch) error {
	times, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return fmt.Errorf("read CPU times: %w", err)
	}
	s.cores = s.cores[:0]
	for i, t := range times {
		s.cores = append(s.cores, core{
			number: coreNumber(t.CPU, i),
			modes:  cpuModes{t.User, t.System, t.Nice, t.Idle, t.Iowait, t.Irq + t.Softirq, t.Steal},
		})
	}
	return nil
}

// coreNumber returns the number in a name such as "cpu3"; cores that are offline leave gaps.
func coreNumber(name string, index int) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(name, "cpu"), 10, 64)
	if err != nil {
		return int64(index)
	}
	return n
}
