//go:build !linux

package host

import (
	"errors"
	"time"

	gopsutil "github.com/shirou/gopsutil/v3/process"
)

func lowerPriority(int, int) error { return errors.ErrUnsupported }

// measure says what a process uses, without its children.
func measure(pid int) (Usage, error) {
	one, err := gopsutil.NewProcess(int32(pid))
	if err != nil {
		return Usage{}, err
	}
	memory, err := one.MemoryInfo()
	if err != nil {
		return Usage{}, err
	}
	times, err := one.Times()
	if err != nil {
		return Usage{}, err
	}
	return Usage{
		Memory: int64(memory.RSS), CPU: time.Duration((times.User + times.System) * float64(time.Second)), Processes: 1,
	}, nil
}
