package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 60 * time.Second
)

// server is a running program.
type server struct {
	command *exec.Cmd
	exited  chan error
	dir     string
	log     *os.File

	base    string // of HTTP requests
	key     string
	metrics string // paths
	logs    string
	write   string
	ops     string        // of probes and own metrics; only of roles
	ready   time.Duration // from starting the program to being ready
}

// apart sends this host's own metrics elsewhere: the load is of the past, and a sample of now
// would make all of it out of order.
const apart = `
exporters:
  debug: {}
service:
  pipelines:
    metrics/host: { exporters: [debug] }
`

// startServer starts `pharos up`, or the peer, and waits until it is ready.
func startServer(ctx context.Context, o *options, overlay string) (*server, error) {
	dir, err := os.MkdirTemp("", "pharos-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	s := &server{dir: dir, exited: make(chan error, 1)}
	if err := s.start(ctx, o, overlay); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

func (s *server) start(ctx context.Context, o *options, overlay string) error {
	ports, err := freePorts(4)
	if err != nil {
		return err
	}
	s.base = "http://" + ports[0]
	readyURL, err := s.prepare(ctx, o, overlay, ports)
	if err != nil {
		return err
	}
	s.log, err = os.OpenFile(o.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	s.command.Stdout, s.command.Stderr = s.log, s.log
	begun := time.Now()
	if err := s.command.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	go func() { s.exited <- s.command.Wait() }()
	if err := s.await(ctx, readyURL); err != nil {
		return errors.Join(err, s.stop())
	}
	s.ready = time.Since(begun)
	if o.peer.command != "" {
		return nil
	}
	if s.key, err = readKey(filepath.Join(s.dir, "bootstrap.json")); err != nil {
		return errors.Join(err, s.stop())
	}
	return nil
}

// prepare makes the command, and returns where to ask whether the program is ready.
func (s *server) prepare(ctx context.Context, o *options, overlay string, ports []string) (string, error) {
	if o.peer.command != "" {
		_, port, err := net.SplitHostPort(ports[0])
		if err != nil {
			return "", err
		}
		words := strings.Fields(strings.NewReplacer("{dir}", s.dir, "{port}", port).Replace(o.peer.command))
		s.command = exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the user's own command
		s.metrics, s.logs, s.write = o.peer.metrics, o.peer.logs, o.peer.write
		return s.base + o.peer.ready, nil
	}
	args := []string{
		"up", "--data-dir", s.dir, "--http", ports[0], "--otlp-grpc", ports[1], "--otlp-http", ports[2],
		"--ops", ports[3], "--log-level", "warn",
	}
	if overlay != "" {
		path := s.dir + ".yaml"
		if err := os.WriteFile(path, []byte(overlay), 0o600); err != nil {
			return "", fmt.Errorf("write the overlay: %w", err)
		}
		args = append(args, "--config", path)
	}
	s.command = exec.CommandContext(ctx, o.binary, args...) //nolint:gosec // the user's own binary
	s.metrics, s.logs, s.write = "/v1/metrics", "/v1/logs", "/api/v1/write"
	return "http://" + ports[3] + "/readyz", nil
}

// freePorts returns addresses that nobody listens on.
func freePorts(n int) ([]string, error) {
	var addresses []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer listener.Close() //nolint:errcheck // nothing was sent
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}

func readKey(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	var file struct {
		APIKey string `json:"api_key"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	return file.APIKey, nil
}

// awaitReady asks a role, which may have no front door, until it says that it is ready.
func (s *server) awaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for !s.answers(ctx, url, http.StatusOK) {
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("it ended: %w (see --log)", err)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", url, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// await asks until the answer is 200.
func (s *server) await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		// The front door may open a little later than the probe says ready; it answers 503 until then.
		if s.answers(ctx, url, http.StatusOK) && !s.answers(ctx, s.base, http.StatusServiceUnavailable) {
			return nil
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("the server ended: %w (see --log)", err)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", url, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (*server) answers(ctx context.Context, url string, want int) bool {
	status, _, err := get(ctx, url, "")
	return err == nil && status == want
}

// get sends a request with the key and returns the whole answer.
func get(ctx context.Context, url, key string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil) //nolint:gosec // the server we started
	if err != nil {
		return 0, nil, err
	}
	return send(request, key)
}

func send(request *http.Request, key string) (int, []byte, error) {
	if key != "" {
		request.Header.Set("X-API-Key", key)
	}
	response, err := http.DefaultClient.Do(request) //nolint:gosec // as above
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

func (s *server) pid() int { return s.command.Process.Pid }

// stop ends the program, so that it writes what it holds.
func (s *server) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case <-s.exited: //nolint:errcheck // it was told to end, and is no success
	case <-time.After(stopTimeout):
		_ = s.command.Process.Kill()
		<-s.exited //nolint:errcheck // it was killed
		return errors.New("the server had to be killed: it has not stopped within " + stopTimeout.String())
	}
	return s.log.Close()
}

// remove removes what the program wrote.
func (s *server) remove() error {
	return errors.Join(os.RemoveAll(s.dir), os.RemoveAll(s.dir+".yaml"))
}

// meter measures the cost of a load.
type meter struct {
	pid  int
	cpu  time.Duration
	disk int64
}

func (s *server) startMeter() (meter, error) {
	cpu, err := cpuTime(s.pid())
	if err != nil {
		return meter{}, err
	}
	disk, err := diskUsage(s.dir)
	return meter{pid: s.pid(), cpu: cpu, disk: disk}, err
}

// read returns the CPU time since the start and the peak of memory ever.
func (m meter) read() (cpu time.Duration, peak int64, err error) {
	cpu, err = cpuTime(m.pid)
	if err != nil {
		return 0, 0, err
	}
	peak, err = memory(m.pid, "VmHWM")
	return cpu - m.cpu, peak, err
}

// parseNumber reads the number of an instant query's only sample; false without one.
func parseNumber(body []byte) (float64, bool) {
	var answer struct {
		Data struct {
			Result []struct {
				Value []any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Data.Result) == 0 || len(answer.Data.Result[0].Value) != 2 {
		return 0, false
	}
	text, _ := answer.Data.Result[0].Value[1].(string)
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}
