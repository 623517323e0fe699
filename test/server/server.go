package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// How long the program may take on a machine that is busy with other tests.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 60 * time.Second
)

// Bootstrap is what the first start of a server writes.
type Bootstrap struct {
	URL           string `json:"url"`
	OrgID         string `json:"org_id"`
	AdminEmail    string `json:"admin_email"`
	AdminPassword string `json:"admin_password"`
	APIKey        string `json:"api_key"`
}

// Server is a running `pharos up`, or one that has ended and can be started again. With a role it
// is one process of the distributed program.
type Server struct {
	// Role is the configuration that it runs; empty means `pharos up`.
	Role string
	// Dir is the data folder.
	Dir string
	// HTTP, GRPC, OTLPHTTP and Ops are the addresses, as host:port.
	HTTP, GRPC, OTLPHTTP, Ops string
	// Args are further arguments; what is changed holds from the next start on.
	Args []string
	// Env are variables of its environment beside those of the test.
	Env []string
	// Bootstrap is what the first start has written.
	Bootstrap Bootstrap
	// Parts are the processes of a distributed program, of which this one is the front door. It
	// has none of its own then: what is done to it is done to each of them.
	Parts []*Server
	// MetadataDSN is where its users and keys are; empty means metadata.db in Dir.
	MetadataDSN string
	// Settle waits until everything of these signals that was acknowledged so far can be read; no
	// signal means all. Nil means that nothing has to wait.
	Settle func(ctx context.Context, signals ...string) error

	t       testing.TB
	user    *syscall.Credential // nil means the one who runs the test
	logFile string
	command *exec.Cmd
	ended   chan struct{}
}

// NewRole returns one process of the distributed program that has not started, with free ports,
// an empty data folder and what else its role reads from the environment.
func NewRole(tb testing.TB, role string, env ...string) *Server {
	tb.Helper()
	s := New(tb)
	s.Role, s.Env = role, env
	return s
}

// Front returns the front door of a distributed program: the addresses of one of its processes,
// and a handle on all of them.
func Front(tb testing.TB, door *Server, others ...*Server) *Server {
	tb.Helper()
	return &Server{HTTP: door.HTTP, GRPC: door.GRPC, OTLPHTTP: door.OTLPHTTP, Ops: door.Ops, Parts: append(others, door), t: tb}
}

// New returns a server that has not started, with free ports and an empty data folder.
func New(tb testing.TB, args ...string) *Server {
	tb.Helper()
	ports := FreePorts(tb, 4)
	s := &Server{
		Dir: filepath.Join(tb.TempDir(), "data"), HTTP: ports[0], GRPC: ports[1], OTLPHTTP: ports[2], Ops: ports[3],
		Args: args, t: tb, logFile: filepath.Join(tb.TempDir(), "pharos.log"),
	}
	tb.Cleanup(func() {
		s.end()
		if tb.Failed() && s.command != nil {
			tb.Logf("log of the %s on %s:\n%s", cmp.Or(s.Role, "server"), s.HTTP, s.tail())
		}
	})
	return s
}

// Start returns a server that is ready. It ends with the test.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s := New(tb, args...)
	s.Start()
	return s
}

// Start starts the server and waits until it is ready.
func (s *Server) Start() {
	s.t.Helper()
	s.Launch()
	s.AwaitReady()
	if s.Role == "" && len(s.Parts) == 0 {
		s.ReadBootstrap()
	}
}

// ReadBootstrap reads what the first start has written.
func (s *Server) ReadBootstrap() {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.Dir, "bootstrap.json"))
	if err != nil {
		s.t.Fatalf("read what the first start has written: %v", err)
	}
	if err := json.Unmarshal(content, &s.Bootstrap); err != nil {
		s.t.Fatalf("read bootstrap.json: %v", err)
	}
}

// Launch starts the program and waits for nothing.
func (s *Server) Launch() {
	s.t.Helper()
	if len(s.Parts) > 0 {
		for _, part := range s.Parts {
			part.Launch()
		}
		return
	}
	log, err := os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatalf("open the log of the server: %v", err)
	}
	defer log.Close()                                                                    //nolint:errcheck // the program has its own handle
	s.command = exec.CommandContext(context.Background(), Binary(s.t), s.arguments()...) //nolint:gosec // the program under test
	s.command.Stdout, s.command.Stderr = log, log
	s.command.Env = s.environment()
	if s.user != nil {
		s.command.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	}
	if err := s.command.Start(); err != nil {
		s.t.Fatalf("start pharos: %v", err)
	}
	command, ended := s.command, make(chan struct{})
	s.ended = ended
	go func() {
		_ = command.Wait() // ExitCode tells
		close(ended)
	}()
}

func (s *Server) arguments() []string {
	if s.Role != "" {
		return append([]string{"run", "--config", "role:" + s.Role}, s.Args...)
	}
	return append([]string{
		"up", "--data-dir", s.Dir, "--http", s.HTTP, "--otlp-grpc", s.GRPC, "--otlp-http", s.OTLPHTTP, "--ops", s.Ops,
		"--log-level", "info",
	}, s.Args...)
}

func (s *Server) environment() []string {
	env := os.Environ()
	if s.Role != "" {
		env = append(env, "PHAROS_DATA_DIR="+s.Dir, "PHAROS_HTTP="+s.HTTP, "PHAROS_OTLP_GRPC="+s.GRPC, "PHAROS_OTLP_HTTP="+s.OTLPHTTP,
			"PHAROS_OPS="+s.Ops, "PHAROS_LOG_LEVEL=info")
	}
	return append(env, s.Env...)
}

// AwaitReady waits until /readyz says so, and fails the test when the program ends meanwhile.
func (s *Server) AwaitReady() {
	s.t.Helper()
	if len(s.Parts) > 0 {
		for _, part := range s.Parts {
			part.AwaitReady()
		}
		return
	}
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		if s.Ready() {
			return
		}
		select {
		case <-s.ended:
			s.t.Fatalf("pharos %s has ended with exit code %d before it was ready", s.Role, s.command.ProcessState.ExitCode())
		case <-time.After(20 * time.Millisecond):
		}
	}
	_, answer := s.readiness()
	s.t.Fatalf("pharos %s was not ready after %s: %s", s.Role, startTimeout, answer)
}

// Unprivileged makes the program run as a user without special rights when root runs the test.
func (s *Server) Unprivileged() {
	s.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	s.user = &syscall.Credential{Uid: nobody, Gid: nobody}
	// The folders of a test are for their owner alone, and it has to reach its own.
	for dir := filepath.Dir(s.Dir); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // an empty folder of a test
			s.t.Fatalf("open the folder of the test: %v", err)
		}
	}
}

// Ready says whether the server serves.
func (s *Server) Ready() bool {
	for _, part := range s.Parts {
		if ready, _ := part.readiness(); !ready {
			return false
		}
	}
	if len(s.Parts) > 0 {
		return true
	}
	ready, _ := s.readiness()
	return ready
}

// readiness asks the process whether it is ready, and returns its answer.
func (s *Server) readiness() (ready bool, answer string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Ops+"/readyz", nil)
	if err != nil {
		return false, err.Error()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err.Error()
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	const enough = 4000
	body, err := io.ReadAll(io.LimitReader(response.Body, enough))
	if err != nil {
		return false, err.Error()
	}
	return response.StatusCode == http.StatusOK, string(body)
}

// Kill ends the program as a crash does, and waits for its end.
func (s *Server) Kill() {
	s.t.Helper()
	s.Signal(syscall.SIGKILL)
	s.AwaitEnd()
}

// Stop ends the program as an operator does, and returns its exit code.
func (s *Server) Stop() int {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
	return s.AwaitEnd()
}

// AwaitEnd waits until the program has ended by itself, and returns its exit code.
func (s *Server) AwaitEnd() int {
	s.t.Helper()
	if len(s.Parts) > 0 {
		code := 0
		for _, part := range s.Parts {
			code = cmp.Or(code, part.AwaitEnd())
		}
		return code
	}
	select {
	case <-s.ended:
	case <-time.After(stopTimeout):
		s.t.Fatalf("pharos %s has not ended after %s", s.Role, stopTimeout)
	}
	return s.command.ProcessState.ExitCode()
}

// Signal sends a signal to the program.
func (s *Server) Signal(signal syscall.Signal) {
	s.t.Helper()
	for _, part := range s.Parts {
		part.Signal(signal)
	}
	if len(s.Parts) > 0 {
		return
	}
	if err := s.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatalf("send %s to pharos: %v", signal, err)
	}
}

// Restart stops the server and starts it again on the same ports and data.
func (s *Server) Restart() {
	s.t.Helper()
	if code := s.Stop(); code != 0 {
		s.t.Fatalf("pharos has stopped with exit code %d", code)
	}
	s.Start()
}

// end makes sure that nothing stays behind.
func (s *Server) end() {
	if s.command == nil {
		return
	}
	select {
	case <-s.ended:
	default:
		_ = s.command.Process.Kill() // it may have ended just now
		<-s.ended
	}
}

// Log returns what the program has written so far.
func (s *Server) Log() string {
	if len(s.Parts) > 0 {
		var all strings.Builder
		for _, part := range s.Parts {
			all.WriteString(part.Log())
		}
		return all.String()
	}
	content, err := os.ReadFile(s.logFile)
	if err != nil {
		return err.Error()
	}
	return string(content)
}

// tail returns the end of the log.
func (s *Server) tail() string {
	const most = 12_000
	log := s.Log()
	return log[max(0, len(log)-most):]
}

// FreePorts returns addresses on this machine that nobody listens on. They are below the range
// from which the system takes ports for connections, so that they stay free over a restart.
func FreePorts(tb testing.TB, n int) []string {
	tb.Helper()
	const first, count = 18_000, 12_000
	var config net.ListenConfig
	var addresses []string
	for range 1000 {
		if len(addresses) == n {
			return addresses
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(count))) //nolint:gosec // no secret
		listener, err := config.Listen(context.Background(), "tcp", address)
		if err == nil {
			defer listener.Close() //nolint:errcheck // nothing was sent
			addresses = append(addresses, address)
		}
	}
	tb.Fatalf("find %d free ports: there are none from %d on", n, first)
	return nil
}
