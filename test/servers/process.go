package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How long a server may take on a machine that is busy with other tests.
const (
	startTimeout = 3 * time.Minute
	stopTimeout  = 30 * time.Second
)

// Process is a server that was started. It can be killed, stopped and started again on the same
// data and ports.
type Process struct {
	// Name is what the server is, for messages.
	Name string
	// Dir is where its data and its log are.
	Dir string

	program string
	args    []string
	env     []string
	ready   func(ctx context.Context) error
	account *syscall.Credential // nil means the one who starts it
	stop    syscall.Signal
	command *exec.Cmd
	ended   chan struct{}
}

// Start starts the server and waits until it answers. The context bounds the wait, not the life
// of the server.
func (p *Process) Start(ctx context.Context) error {
	log, err := os.OpenFile(p.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) //nolint:gosec // for whoever runs the tests
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.Name, err)
	}
	defer log.Close()                                                                 //nolint:errcheck // the server has its own handle
	p.command = exec.CommandContext(context.WithoutCancel(ctx), p.program, p.args...) //nolint:gosec // a server of the tests
	p.command.Dir = p.Dir
	p.command.Env = append(os.Environ(), p.env...)
	p.command.Stdout, p.command.Stderr = log, log
	// A group of its own: a server's children end with it, and an interrupt is for us to pass on.
	p.command.SysProcAttr = &syscall.SysProcAttr{Credential: p.account, Setpgid: true}
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	command, ended := p.command, make(chan struct{})
	p.ended = ended
	go func() {
		_ = command.Wait() // ProcessState tells
		close(ended)
	}()
	if err := p.await(ctx); err != nil {
		p.Kill()
		return err
	}
	return nil
}

func (p *Process) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s has ended before it was ready; the end of its log:\n%s", p.Name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; the end of its log:\n%s", p.Name, err, p.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends the server as its operators do, and kills it when it takes too long.
func (p *Process) Stop() {
	if !p.running() {
		return
	}
	_ = p.command.Process.Signal(p.stop) // it may have ended meanwhile
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
	}
	p.Kill()
}

// Kill ends the server and its children at once.
func (p *Process) Kill() {
	if p.command == nil || p.command.Process == nil {
		return
	}
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // they may have ended already
	<-p.ended
}

// Pause stops the server's clock: its clients' connections stay, and nothing answers.
func (p *Process) Pause() error { return p.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (p *Process) Resume() error { return p.signal(syscall.SIGCONT) }

func (p *Process) signal(signal syscall.Signal) error {
	if !p.running() {
		return fmt.Errorf("%s is not running", p.Name)
	}
	return syscall.Kill(-p.command.Process.Pid, signal)
}

// PID returns the process id of the server, for what measures it.
func (p *Process) PID() int { return p.command.Process.Pid }

func (p *Process) running() bool {
	if p.command == nil || p.command.Process == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// LogFile is where the server's output goes.
func (p *Process) LogFile() string { return filepath.Join(p.Dir, "server.log") }

// tail returns the end of the log.
func (p *Process) tail() string {
	content, err := os.ReadFile(p.LogFile())
	if err != nil {
		return err.Error()
	}
	const longest = 4000
	return string(content[max(0, len(content)-longest):])
}

// freePorts returns ports that nobody listens on.
func freePorts(ctx context.Context, count int) ([]int, error) {
	ports := make([]int, 0, count)
	for range count {
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("look for a free port: %w", err)
		}
		defer listener.Close() //nolint:errcheck // all are held until there are enough
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// dials says whether somebody listens.
func dials(ctx context.Context, address string) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return connection.Close()
}

// unprivileged gives a folder to a user without rights when root runs the tests: some servers
// refuse to run as root.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, int(uid), int(gid))) //nolint:gosec // a folder that we have just made
	})
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// reachable says whether every account can get to a folder.
func reachable(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o005 != 0o005 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// cache returns the folder of what install.sh has fetched.
func cache(name string) (string, error) {
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "..", "..", ".cache", "servers", name)
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("%s is not there: run test/servers/install.sh: %w", name, err)
	}
	return filepath.Clean(dir), nil
}

// program finds a program of a package, also where Debian keeps those of PostgreSQL.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", fmt.Errorf("%s is not installed: run test/servers/install.sh", name)
}

// run runs a command to its end and returns what it has printed.
func run(ctx context.Context, account *syscall.Credential, dir, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // a server of the tests
	command.Dir = dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(string(output)))
	}
	return strings.TrimSpace(string(output)), nil
}
