package host

import (
	"fmt"
	"time"
)

// watch looks at what the plugin uses and ends it when that is too much.
func (p *Plugin) watch() {
	limits := p.spec.Limits
	timer := time.NewTimer(limits.Watch)
	defer timer.Stop()
	begun, used := time.Now(), time.Duration(0)
	for {
		select {
		case <-p.process.exited:
			return
		case <-timer.C:
		}
		usage, err := measure(p.process.pid())
		if err != nil {
			timer.Reset(limits.Watch)
			continue // it is ending
		}
		timer.Reset(p.untilNext(usage))
		p.mu.Lock()
		usage.CPU = max(usage.CPU, p.usage.CPU) // what a child that has escaped had used is still used
		p.usage = usage
		p.mu.Unlock()
		if limits.Memory > 0 && usage.Memory > limits.Memory {
			p.Kill(memoryError(fmt.Sprintf("the plugin was killed: it uses %s of memory, and", mebibytes(usage.Memory)), limits.Memory))
			return
		}
		elapsed := time.Since(begun)
		if limits.CPU <= 0 || p.process.group != nil || elapsed < limits.CPUWindow {
			continue // the kernel slows what is in a group
		}
		if cores := (usage.CPU - used).Seconds() / elapsed.Seconds(); cores > limits.CPU {
			p.Kill(&LimitError{Limit: "cpu", message: fmt.Sprintf(
				"the plugin was killed: it used %.2f cores for %s, and its limit is %.2f (limits::cpu)", cores, elapsed.Round(time.Second), limits.CPU)})
			return
		}
		begun, used = time.Now(), usage.CPU
	}
}

// calm is how much more rarely a plugin is looked at that is far from its limit: each look costs as
// much as reading a dozen files.
const calm = 4

func (p *Plugin) untilNext(usage Usage) time.Duration {
	limits := p.spec.Limits
	if p.process.group != nil || usage.Memory < limits.Memory/2 {
		return calm * limits.Watch
	}
	return limits.Watch
}

// LimitError says which limit a plugin was killed for.
type LimitError struct {
	// Limit is memory or cpu.
	Limit   string
	message string
}

func memoryError(what string, limit int64) *LimitError {
	return &LimitError{Limit: "memory", message: fmt.Sprintf("%s its limit is %s (limits::memory)", what, mebibytes(limit))}
}

// Error implements error.
func (e *LimitError) Error() string { return e.message }

func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
