//go:build unix

package host

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// checkOwner says when others may change a file or what is in a folder.
func checkOwner(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to the account %d, who could change the plugin: chown it to root, or to the agent's account", path, stat.Uid)
	}
	// In a sticky folder nobody can replace what is another's.
	if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("every account can write to %s and so change the plugin: chmod o-w %s", path, path)
	}
	return nil
}

// prepare gives the process a group of its own, so that its children end with it, and an
// interrupt at a terminal is for the agent alone.
func prepare(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithAgent(command.SysProcAttr)
	command.Dir = "/"
}

// terminate asks a process to end.
func terminate(process *os.Process) error { return process.Signal(syscall.SIGTERM) }

// killAll ends a process and its group.
func killAll(process *os.Process) {
	_ = syscall.Kill(-process.Pid, syscall.SIGKILL) // they may have ended already
}
