package hostreceiver

import (
	"bytes"
	"context"
)

// userHertz is the unit of times in proc: the kernel gives hundredths of a second to programs on
// every architecture that Go knows, whatever its own tick is.
const userHertz = 100

const taskStateKey = "system.cpu.linux.task.state"

// The columns of a cpu line of /proc/stat.
const (
	statUser = iota
	statNice
	statSystem
	statIdle
	statIOWait
	statIRQ
	statSoftIRQ
	statSteal
	statGuest
	statGuestNice
	statColumns
)

// read reads the CPU times of /proc/stat, and reports the rest of that file.
func (s *cpuScraper) read(_ context.Context, b *batch) error {
	content, err := b.files.read(s.stat)
	if err != nil {
		return err
	}
	var guest [2]uint64
	var columns [statColumns]uint64
	s.cores = s.cores[:0]
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		digits, isCPU := bytes.CutPrefix(name, []byte("cpu"))
		if !isCPU {
			break // the CPUs come first
		}
		columns = [statColumns]uint64{}
		if n := numbersOf(rest, columns[:]); n <= statIdle {
			continue
		}
		n, ok := uintOf(digits)
		if !ok { // the sum of all
			guest = [2]uint64{columns[statGuest], columns[statGuestNice]}
			continue
		}
		s.cores = append(s.cores, core{number: int64(n), modes: modesOf(&columns)})
	}
	reportGuests(b, guest)
	reportKernel(b, content)
	return nil
}

func modesOf(columns *[statColumns]uint64) cpuModes {
	seconds := func(ticks uint64) float64 { return float64(ticks) / userHertz }
	return cpuModes{
		seconds(columns[statUser]), seconds(columns[statSystem]), seconds(columns[statNice]), seconds(columns[statIdle]),
		seconds(columns[statIOWait]), seconds(columns[statIRQ] + columns[statSoftIRQ]), seconds(columns[statSteal]),
	}
}

// reportGuests reports the time of virtual machines on a host that runs some. It is part of the
// modes user and nice, too.
func reportGuests(b *batch, guest [2]uint64) {
	if guest[0]+guest[1] == 0 {
		return
	}
	spent := b.counter("system.cpu.linux.guest.time", "s", "Seconds that the CPUs ran virtual machines; part of user and nice.")
	spent.float(float64(guest[0])/userHertz, text(cpuModeKey, "user"))
	spent.float(float64(guest[1])/userHertz, text(cpuModeKey, "nice"))
}

func reportKernel(b *batch, content []byte) {
	interrupts := b.counter("system.cpu.linux.interrupts", "{interrupt}", "Interrupts that the CPUs served.")
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		word, _ := firstWord(rest) // of interrupts: the sum
		value, ok := uintOf(word)
		if !ok {
			continue
		}
		switch string(name) {
		case "ctxt":
			b.counter("system.cpu.linux.context_switches", "{switch}", "Switches of a CPU from one task to another.").count(value)
		case "intr":
			interrupts.count(value, text("system.cpu.linux.interrupt.type", "hardware"))
		case "softirq":
			interrupts.count(value, text("system.cpu.linux.interrupt.type", "software"))
		case "procs_running":
			tasks := b.amount("system.cpu.linux.tasks", "{task}", "Threads that run or wait for a CPU (running) or for a device (blocked).")
			tasks.count(value, text(taskStateKey, "running"))
			if blocked, ok := pairOf(content, "procs_blocked"); ok {
				tasks.count(blocked, text(taskStateKey, "blocked"))
			}
		}
	}
}

// pairOf returns the number of the line with the name.
func pairOf(content []byte, name string) (uint64, bool) {
	for found, value := range pairsOf(content) {
		if string(found) == name {
			return value, true
		}
	}
	return 0, false
}
