//go:build unix && !linux

package host

import "syscall"

// dieWithAgent does nothing: the plugin sees its standard input close.
func dieWithAgent(*syscall.SysProcAttr) {}
