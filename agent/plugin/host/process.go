package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

var _ runner.Runner = (*process)(nil)

// process is the running program. It implements what go-plugin starts it by.
type process struct {
	command        *exec.Cmd
	stdin          *os.File // held open as long as the agent lives: its end tells the plugin
	stdout, stderr *os.File
	throttle       *throttle
	output         *lines
	childEnds      []*os.File // what the process gets of the pipes
	folder         string     // of its socket, as go-plugin has made it
	limits         Limits
	group          *group // nil when what it uses is watched only

	mu      sync.Mutex
	started bool
	reason  error // why it was killed
	ended   error // how it ended
	exited  chan struct{}
}

func newProcess(spec *Spec) (*process, error) {
	p := &process{exited: make(chan struct{}), limits: spec.Limits}
	p.command = &exec.Cmd{Path: spec.Path, Args: append([]string{spec.Path}, spec.Args...)}
	prepare(p.command)
	p.throttle = &throttle{done: p.exited}
	p.output = &lines{throttle: p.throttle, perSecond: spec.Limits.OutputLines, emit: spec.Output}
	var stdin, stdout, stderr *os.File
	var err error
	if stdin, p.stdin, err = os.Pipe(); err == nil {
		if p.stdout, stdout, err = os.Pipe(); err == nil {
			p.stderr, stderr, err = os.Pipe()
		}
	}
	p.childEnds = []*os.File{stdin, stdout, stderr}
	if err != nil {
		p.clean()
		return nil, fmt.Errorf("make pipes for the plugin: %w", err)
	}
	p.command.Stdin, p.command.Stdout, p.command.Stderr = stdin, stdout, stderr
	return p, nil
}

// clean removes what belongs to a process that has not started, or has ended.
func (p *process) clean() {
	p.closePipes()
	if p.folder != "" {
		_ = os.RemoveAll(p.folder) // it is in the system's folder for such
	}
}

func (p *process) closePipes() {
	for _, file := range append(p.childEnds, p.stdin, p.stdout, p.stderr) {
		if file != nil {
			_ = file.Close() // pipes
		}
	}
}

// Start implements runner.Runner.
func (p *process) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason != nil {
		p.closePipes()
		return p.reason
	}
	p.confine()
	err := withoutRights(p.command.Start)
	if err != nil && p.group != nil {
		p.unconfine()
		err = withoutRights(p.command.Start)
	}
	if err != nil {
		p.closePipes()
		return fmt.Errorf("start %s: %w", p.command.Path, err)
	}
	p.started = true
	for _, file := range p.childEnds {
		_ = file.Close() // the process has them now
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		_, _ = io.Copy(p.output, p.stderr) // until the process has ended
		p.output.flush()
	})
	go p.wait(&reading)
	return nil
}

// lastWords is how long output is read after the end of the process, when something else, such as
// a child that has left its group, holds the pipe open.
const lastWords = 200 * time.Millisecond

// wait waits for the end of the process, and ends what it leaves behind.
func (p *process) wait(reading *sync.WaitGroup) {
	state, err := p.command.Process.Wait()
	killAll(p.command.Process)
	outOfMemory := p.group != nil && p.group.end()
	p.mu.Lock()
	switch {
	case p.reason != nil:
		p.ended = p.reason
	case outOfMemory:
		p.ended = memoryError("the kernel has killed the plugin: it needed too much memory, and", p.limits.Memory)
	case err != nil:
		p.ended = fmt.Errorf("wait for the plugin: %w", err)
	default:
		p.ended = fmt.Errorf("the plugin has ended: %s", state)
	}
	p.mu.Unlock()
	until := time.Now().Add(lastWords)
	_ = p.stdout.SetReadDeadline(until) // pipes have deadlines
	_ = p.stderr.SetReadDeadline(until)
	close(p.exited)
	reading.Wait()
	_ = p.stdin.Close()
	if p.group != nil {
		p.group.remove()
	}
}

// kill ends the process and its group for a reason. Only the first reason counts.
func (p *process) kill(reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason == nil {
		p.reason = reason
	}
	if p.started {
		killAll(p.command.Process)
	}
}

// ask asks the process to end, and kills it when it does not until ctx ends, which is an error.
func (p *process) ask(ctx context.Context) error {
	p.mu.Lock()
	started := p.started
	if p.reason == nil {
		p.reason = errStopped
	}
	p.mu.Unlock()
	if !started {
		return nil
	}
	_ = terminate(p.command.Process) // it may have ended
	_ = p.stdin.Close()
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		p.kill(errStopped)
		<-p.exited
		return errors.New("the plugin did not end when it was asked to, and was killed")
	}
}

// errStopped is how a plugin ends that was asked to.
var errStopped = errors.New("the plugin was stopped")

// err returns how the process ended, nil while it runs.
func (p *process) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

func (p *process) pid() int { return p.command.Process.Pid }

// Wait implements runner.Runner. The process has an owner that waits for it already.
func (p *process) Wait(context.Context) error {
	<-p.exited
	_ = p.stdout.Close()
	_ = p.stderr.Close()
	return nil
}

// Kill implements runner.Runner.
func (p *process) Kill(context.Context) error {
	p.kill(errStopped)
	return nil
}

// Stdout implements runner.Runner: the line of the handshake comes by it.
func (p *process) Stdout() io.ReadCloser { return &slowReader{p.stdout, p.throttle} }

// Stderr implements runner.Runner. It is read here, not there.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (p *process) Name() string { return p.command.Path }

// ID implements runner.Runner.
func (p *process) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		return ""
	}
	return strconv.Itoa(p.command.Process.Pid)
}

// Diagnose implements runner.Runner.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner: a plugin is on this machine and nowhere else.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	if network == "unix" {
		return network, address, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err == nil && network == "tcp" && net.ParseIP(host).IsLoopback() {
		return network, address, nil
	}
	return "", "", fmt.Errorf("the plugin is to be reached at %s %s: a unix socket or a loopback address is allowed", network, address)
}

// HostToPlugin implements runner.Runner.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
