package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func content(t *testing.T, elements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elements...))
	require.NoError(t, err)
	return string(text)
}

// A tree of files stands for the kernel's.
func TestGroup(t *testing.T) {
	root := t.TempDir()
	unit := filepath.Join(root, "system.slice", "pharos-agent.service")
	require.NoError(t, os.MkdirAll(filepath.Join(unit, agentGroup), 0o700))
	limits := Limits{Memory: 64 << 20, CPU: 0.25}
	made, err := newGroup(root, "0::/system.slice/pharos-agent.service/agent\n", limits)
	require.NoError(t, err)
	assert.Equal(t, unit, filepath.Dir(made.path))
	assert.Equal(t, "+memory +cpu", content(t, unit, "cgroup.subtree_control"))
	assert.Equal(t, "67108864", content(t, made.path, "memory.max"))
	assert.Equal(t, "1", content(t, made.path, "memory.oom.group"))
	assert.Equal(t, "25000 100000", content(t, made.path, "cpu.max"))
	attributes := &syscall.SysProcAttr{}
	made.join(attributes)
	assert.True(t, attributes.UseCgroupFD)

	assert.False(t, made.end(), "nothing says that memory was short")
	assert.Equal(t, "1", content(t, made.path, "cgroup.kill"))
	require.NoError(t, os.WriteFile(filepath.Join(made.path, "memory.events"), []byte("low 0\noom 1\noom_kill 0\n"), 0o600))
	assert.False(t, made.end())
	require.NoError(t, os.WriteFile(filepath.Join(made.path, "memory.events"), []byte("low 0\noom 1\noom_kill 3\n"), 0o600))
	assert.True(t, made.end())
	made.remove()
}

func TestNoGroup(t *testing.T) {
	root := t.TempDir()
	for name, membership := range map[string]string{
		"version 1":     "4:memory:/x\n",
		"both versions": "4:memory:/x\n0::/x\n",
		"both, turned":  "0::/x\n4:memory:/x\n",
		"not delegated": "0::/user.slice\n",
		"nothing":       "",
	} {
		_, err := newGroup(root, membership, Limits{})
		require.ErrorIs(t, err, errNoGroups, name)
	}
	_, err := newGroup(root, "0::/gone/agent\n", Limits{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOurFamily(t *testing.T) {
	parents := map[int]int{10: 1, 11: 10, 12: 11, 20: 1, 21: 20}
	parent := func(pid int) int { return parents[pid] }
	for members, want := range map[string]bool{
		"10": true, "10 11 12": true, "12 10": true, "10 20": false, "20 21 10": false, "": false, "10 x": false, "10 99": false,
	} {
		family, ok := ourFamily(strings.Fields(members), 10, parent)
		assert.Equal(t, want, ok, members)
		if want {
			assert.Equal(t, strings.Fields(members), family)
		}
	}
	assert.Equal(t, os.Getppid(), parentOf(os.Getpid()))
	assert.Zero(t, parentOf(1<<30))
}

// A group that systemd has given to the agent's account is turned into one for groups.
func TestOwnGroup(t *testing.T) {
	root := t.TempDir()
	unit := filepath.Join(root, "unit")
	require.NoError(t, os.Mkdir(unit, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(unit, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600))
	if err := unix.Setxattr(unit, "user.delegate", []byte("1"), 0); err != nil && os.Geteuid() == 0 {
		require.ErrorIs(t, err, unix.ENOTSUP, "a filesystem without such attributes")
		return
	}
	base, err := ownGroup(root, "0::/unit\n")
	require.NoError(t, err)
	assert.Equal(t, unit, base)
	assert.Equal(t, strconv.Itoa(os.Getpid()), content(t, unit, agentGroup, "cgroup.procs"))
	require.NoError(t, os.WriteFile(filepath.Join(unit, "cgroup.procs"), []byte("1\n"), 0o600))
	_, err = ownGroup(root, "0::/unit\n")
	require.ErrorIs(t, err, errNoGroups, "another's process is in it")
}

// The agent's rights stay with the agent: those of the thread are back afterwards.
func TestWithoutRights(t *testing.T) {
	ambient := func() string {
		for line := range strings.Lines(content(t, "/proc/thread-self/status")) {
			if value, found := strings.CutPrefix(line, "CapAmb:"); found {
				return strings.TrimSpace(value)
			}
		}
		return ""
	}
	done := make(chan struct{})
	go func() { // its thread is not used again
		defer close(done)
		runtime.LockOSThread()
		raised := raiseAmbient(t, unix.CAP_NET_RAW)
		before := ambient()
		if raised {
			assert.NotEqual(t, strings.Repeat("0", len(before)), before)
		}
		assert.NoError(t, withoutRights(func() error {
			assert.Equal(t, strings.Repeat("0", len(before)), ambient())
			return exec.Command("true").Run()
		}))
		assert.Equal(t, before, ambient())
	}()
	<-done
}

// raiseAmbient gives this thread a right that it hands on, where it may.
func raiseAmbient(t *testing.T, capability int) bool {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if !assert.NoError(t, unix.Capget(&header, &data[0])) || data[0].Permitted&(1<<capability) == 0 {
		return false
	}
	data[0].Inheritable |= 1 << capability
	if !assert.NoError(t, unix.Capset(&header, &data[0])) {
		return false
	}
	return assert.NoError(t, unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(capability), 0, 0))
}

func TestMeasure(t *testing.T) {
	usage, err := measure(os.Getpid())
	require.NoError(t, err)
	assert.Positive(t, usage.Memory)
	alone := usage.Processes
	child := exec.CommandContext(t.Context(), "sleep", "60")
	require.NoError(t, child.Start())
	t.Cleanup(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	usage, err = measure(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, usage.Processes, alone, "children count")
	require.NoError(t, lowerPriority(child.Process.Pid, 7))
	fields := strings.Fields(content(t, "/proc", strconv.Itoa(child.Process.Pid), "stat"))
	assert.Equal(t, "7", fields[18])
	_, err = measure(1 << 30)
	require.Error(t, err)
}

// A group that a plugin cannot be started in is done without.
func TestStartsWithoutItsGroup(t *testing.T) {
	spec := &Spec{Path: "/bin/true", Output: func(string) {}}
	started, err := newProcess(spec)
	require.NoError(t, err)
	t.Cleanup(started.clean)
	folder := t.TempDir()
	file, err := os.Open(folder)
	require.NoError(t, err)
	started.group = &group{path: filepath.Join(folder, "gone"), file: file}
	started.group.join(started.command.SysProcAttr)
	require.NoError(t, started.Start(t.Context()))
	require.NoError(t, started.Wait(t.Context()))
	require.EqualError(t, started.err(), "the plugin has ended: exit status 0")
}
