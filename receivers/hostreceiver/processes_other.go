//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// listProcesses asks gopsutil for every process. One that ends meanwhile, or may not be read,
// is left out.
func listProcesses(ctx context.Context, _ *host, _ time.Time) ([]processStat, error) {
	processes, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	all := make([]processStat, 0, len(processes))
	for _, p := range processes {
		if stat, err := readProcess(ctx, p); err == nil {
			all = append(all, stat)
		}
	}
	if len(all) == 0 {
		return nil, errNoProcesses
	}
	return all, nil
}

func readProcess(ctx context.Context, p *process.Process) (processStat, error) {
	stat := processStat{key: processKey{pid: p.Pid}, state: "sleeping"}
	times, err := p.TimesWithContext(ctx)
	if err != nil {
		return stat, err
	}
	stat.user, stat.system = times.User, times.System
	memory, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		return stat, err
	}
	stat.rss, stat.virtual = memory.RSS, memory.VMS
	birth, err := p.CreateTimeWithContext(ctx)
	if err != nil {
		return stat, err
	}
	stat.key.birth, stat.started = birth, time.UnixMilli(birth)
	if stat.name, err = p.NameWithContext(ctx); err != nil {
		return stat, err
	}
	if states, err := p.StatusWithContext(ctx); err == nil && len(states) > 0 {
		stat.state = stateName(states[0])
	}
	if threads, err := p.NumThreadsWithContext(ctx); err == nil {
		stat.threads = uint64(max(threads, 0)) //nolint:gosec // not negative
	}
	return stat, nil
}

func stateName(status string) string {
	switch status {
	case process.Running:
		return "running"
	case process.Stop:
		return "stopped"
	case process.Zombie:
		return "defunct"
	}
	return "sleeping"
}
