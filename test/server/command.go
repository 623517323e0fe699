package server

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
)

// Result is how a command has ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs a command of the program, such as `admin login-link`, to its end.
func Run(tb testing.TB, args ...string) Result {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, Binary(tb), args...) //nolint:gosec // the program under test
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if command.ProcessState == nil || ctx.Err() != nil {
		tb.Fatalf("run pharos %v: %v", args, err)
	}
	return Result{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
