//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/process"
)

// toolSource asks gopsutil for processes. It does not tell how busy the system was, so that all
// processes are read in every run.
type toolSource struct{}

func newProcessSource(*host) processSource { return toolSource{} }

func (toolSource) begin(context.Context, *batch) error { return nil }

func (toolSource) busy() (float64, bool) { return 0, false }

func (toolSource) list(ctx context.Context, into []int32) ([]int32, error) {
	pids, err := process.PidsWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	slices.Sort(pids)
	return append(into, pids...), nil
}

func (toolSource) read(ctx context.Context, stat *processStat) error {
	p := &process.Process{Pid: stat.key.pid}
	times, err := p.TimesWithContext(ctx)
	if err != nil {
		return err
	}
	stat.user, stat.system = times.User, times.System
	memory, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		return err
	}
	stat.rss, stat.virtual = memory.RSS, memory.VMS
	birth, err := p.CreateTimeWithContext(ctx)
	if err != nil {
		return err
	}
	if birth != stat.key.birth || stat.name == "" {
		stat.key.birth, stat.started = birth, time.UnixMilli(birth)
		if stat.name, err = p.NameWithContext(ctx); err != nil {
			return err
		}
	}
	stat.state = "sleeping"
	if states, err := p.StatusWithContext(ctx); err == nil && len(states) > 0 {
		stat.state = stateName(states[0])
	}
	if threads, err := p.NumThreadsWithContext(ctx); err == nil {
		stat.threads = uint64(max(threads, 0)) //nolint:gosec // not negative
	}
	return nil
}

func (toolSource) details(ctx context.Context, p *processStat) processDetails {
	var d processDetails
	found := &process.Process{Pid: p.key.pid}
	if io, err := found.IOCountersWithContext(ctx); err == nil {
		d.read, d.written, d.hasTraffic = io.ReadBytes, io.WriteBytes, true
	}
	if files, err := found.NumFDsWithContext(ctx); err == nil {
		d.files, d.hasFiles = uint64(max(files, 0)), true //nolint:gosec // not negative
	}
	return d
}

func countCreated(ctx context.Context, _ *host, b *batch) error {
	misc, err := load.MiscWithContext(ctx)
	if err == nil {
		reportCreated(b, uint64(max(misc.ProcsCreated, 0))) //nolint:gosec // not negative
	}
	return nil //nolint:nilerr // not every system counts them
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
