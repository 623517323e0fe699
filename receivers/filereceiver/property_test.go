package filereceiver

import (
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/exporters/deliveryexporter"
	"github.com/pharos-obs/pharos/internal/recordid"
)

// go test -run Rotation -seed 7 -steps 1000 repeats and lengthens the property test.
var (
	seedFlag  = flag.Uint64("seed", 0, "of the property test; 0 takes a random one")
	stepsFlag = flag.Int("steps", 150, "of each case of the property test")
)

const childVariable = "FILES_TEST_CHILD"

// runChild is the agent that the property test kills: this receiver before the real delivery.
func runChild() int {
	pattern, state, url, _ := fields4(os.Getenv(childVariable))
	deliveries := deliveryexporter.NewFactory()
	deliveryConfig := deliveries.CreateDefaultConfig()
	err := confmap.NewFromStringMap(map[string]any{
		"url": url, "retry": map[string]any{"initial": "10ms", "max": "50ms"},
		"queue": map[string]any{"directory": filepath.Join(state, "queue"), "durability": "process"},
	}).Unmarshal(deliveryConfig)
	if err != nil {
		panic(err)
	}
	deliverySet := exportertest.NewNopSettings(deliveries.Type())
	deliverySet.ID = component.NewID(deliveries.Type())
	deliverySet.Logger, _ = zap.NewDevelopment()
	delivery, err := deliveries.CreateLogs(context.Background(), deliverySet, deliveryConfig)
	if err != nil {
		panic(err)
	}
	cfg := testConfig(pattern, state)
	factory := NewFactory()
	set := receivertest.NewNopSettings(factory.Type())
	set.ID = component.NewID(factory.Type())
	set.Logger, _ = zap.NewDevelopment()
	created, err := factory.CreateLogs(context.Background(), set, cfg, delivery)
	if err != nil {
		panic(err)
	}
	host := componenttest.NewNopHost()
	ending, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for _, start := range []interface {
		Start(context.Context, component.Host) error
	}{delivery, created} {
		if err := start.Start(context.Background(), host); err != nil {
			panic(err)
		}
	}
	<-ending.Done()
	for _, end := range []interface{ Shutdown(context.Context) error }{created, delivery} {
		if err := end.Shutdown(context.Background()); err != nil {
			panic(err)
		}
	}
	return 0
}

func fields4(text string) (a, b, c, d string) {
	parts := append(strings.Split(text, "|"), "", "", "", "")
	return parts[0], parts[1], parts[2], parts[3]
}

func testConfig(pattern, state string) *Config {
	cfg := defaultConfig()
	cfg.Include, cfg.StartAt, cfg.Directory, cfg.Format = []string{pattern}, startAtBeginning, state, "plain"
	cfg.PollInterval, cfg.DiscoverInterval, cfg.RotateWait = 3*time.Millisecond, 10*time.Millisecond, 500*time.Millisecond
	cfg.MaxBatchBytes, cfg.MaxRecordBytes, cfg.MaxOpenFiles = 4096, 1024, 6
	return cfg
}

// otlpServer counts the lines that it is sent.
type otlpServer struct {
	*httptest.Server
	mu    sync.Mutex
	away  bool
	lines map[string]map[string]int // line -> id -> times
	times int
}

func newOTLPServer(t *testing.T) *otlpServer {
	t.Helper()
	s := &otlpServer{lines: map[string]map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *otlpServer) serve(w http.ResponseWriter, r *http.Request) {
	decoder, err := zstd.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer decoder.Close()
	content, err := io.ReadAll(decoder)
	request := plogotlp.NewExportRequest()
	if err != nil || request.UnmarshalProto(content) != nil {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	for _, resource := range request.Logs().ResourceLogs().All() {
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			id, _ := record.Attributes().Get(recordid.Attribute)
			if s.lines[record.Body().Str()] == nil {
				s.lines[record.Body().Str()] = map[string]int{}
			}
			s.lines[record.Body().Str()][id.Str()]++
			s.times++
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (s *otlpServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
}

// driver writes and rotates files, and kills the agent.
type driver struct {
	t      *testing.T
	rand   *rand.Rand
	dir    string
	state  string
	server *otlpServer
	inGlob bool // rotated files match the pattern too

	child   *exec.Cmd
	log     *os.File
	written []string
	number  map[string]int // of rotations
	plain   []string       // rotated and not compressed
}

func (d *driver) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(d.log, time.Now().Format("15:04:05.000")+" DRIVER "+format+"\n", args...)
}

func (d *driver) pattern() string {
	if d.inGlob {
		return filepath.Join(d.dir, "*.log*")
	}
	return filepath.Join(d.dir, "*.log")
}

func (d *driver) start() {
	if d.child != nil {
		return
	}
	d.tell("start")
	d.child = exec.Command(os.Args[0])
	d.child.Env = append(os.Environ(), childVariable+"="+strings.Join([]string{d.pattern(), d.state, d.server.URL}, "|"))
	d.child.Stdout, d.child.Stderr = d.log, d.log
	require.NoError(d.t, d.child.Start())
}

func (d *driver) end(how os.Signal) {
	if d.child == nil {
		return
	}
	d.tell("end by %s", how)
	require.NoError(d.t, d.child.Process.Signal(how))
	err := d.child.Wait()
	if how == syscall.SIGTERM && err != nil {
		require.EqualError(d.t, err, "signal: terminated", "it had not begun")
	}
	d.child = nil
}

func (d *driver) path(name string) string { return filepath.Join(d.dir, name) }

func (d *driver) line(name string) string {
	line := fmt.Sprintf("%s %06d %s", name, len(d.written), strings.Repeat("x", d.rand.IntN(120)))
	d.written = append(d.written, line)
	return line + "\n"
}

func (d *driver) append(file *os.File, text string) {
	_, err := file.WriteString(text)
	require.NoError(d.t, err)
}

func (d *driver) open(name string) *os.File {
	file, err := os.OpenFile(d.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(d.t, err)
	return file
}

// write adds lines, some of them in two parts.
func (d *driver) write(name string) {
	file := d.open(name)
	defer file.Close()
	count := 1 + d.rand.IntN(30)
	d.tell("write %d lines from %d on to %s", count, len(d.written), name)
	for range count {
		line := d.line(name)
		if d.rand.IntN(10) == 0 {
			half := d.rand.IntN(len(line))
			d.append(file, line[:half])
			time.Sleep(time.Duration(d.rand.IntN(8)) * time.Millisecond)
			line = line[half:]
		}
		d.append(file, line)
	}
}

// read waits until the agent has read from a file what is in it now: at least something, or all.
func (d *driver) read(name string, all bool) {
	d.start()
	require.Eventually(d.t, func() bool {
		file, err := os.Open(d.path(name))
		require.NoError(d.t, err)
		defer file.Close()
		info, err := file.Stat()
		require.NoError(d.t, err)
		j, err := openJournal(filepath.Join(d.state, "default.offsets"))
		require.NoError(d.t, err)
		for _, one := range j.files {
			if one.inode == inodeOf(info, file) && one.Gone == 0 && one.Offset > 0 && one.verify(file) == nil && (!all || one.Offset == info.Size()) {
				return true
			}
		}
		return false
	}, 30*time.Second, time.Millisecond, "the agent reads %s", name)
}

// rotate moves a file away, by any of the ways there are.
func (d *driver) rotate(name string) {
	info, err := os.Stat(d.path(name))
	if err != nil || info.Size() == 0 {
		return
	}
	if !d.inGlob {
		d.read(name, false) // what was never seen cannot be found elsewhere
	}
	d.tell("line %d", len(d.written))
	d.number[name]++
	away := fmt.Sprintf("%s.%d", name, d.number[name])
	switch style := d.rand.IntN(5); style {
	case 0:
		d.tell("rename %s to %s, and write behind it", name, away)
		file := d.open(name)
		require.NoError(d.t, os.Rename(d.path(name), d.path(away)))
		for range d.rand.IntN(5) {
			d.append(file, d.line(name))
		}
		require.NoError(d.t, file.Close())
		d.plain = append(d.plain, away)
	case 1:
		d.chain(name)
	case 2:
		d.tell("copy %s to %s and truncate it", name, away)
		content, err := os.ReadFile(d.path(name))
		require.NoError(d.t, err)
		half := d.rand.IntN(len(content))
		copied := d.open(away)
		d.append(copied, string(content[:half]))
		time.Sleep(time.Duration(d.rand.IntN(4)) * time.Millisecond)
		d.append(copied, string(content[half:]))
		require.NoError(d.t, copied.Close())
		require.NoError(d.t, os.Truncate(d.path(name), 0))
		d.plain = append(d.plain, away)
	case 3:
		require.NoError(d.t, os.Rename(d.path(name), d.path(away)))
		d.tell("rename %s to %s and compress it", name, away)
		d.compress(away)
	case 4:
		d.read(name, true)
		d.tell("delete %s", name)
		require.NoError(d.t, os.Remove(d.path(name)))
	}
	if d.rand.IntN(2) == 0 {
		require.NoError(d.t, d.open(name).Close())
	}
}

// chain renames .1 to .2 and so on, as logrotate does.
func (d *driver) chain(name string) {
	d.tell("chain %s", name)
	for n := d.number[name]; n >= 1; n-- {
		for _, suffix := range []string{"", ".gz"} {
			from, to := fmt.Sprintf("%s.%d%s", name, n, suffix), fmt.Sprintf("%s.%d%s", name, n+1, suffix)
			if os.Rename(d.path(from), d.path(to)) == nil {
				if at := slices.Index(d.plain, from); at >= 0 {
					d.plain[at] = to
				}
			}
		}
	}
	require.NoError(d.t, os.Rename(d.path(name), d.path(name+".1")))
	d.plain = append(d.plain, name+".1")
}

// compress is gzip.
func (d *driver) compress(name string) {
	content, err := os.ReadFile(d.path(name))
	require.NoError(d.t, err)
	packed := d.open(name + ".gz")
	writer := gzip.NewWriter(packed)
	_, err = writer.Write(content[:len(content)/2])
	require.NoError(d.t, err)
	require.NoError(d.t, writer.Flush())
	time.Sleep(time.Duration(d.rand.IntN(15)) * time.Millisecond)
	_, err = writer.Write(content[len(content)/2:])
	require.NoError(d.t, err)
	require.NoError(d.t, writer.Close())
	require.NoError(d.t, packed.Close())
	require.NoError(d.t, os.Remove(d.path(name)))
	d.plain = slices.DeleteFunc(d.plain, func(one string) bool { return one == name })
}

func (d *driver) step() {
	names := []string{"a.log", "b.log", "c.log"}
	name := names[d.rand.IntN(len(names))]
	switch n := d.rand.IntN(100); {
	case n < 55:
		d.write(name)
	case n < 75:
		d.rotate(name)
	case n < 82 && len(d.plain) > 0:
		away := d.plain[d.rand.IntN(len(d.plain))]
		d.tell("compress %s", away)
		d.compress(away)
	case n < 89:
		d.end(syscall.SIGKILL)
	case n < 91:
		d.end(syscall.SIGTERM)
	default:
		d.start()
	}
	time.Sleep(time.Duration(d.rand.IntN(10)) * time.Millisecond)
}

// Every line arrives once, whatever happens to the files and to the agent. Lines that a program
// writes between the copy and the truncation of copytruncate are lost by the rotation itself, and
// files that are deleted before they were read by their deletion: the driver does neither.
func TestRotation(t *testing.T) {
	for _, c := range []struct {
		name         string
		inGlob, away bool
	}{
		{"rotated files match", true, false},
		{"rotated files match, server away", true, true},
		{"rotated files do not match", false, false},
		{"rotated files do not match, server away", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			seed := *seedFlag
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("seed %d", seed)
			d := &driver{
				t: t, rand: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), state: t.TempDir(), server: newOTLPServer(t), inGlob: c.inGlob,
				number: map[string]int{},
			}
			d.server.away = c.away
			var err error
			d.log, err = os.OpenFile(filepath.Join(d.state, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
			require.NoError(t, err)
			defer d.log.Close()
			defer func() {
				if d.child != nil {
					_ = d.child.Process.Kill()
					_ = d.child.Wait()
				}
				if t.Failed() {
					content, _ := os.ReadFile(d.log.Name())
					t.Logf("seed %d\n%s", seed, content)
				}
			}()
			for range *stepsFlag {
				d.step()
			}
			d.start()
			d.server.mu.Lock()
			d.server.away = false
			d.server.mu.Unlock()
			assert.Eventually(t, func() bool { return d.server.count() >= len(d.written) }, 20*time.Second, 5*time.Millisecond)
			d.end(syscall.SIGTERM)
			d.check(c.away)
		})
	}
}

// check compares what arrived with what was written. Without a death while the server was there
// nothing may even have been sent twice.
func (d *driver) check(exact bool) {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	wrong := 0
	for _, line := range d.written {
		if len(d.server.lines[line]) != 1 {
			if wrong++; wrong <= 5 {
				assert.Fail(d.t, "not once", "%q: %v", line, d.server.lines[line])
			}
		}
	}
	assert.Zero(d.t, wrong, "lines that did not arrive once")
	assert.Len(d.t, d.server.lines, len(d.written), "nothing is made up")
	if exact {
		assert.Equal(d.t, len(d.written), d.server.times, "each was sent once")
	}
	d.t.Log(strconv.Itoa(len(d.written)) + " lines")
}
