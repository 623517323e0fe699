package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupRoot is where the control groups of version 2 are.
const cgroupRoot = "/sys/fs/cgroup"

// agentGroup is the agent's own group below the one that systemd has given it: a group that has
// groups below it may hold no process itself.
const agentGroup = "agent"

// errNoGroups says that the agent may not make control groups here, so that what plugins use is
// watched instead.
var errNoGroups = errors.New("the agent has no control group of its own")

// group is the control group of one plugin: the kernel keeps its limits.
type group struct {
	path string
	file *os.File
}

// newGroup makes a control group for a plugin within the agent's, when systemd has delegated that
// to it (Delegate=yes). membership is the content of /proc/self/cgroup.
func newGroup(root, membership string, limits Limits) (*group, error) {
	base, err := ownGroup(root, membership)
	if err != nil {
		return nil, err
	}
	if err := write(base, "cgroup.subtree_control", "+memory +cpu"); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(base, "plugin-")
	if err != nil {
		return nil, fmt.Errorf("make a control group for the plugin: %w", err)
	}
	g := &group{path: path}
	if limits.Memory > 0 {
		err = errors.Join(write(path, "memory.max", strconv.FormatInt(limits.Memory, 10)), write(path, "memory.oom.group", "1"))
		_ = write(path, "memory.swap.max", "0") // a kernel without swap has no such file
	}
	if limits.CPU > 0 {
		const period = 100_000 // microseconds
		err = errors.Join(err, write(path, "cpu.max", fmt.Sprintf("%d %d", int64(math.Ceil(limits.CPU*period)), period)))
	}
	if err == nil {
		g.file, err = os.Open(path)
	}
	if err != nil {
		g.remove()
		return nil, fmt.Errorf("limit the plugin by a control group: %w", err)
	}
	return g, nil
}

// ownGroup returns the group that systemd has given the agent, and moves the agent into one below it.
func ownGroup(root, membership string) (string, error) {
	place, found := strings.CutPrefix(strings.TrimSpace(membership), "0::")
	if !found || strings.Contains(place, "\n") {
		return "", errNoGroups // version 1, or both
	}
	own := filepath.Join(root, place)
	if filepath.Base(own) == agentGroup {
		return filepath.Dir(own), nil
	}
	if !delegated(own) {
		return "", errNoGroups
	}
	members, err := os.ReadFile(filepath.Join(own, "cgroup.procs"))
	if err != nil {
		return "", err
	}
	family, ok := ourFamily(strings.Fields(string(members)), os.Getpid(), parentOf)
	if !ok {
		return "", errNoGroups // a shell's, for example
	}
	inner := filepath.Join(own, agentGroup)
	if err := os.Mkdir(inner, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // a control group
		return "", fmt.Errorf("make a control group for the agent: %w", err)
	}
	for _, pid := range family {
		if err := write(inner, "cgroup.procs", pid); err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
			return "", err
		}
	}
	return own, nil
}

// ourFamily returns the processes of a group when they are the agent and its descendants, such as
// a reader of the journal, and no others.
func ourFamily(members []string, self int, parent func(pid int) int) (family []string, ok bool) {
	for _, member := range members {
		pid, err := strconv.Atoi(member)
		if err != nil {
			return nil, false
		}
		ancestor := pid
		for range 16 { // a family is not deeper
			if ancestor == self || ancestor <= 1 {
				break
			}
			ancestor = parent(ancestor)
		}
		if ancestor != self {
			return nil, false
		}
		family = append(family, member)
	}
	return family, len(family) > 0
}

// parentOf returns the parent of a process, 0 when it has ended.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return parent
}

// delegated says whether systemd leaves a group to whom it holds: it marks such groups, and gives
// them to the account of the unit.
func delegated(path string) bool {
	mark := make([]byte, 8)
	if n, err := unix.Getxattr(path, "user.delegate", mark); err == nil && string(mark[:n]) == "1" {
		return true
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid != 0 && int(stat.Uid) == os.Geteuid()
}

func write(folder, name, text string) error {
	file, err := os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|os.O_CREATE, 0o600) // the kernel makes none
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// join lets a process begin in the group.
func (g *group) join(attributes *syscall.SysProcAttr) {
	attributes.UseCgroupFD, attributes.CgroupFD = true, int(g.file.Fd())
}

// end kills whatever is left in the group, also what has left the plugin's group of processes, and
// says whether the kernel has killed something for its memory.
func (g *group) end() (outOfMemory bool) {
	_ = write(g.path, "cgroup.kill", "1") // older kernels have no such file
	events, err := os.ReadFile(filepath.Join(g.path, "memory.events"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(events)) {
		if count, found := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); found && count != "0" {
			return true
		}
	}
	return false
}

// remove removes the group once it is empty.
func (g *group) remove() {
	if g.file != nil {
		_ = g.file.Close() // it was only read
	}
	for range 20 { // what was killed takes a moment to go
		if err := unix.Rmdir(g.path); !errors.Is(err, unix.EBUSY) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// confine puts a plugin that is about to start into a control group, where that can be had, and
// returns what ends the group.
func (p *process) confine() {
	for range 2 { // another plugin may have moved the agent at this very moment
		membership, err := os.ReadFile("/proc/self/cgroup")
		if err != nil {
			return
		}
		made, err := newGroup(cgroupRoot, string(membership), p.limits)
		if err == nil {
			made.join(p.command.SysProcAttr)
			p.group = made
			return // otherwise it is watched instead
		}
	}
}

// unconfine leaves the group that the plugin could not be started in. A command that has failed
// to start cannot be started again.
func (p *process) unconfine() {
	p.group.remove()
	p.group = nil
	failed := p.command
	failed.SysProcAttr.UseCgroupFD = false
	p.command = &exec.Cmd{
		Path: failed.Path, Args: failed.Args, Env: failed.Env, Dir: failed.Dir, SysProcAttr: failed.SysProcAttr,
		Stdin: failed.Stdin, Stdout: failed.Stdout, Stderr: failed.Stderr,
	}
}
