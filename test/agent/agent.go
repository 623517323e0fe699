// Package agent starts the real agent for tests that look at it from outside, and the door of a
// server that is away in every way that servers are.
//
// The binary is the one that PHAROS_AGENT_BIN names; without it server.Main builds one, when it is
// told of Program.
package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/test/server"
)

const (
	binaryVariable = "PHAROS_AGENT_BIN"
	// timeout is how long the program may take on a machine that is busy with other tests.
	timeout = 60 * time.Second
)

// Program is what server.Main builds for the tests of a package.
func Program() server.Program { return server.Program{Variable: binaryVariable, Package: "./agent"} }

// Agent is a running `pharos-agent run`, or one that has ended and can be started again.
type Agent struct {
	// Config is the folder with agent.yaml, as it is installed, and conf.d.
	Config string
	// State is the folder of the queue, of offsets and of the status.
	State string
	// Overlay is YAML over what the folder says. It begins with short pauses between attempts;
	// what is changed holds from the next start on.
	Overlay string
	// Env are variables of its environment beside those of the test.
	Env []string

	tb      testing.TB
	logFile string
	command *exec.Cmd
	ended   chan struct{}
}

// hasty is over the configuration of an agent under test: nobody waits half a minute here.
const hasty = `exporters: {delivery: {timeout: 3s, retry: {initial: 50ms, max: 500ms}}}`

// New returns an agent that has not started, which sends to the URL with the key. It ends with
// the test, whose report shows its log when it has failed.
func New(tb testing.TB, url, key string) *Agent {
	tb.Helper()
	a := &Agent{
		Config: tb.TempDir(), State: tb.TempDir(), Overlay: hasty, tb: tb,
		logFile: filepath.Join(tb.TempDir(), "pharos-agent.log"),
	}
	a.Env = []string{"PHAROS_URL=" + url, "PHAROS_API_KEY=" + key, "PHAROS_AGENT_STATE=" + a.State}
	a.Write("agent.yaml", string(configs.Agent))
	tb.Cleanup(func() {
		a.end()
		if tb.Failed() && a.command != nil {
			const most = 8000
			log := a.Log()
			tb.Logf("log of the agent:\n%s", log[max(0, len(log)-most):])
		}
	})
	return a
}

// Write writes a file of the configuration, such as conf.d/logs.yaml.
func (a *Agent) Write(name, content string) {
	a.tb.Helper()
	path := filepath.Join(a.Config, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a configuration is no secret
		a.tb.Fatalf("write the agent's configuration: %v", err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		a.tb.Fatalf("write the agent's configuration: %v", err)
	}
}

// Binary returns the path of the program under test.
func Binary(tb testing.TB) string {
	tb.Helper()
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		tb.Fatalf("%s is not set: call server.Main with agent.Program in TestMain", binaryVariable)
	}
	return binary
}

// Start starts the agent and waits until it runs.
func (a *Agent) Start() {
	a.tb.Helper()
	before := a.Status().Updated
	a.Launch()
	deadline := time.Now().Add(timeout)
	for a.Status().Updated.Equal(before) || a.Status().PID != a.command.Process.Pid {
		select {
		case <-a.ended:
			a.tb.Fatalf("the agent has ended with exit code %d: %s", a.command.ProcessState.ExitCode(), a.Log())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			a.tb.Fatalf("the agent has written no status after %s", timeout)
		}
	}
}

// Launch starts the program and waits for nothing.
func (a *Agent) Launch() {
	a.tb.Helper()
	log, err := os.OpenFile(a.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		a.tb.Fatalf("open the log of the agent: %v", err)
	}
	defer log.Close()                                                                                                   //nolint:errcheck // the program has its own handle
	a.command = exec.CommandContext(context.Background(), Binary(a.tb), append([]string{"run"}, a.configFlags()...)...) //nolint:gosec // the program under test
	a.command.Stdout, a.command.Stderr = log, log
	a.command.Env = append(os.Environ(), a.Env...)
	if err := a.command.Start(); err != nil {
		a.tb.Fatalf("start the agent: %v", err)
	}
	command, ended := a.command, make(chan struct{})
	a.ended = ended
	go func() {
		_ = command.Wait() // ExitCode tells
		close(ended)
	}()
}

func (a *Agent) configFlags() []string {
	flags := []string{"--config", a.Config}
	if a.Overlay != "" {
		flags = append(flags, "--config", "yaml:"+a.Overlay)
	}
	return flags
}

// Run runs a command of the program with the agent's configuration, such as `validate`.
func (a *Agent) Run(command string, args ...string) server.Result {
	a.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	run := exec.CommandContext(ctx, Binary(a.tb), append(append([]string{command}, a.configFlags()...), args...)...) //nolint:gosec // the program under test
	run.Stdout, run.Stderr, run.Env = &stdout, &stderr, append(os.Environ(), a.Env...)
	err := run.Run()
	if run.ProcessState == nil || ctx.Err() != nil {
		a.tb.Fatalf("run pharos-agent %s: %v", command, err)
	}
	return server.Result{Code: run.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// Signal sends a signal to the program.
func (a *Agent) Signal(signal syscall.Signal) {
	a.tb.Helper()
	if err := a.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		a.tb.Fatalf("send %s to the agent: %v", signal, err)
	}
}

// Kill ends the program as a crash does, and waits for its end.
func (a *Agent) Kill() {
	a.tb.Helper()
	a.Signal(syscall.SIGKILL)
	a.AwaitEnd()
}

// Stop ends the program as an operator does, and returns its exit code.
func (a *Agent) Stop() int {
	a.tb.Helper()
	a.Signal(syscall.SIGTERM)
	return a.AwaitEnd()
}

// AwaitEnd waits until the program has ended, and returns its exit code.
func (a *Agent) AwaitEnd() int {
	a.tb.Helper()
	select {
	case <-a.ended:
	case <-time.After(timeout):
		a.tb.Fatalf("the agent has not ended after %s", timeout)
	}
	return a.command.ProcessState.ExitCode()
}

// end makes sure that nothing stays behind.
func (a *Agent) end() {
	if a.command == nil {
		return
	}
	_ = a.command.Process.Kill() // it may have ended
	<-a.ended
}

// Log returns what the program has written so far.
func (a *Agent) Log() string {
	content, err := os.ReadFile(a.logFile)
	if err != nil {
		return err.Error()
	}
	return string(content)
}

// Status is what the agent says of itself in its file.
type Status struct {
	PID     int
	Updated time.Time
	Parts   []struct{ Kind, ID, State, Error string }
	Queues  []struct {
		Signal                           string
		Items, Bytes, Delivered, Dropped int64
	}
}

// Status reads the file. It is empty when there is none yet.
func (a *Agent) Status() Status {
	var status Status
	content, err := os.ReadFile(filepath.Join(a.State, "status.json"))
	if err == nil {
		err = json.Unmarshal(content, &status)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		a.tb.Errorf("read the agent's status: %v", err)
	}
	return status
}

// Failing returns what a part that fails says of it; empty means that it does not.
func (a *Agent) Failing(id string) string {
	for _, part := range a.Status().Parts {
		if part.ID == id && part.State != "ok" {
			return part.Error
		}
	}
	return ""
}
