package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// tick is what the kernel counts CPU time in: 100 a second on every architecture of Go.
const tick = 10 * time.Millisecond

// dieWithAgent lets the kernel kill the plugin when the agent dies, however it does.
func dieWithAgent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGKILL }

// lowerPriority lowers the priority of every thread of a process; those to come inherit it.
func lowerPriority(pid, nice int) error {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, id, nice); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// measure adds up what a process and its descendants use. One that ends meanwhile is left out.
func measure(pid int) (Usage, error) {
	usage, err := measureOne(pid)
	if err != nil {
		return Usage{}, err
	}
	seen := map[int]bool{pid: true}
	for waiting := children(pid); len(waiting) > 0 && len(seen) < maxProcesses; {
		next := waiting[0]
		waiting = waiting[1:]
		if seen[next] {
			continue
		}
		seen[next] = true
		one, err := measureOne(next)
		if err != nil {
			continue
		}
		usage.Memory += one.Memory
		usage.CPU += one.CPU
		waiting = append(waiting, children(next)...)
	}
	usage.Processes = len(seen)
	return usage, nil
}

// maxProcesses bounds the work of measuring a plugin that forks without end.
const maxProcesses = 1000

func measureOne(pid int) (Usage, error) {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	memory, err := os.ReadFile(filepath.Join(folder, "statm"))
	if err != nil {
		return Usage{}, err
	}
	fields := bytes.Fields(memory)
	if len(fields) < 2 {
		return Usage{}, fs.ErrNotExist // it is ending
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return Usage{}, fmt.Errorf("read the memory of a process: %w", err)
	}
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return Usage{}, err
	}
	// The name may hold anything, also blanks and brackets: what is counted stands behind it.
	fields = bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const user, childrenSystem = 11, 14 // utime, stime, cutime, cstime
	if len(fields) <= childrenSystem {
		return Usage{}, fs.ErrNotExist
	}
	var ticks int64
	for _, field := range fields[user : childrenSystem+1] {
		count, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("read the CPU time of a process: %w", err)
		}
		ticks += count
	}
	return Usage{Memory: pages * int64(os.Getpagesize()), CPU: time.Duration(ticks) * tick}, nil
}

// children returns what the threads of a process have started.
func children(pid int) []int {
	threads := filepath.Join("/proc", strconv.Itoa(pid), "task")
	folder, err := os.Open(threads)
	if err != nil {
		return nil
	}
	names, err := folder.Readdirnames(-1)
	_ = folder.Close() // it was only read
	if err != nil {
		return nil
	}
	var found []int
	for _, thread := range names {
		content, err := os.ReadFile(filepath.Join(threads, thread, "children"))
		if err != nil {
			continue // it has ended
		}
		for field := range bytes.FieldsSeq(content) {
			if child, err := strconv.Atoi(string(field)); err == nil {
				found = append(found, child)
			}
		}
	}
	return found
}
