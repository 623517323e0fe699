package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// runningAgent is an agent with its sink.
type runningAgent struct {
	agentProgram
	sink     *sink
	dir      string
	commands []*exec.Cmd
	exited   []chan struct{} // closed when a process has ended
	begun    time.Time
	log      *os.File

	cpuBefore time.Duration
	perf      *exec.Cmd // counts system calls; nil where that cannot be
	perfSays  *bytes.Buffer
}

func startAgent(ctx context.Context, o *options, maker agentMaker, file string) (a *runningAgent, err error) {
	a = &runningAgent{}
	if a.dir, err = os.MkdirTemp("", "pharos-bench-agent-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.stop())
		}
	}()
	if a.sink, err = newSink(ctx); err != nil {
		return a, err
	}
	if a.agentProgram, err = maker(&o.agents, place{dir: a.dir, sink: a.sink.address, file: file}); err != nil {
		return a, err
	}
	if a.log, err = os.OpenFile(o.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return a, fmt.Errorf("open the log: %w", err)
	}
	a.begun = time.Now()
	for _, process := range a.processes {
		path, err := filepath.Abs(process.path) // it runs in a folder of its own
		if err != nil {
			return a, fmt.Errorf("find %s: %w", process.path, err)
		}
		command := exec.CommandContext(context.WithoutCancel(ctx), path, process.args...) //nolint:gosec // the programs to measure
		command.Env = append(os.Environ(), process.env...)
		command.Dir, command.Stdout, command.Stderr = a.dir, a.log, a.log
		if err := command.Start(); err != nil {
			return a, fmt.Errorf("start %s: %w", process.path, err)
		}
		exited := make(chan struct{})
		go func() {
			_ = command.Wait() // how it ends is not measured
			close(exited)
		}()
		a.commands, a.exited = append(a.commands, command), append(a.exited, exited)
	}
	return a, nil
}

// stop ends the agent and removes its folder.
func (a *runningAgent) stop() error {
	var errs []error
	for i, command := range a.commands {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-a.exited[i]:
		case <-time.After(stopTimeout):
			errs = append(errs, fmt.Errorf("%s does not stop", a.name), command.Process.Kill())
			<-a.exited[i]
		}
	}
	if a.log != nil {
		errs = append(errs, a.log.Close())
	}
	if a.sink != nil {
		errs = append(errs, a.sink.close())
	}
	return errors.Join(append(errs, os.RemoveAll(a.dir))...)
}

// sum adds up a figure of all processes.
func (a *runningAgent) sum(of func(pid int) (int64, error)) (int64, error) {
	total := int64(0)
	for _, command := range a.commands {
		one, err := of(command.Process.Pid)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", a.name, err)
		}
		total += one
	}
	return total, nil
}

func (a *runningAgent) memory(name string) (int64, error) {
	return a.sum(func(pid int) (int64, error) { return memory(pid, name) })
}

func (a *runningAgent) cpu() (time.Duration, error) {
	total, err := a.sum(func(pid int) (int64, error) {
		used, err := cpuTime(pid)
		return int64(used), err
	})
	return time.Duration(total), err
}

// calls is how many system calls read and wrote, which is what a process's own figures tell.
func (a *runningAgent) calls() (int64, error) {
	return a.sum(func(pid int) (int64, error) {
		content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "io"))
		if err != nil {
			return 0, fmt.Errorf("read what a process reads and writes: %w", err)
		}
		total := int64(0)
		for _, match := range regexp.MustCompile(`sysc[rw]: (\d+)`).FindAllSubmatch(content, -1) {
			one, err := strconv.ParseInt(string(match[1]), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read what a process reads and writes: %w", err)
			}
			total += one
		}
		return total, nil
	})
}

// countCalls begins to count system calls with perf, where it is installed and allowed to.
func (a *runningAgent) countCalls(ctx context.Context) {
	path, err := exec.LookPath("perf")
	if err != nil {
		return
	}
	pids := make([]string, 0, len(a.commands))
	for _, command := range a.commands {
		pids = append(pids, strconv.Itoa(command.Process.Pid))
	}
	a.perfSays = &bytes.Buffer{}
	command := exec.CommandContext(context.WithoutCancel(ctx), path, "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p", strings.Join(pids, ",")) //nolint:gosec // numbers
	command.Stderr = a.perfSays
	if command.Start() == nil {
		a.perf = command
	}
}

// countedCalls is how many there were; 0 when nobody has counted.
func (a *runningAgent) countedCalls() int64 {
	if a.perf == nil {
		return 0
	}
	_ = a.perf.Process.Signal(os.Interrupt) // then it prints
	_ = a.perf.Wait()
	first, _, _ := strings.Cut(strings.TrimSpace(a.perfSays.String()), ",")
	calls, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0
	}
	return calls
}
