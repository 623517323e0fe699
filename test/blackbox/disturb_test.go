package blackbox

import (
	"bytes"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// quiet keeps what the server itself produces out of the stores, so that a journal ends with
// what the test has sent.
const quiet = `
exporters: { debug: {} }
service:
  pipelines:
    metrics/host: { exporters: [debug] }
    logs/host: { exporters: [debug] }
`

// overlay writes a configuration and returns its path.
func overlay(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// sendSome sends batches with every sender, one after the other. A sender that is told to come
// again does.
func sendSome(t *testing.T, load []*sender, batches int) {
	t.Helper()
	for _, sender := range load {
		for range batches {
			err := sender.send(t.Context(), len(sender.acked))
			for tries := 0; comeAgain(err) && tries < 100; tries++ {
				time.Sleep(100 * time.Millisecond)
				err = sender.send(t.Context(), len(sender.acked))
			}
			require.NoError(t, err, sender.name)
			sender.acked = append(sender.acked, true)
		}
	}
}

// lastSegment returns the newest file of a journal.
func lastSegment(t *testing.T, parts ...string) string {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(append(parts, "[0-9]*")...))
	require.NoError(t, err)
	require.NotEmpty(t, segments, parts)
	return slices.Max(segments)
}

// journals returns the newest file of the journal of metrics, of those out of order, and of logs.
func journals(t *testing.T, s *server.Server) []string {
	t.Helper()
	metrics := filepath.Join(s.Dir, "metrics", s.Bootstrap.OrgID)
	return []string{lastSegment(t, metrics, "wal"), lastSegment(t, metrics, "wbl"), lastSegment(t, s.Dir, "logs", "journal")}
}

// TestGarbageAfterTheLastRecord leaves what a write that was cut leaves: nothing acknowledged is
// lost, and later writes are kept as well.
func TestGarbageAfterTheLastRecord(t *testing.T) {
	t.Parallel()
	s := server.Start(t, "--config", overlay(t, quiet))
	load := newLoad(t, s)
	sendSome(t, load, 20)
	for _, size := range []int{5, 700, 40_000} {
		s.Kill()
		for _, journal := range journals(t, s) {
			garbage := make([]byte, size)
			_, err := rand.Read(garbage)
			require.NoError(t, err)
			file, err := os.OpenFile(journal, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = file.Write(append([]byte{1}, garbage...))
			require.NoError(t, err)
			require.NoError(t, file.Close())
		}
		s.Start()
		for _, sender := range load {
			sender.check(t, "after garbage")
		}
		sendSome(t, load, 5)
	}
	s.Kill()
	s.Start()
	for _, sender := range load {
		sender.check(t, "written after a repair")
	}
}

// TestTornLastRecord cuts the end of the journals off, as a loss of power does: what was written
// before is there, and what was cut can be sent again.
func TestTornLastRecord(t *testing.T) {
	t.Parallel()
	s := server.Start(t, "--config", overlay(t, quiet))
	load := newLoad(t, s)
	sendSome(t, load, 20)
	s.Kill()
	for _, journal := range journals(t, s) {
		info, err := os.Stat(journal)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(journal, info.Size()-7))
	}
	s.Start()
	for _, sender := range load {
		sender.acked[19] = false // the last record of one of them is gone
		sender.check(t, "after a tear")
		sender.resend(t)
		sender.check(t, "after sending again")
	}
	s.Kill()
	s.Start()
	for _, sender := range load {
		sender.check(t, "after a kill")
	}
}

// TestDamagedDayOfLogs damages files of the log store: the day is set aside with a message, and
// everything else is served.
func TestDamagedDayOfLogs(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, part string){
		"a cut index": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.Truncate(filepath.Join(part, "index.bin"), 3))
		},
		"a missing file": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(part, "message_values.bin")))
		},
		"garbage for an index": func(t *testing.T, part string) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(part, "metaindex.bin"), []byte("garbage"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server.Start(t, "--config", overlay(t, quiet))
			load := newLoad(t, s)
			sendSome(t, load, 5)
			require.Zero(t, s.Stop())
			parts, err := filepath.Glob(filepath.Join(s.Dir, "logs", "data", "partitions", "*", "datadb", "*", "index.bin"))
			require.NoError(t, err)
			require.NotEmpty(t, parts)
			damage(t, filepath.Dir(parts[0]))
			s.Start()
			moved, err := filepath.Glob(filepath.Join(s.Dir, "logs", "quarantine", "*"))
			require.NoError(t, err)
			require.Len(t, moved, 1)
			assert.Contains(t, s.Log(), "is damaged and was moved away")
			assert.Contains(t, s.Log(), moved[0])
			for _, sender := range load[:4] {
				sender.check(t, "metrics beside damaged logs")
			}
			writeLogs(t, clientOf(s), map[string]any{"service": "after-damage", "message": "still taken"})
			assert.Len(t, clientOf(s).logsOf(t, "after-damage"), 1)
		})
	}
}

// TestDamagedValuesOfLogs changes values of log records on the disk, which only their reader
// notices, and ends the process. The next start finds the day and moves it away.
func TestDamagedValuesOfLogs(t *testing.T) {
	t.Parallel()
	s := server.Start(t, "--config", overlay(t, quiet))
	load := newLoad(t, s)
	sendSome(t, load, 5)
	require.Zero(t, s.Stop())
	values, err := filepath.Glob(filepath.Join(s.Dir, "logs", "data", "partitions", "*", "datadb", "*", "message_values.bin"))
	require.NoError(t, err)
	require.NotEmpty(t, values)
	for _, path := range values {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte{0xff}, int(info.Size())), 0o600))
	}
	s.Start()
	c := clientOf(s)
	_, err = c.try(t.Context(), http.MethodPost, "/v1/query/logs", strings.NewReader(`{"query":"*","from":"now-3h","limit":1000}`), jsonHeader)
	require.Error(t, err, "the connection ends with the process")
	assert.Equal(t, 2, s.AwaitEnd())

	s.Start()
	assert.Contains(t, s.Log(), "is damaged and was moved away")
	for _, sender := range load[:4] {
		sender.check(t, "metrics beside damaged logs")
	}
	writeLogs(t, c, map[string]any{"service": "after-damage", "message": "still taken"})
	assert.Len(t, c.logsOf(t, "after-damage"), 1)
	crashes, err := filepath.Glob(filepath.Join(s.Dir, "crash-*.log"))
	require.NoError(t, err)
	assert.Len(t, crashes, 1, "what the runtime said is kept")
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	for flag, address := range map[string]func(*server.Server) string{
		"--http":      func(s *server.Server) string { return s.HTTP },
		"--otlp-grpc": func(s *server.Server) string { return s.GRPC },
		"--otlp-http": func(s *server.Server) string { return s.OTLPHTTP },
		"--ops":       func(s *server.Server) string { return s.Ops },
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			s := server.New(t)
			var config net.ListenConfig
			listener, err := config.Listen(t.Context(), "tcp", address(s))
			require.NoError(t, err)
			defer listener.Close()
			s.Launch()
			assert.Equal(t, 3, s.AwaitEnd())
			message := lastLine(s)
			assert.Contains(t, message, address(s))
			assert.Contains(t, message, flag)
			assert.Contains(t, message, "in use")
		})
	}
}

// lastLine is what the program says at its end.
func lastLine(s *server.Server) string {
	log := s.Log()
	if at := strings.LastIndex(log, "pharos: "); at >= 0 {
		return log[at:]
	}
	return log
}

func TestSecondServerOnTheSameData(t *testing.T) {
	t.Parallel()
	first := server.Start(t)
	second := server.New(t)
	second.Dir = first.Dir
	second.Launch()
	assert.Equal(t, 3, second.AwaitEnd())
	assert.Contains(t, lastLine(second), first.Dir)
	assert.Contains(t, lastLine(second), "in use by another pharos (process ")
	assert.True(t, first.Ready(), "the first one goes on")
	writeSeries(t, clientOf(first), "bb_first", "first", time.Now())
	assert.InDelta(t, 1, clientOf(first).number(t, "count(bb_first)"), 0)
}

// TestFolderThatCannotBeWritten runs the server as a user without the right to write. Root has
// every right, so that it starts the server as somebody else.
func TestFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := server.New(t)
	require.NoError(t, os.Mkdir(s.Dir, 0o555))
	s.Unprivileged()
	s.Launch()
	assert.Equal(t, 2, s.AwaitEnd())
	assert.Contains(t, lastLine(s), s.Dir)
	assert.Contains(t, lastLine(s), "cannot be written")
	assert.Contains(t, lastLine(s), "--data-dir")
}

func TestFileInPlaceOfTheFolder(t *testing.T) {
	t.Parallel()
	s := server.New(t)
	require.NoError(t, os.WriteFile(s.Dir, nil, 0o600))
	s.Launch()
	assert.NotZero(t, s.AwaitEnd())
	assert.Contains(t, lastLine(s), s.Dir)
	assert.Contains(t, lastLine(s), "not a directory")
}

func TestWrongConfiguration(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":       {[]string{"up", "--colour", "red"}, "--colour"},
		"unknown command":    {[]string{"upp"}, "upp"},
		"unknown setting":    {[]string{"validate", "--config", "role:all-in-one", "--config", "yaml:extensions::storage::colour: red"}, "colour"},
		"wrong value":        {[]string{"validate", "--config", "role:all-in-one", "--config", "yaml:extensions::storage::durability: maybe"}, "durability"},
		"unknown role":       {[]string{"validate", "--config", "role:nobody"}, "nobody"},
		"no such file":       {[]string{"validate", "--config", "role:all-in-one", "--config", "/nowhere/site.yaml"}, "/nowhere/site.yaml"},
		"plaintext to all":   {[]string{"up", "--data-dir", t.TempDir(), "--http", "0.0.0.0:0"}, "without encryption"},
		"missing extensions": {[]string{"validate", "--config", "role:all-in-one", "--config", "yaml:service::extensions: [auth, gateway, backend]"}, "storage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := server.Run(t, tt.args...)
			assert.Equal(t, 2, got.Code, got.Stderr)
			assert.Contains(t, got.Stderr, tt.says)
		})
	}
	valid := server.Run(t, "validate", "--config", "role:all-in-one")
	assert.Zero(t, valid.Code, valid.Stderr)
}

// TestReload sends SIGHUP with a configuration that is wrong, one that cannot start, and one that
// is right, while every protocol sends.
func TestReload(t *testing.T) {
	t.Parallel()
	path := overlay(t, quiet)
	s := server.Start(t, "--config", path)
	load := newLoad(t, s)
	stop := runThrough(t, load)
	change := func(content, says string) {
		t.Helper()
		before := strings.Count(s.Log(), says)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		s.Signal(syscall.SIGHUP)
		require.Eventually(t, func() bool { return strings.Count(s.Log(), says) > before }, 30*time.Second, 20*time.Millisecond, says)
		s.AwaitReady()
	}
	change(quiet+"\nextensions: { storage: { durability: maybe } }\n", "The new configuration is refused, the old one goes on")
	change("this: is: no: yaml", "The new configuration is refused, the old one goes on")
	change(quiet+"\nextensions: { gateway: { tls: { cert_file: /nowhere, key_file: /nowhere } } }\n", "The new configuration did not start, the old one goes on")
	change(quiet+"\nextensions: { gateway: { limits: { max_body: 1MiB } } }\n", "The new configuration is running")
	stop()
	for _, sender := range load {
		sender.check(t, "after reloads")
		sender.resend(t)
		sender.check(t, "after sending again")
	}
	got := clientOf(s).send(t, http.MethodPost, "/v1/ingest/logs", make([]byte, 2<<20), jsonHeader)
	assert.Equal(t, http.StatusRequestEntityTooLarge, got.status, "the new configuration holds")
	assert.Contains(t, got.String(), "1 MiB")
}
