//go:build !unix

package host

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
)

// checkOwner leaves the rights to the folder: programs are installed where only administrators write.
func checkOwner(string, fs.FileInfo) error { return nil }

func prepare(*exec.Cmd) {}

// terminate cannot ask: the closed standard input does.
func terminate(*os.Process) error { return errors.ErrUnsupported }

// killAll ends a process.
func killAll(process *os.Process) { _ = process.Kill() }
