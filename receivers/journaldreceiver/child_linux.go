package journaldreceiver

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the system end the program when the agent is killed.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
