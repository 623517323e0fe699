package journaldreceiver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/internal/recordid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink takes logs, or refuses them.
type sink struct {
	mu     sync.Mutex
	err    error
	asked  int
	all    []plog.LogRecord
	ids    map[string]string // id -> body
	bodies map[string]int
	source map[string]string // body -> service.name
}

func newSink() *sink {
	return &sink{ids: map[string]string{}, bodies: map[string]int{}, source: map[string]string{}}
}

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return s.err
	}
	for _, resource := range logs.ResourceLogs().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			id, _ := record.Attributes().Get(recordid.Attribute)
			s.ids[id.Str()] = record.Body().Str()
			s.bodies[record.Body().Str()]++
			s.source[record.Body().Str()] = service.Str()
			s.all = append(s.all, record)
		}
	}
	return nil
}

func (s *sink) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

// host notes what the receiver says of itself.
type host struct {
	mu   sync.Mutex
	said []error
}

func (*host) GetExtensions() map[component.ID]component.Component { return nil }

func (h *host) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, event.Err())
}

func (h *host) says(text string) func() bool {
	return func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, err := range h.said {
			if err != nil && strings.Contains(err.Error(), text) {
				return true
			}
		}
		return false
	}
}

func start(t *testing.T, cfg *Config, next *sink) (*journald, *host) {
	t.Helper()
	require.NoError(t, cfg.Validate())
	set := receivertest.NewNopSettings(NewFactory().Type())
	set.ID = component.NewID(NewFactory().Type())
	created, err := NewFactory().CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	r := created.(*journald)
	r.first = time.Millisecond
	about := &host{}
	require.NoError(t, r.Start(t.Context(), about))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	return r, about
}

func soon(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, time.Millisecond)
}

// fake is a journalctl: lines of a file, behind the one with the cursor, and then it waits for more.
const fake = `#!/bin/sh
echo "$*" >>"$0.calls"
after= last=
for a in "$@"; do
  case $a in
    --after-cursor=*) after=${a#--after-cursor=} ;;
    --lines=1) last=1 ;;
  esac
done
[ -e "$0.fails" ] && { echo "no journal here" >&2; exit 1; }
[ -n "$last" ] && { tail -n 1 "$0.journal"; exit 0; }
n=0
while :; do
  total=$(wc -l <"$0.journal")
  while [ $n -lt $total ]; do
    n=$((n+1))
    line=$(sed -n "${n}p" "$0.journal")
    if [ -n "$after" ]; then
      case $line in *"\"$after\""*) after= ;; esac
      continue
    fi
    printf '%s\n' "$line"
  done
  [ -e "$0.ends" ] && exit 0
  sleep 0.02
done
`

func fakeJournal(t *testing.T) (cfg *Config, program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "journalctl")
	require.NoError(t, os.WriteFile(program, []byte(fake), 0o700))
	require.NoError(t, os.WriteFile(program+".journal", nil, 0o600))
	cfg = defaultConfig()
	cfg.Journalctl, cfg.Directory, cfg.StartAt, cfg.HostName = program, t.TempDir(), "beginning", "web-1"
	return cfg, program
}

func write(t *testing.T, program string, lines ...string) {
	t.Helper()
	file, err := os.OpenFile(program+".journal", os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(strings.Join(lines, "\n") + "\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

func line(n int) string {
	return fmt.Sprintf(`{"__CURSOR":"c%d","__REALTIME_TIMESTAMP":"1796032800%06d","MESSAGE":"entry %d","PRIORITY":"6","_SYSTEMD_UNIT":"app.service"}`, n, n, n)
}

func TestEntries(t *testing.T) {
	cfg, program := fakeJournal(t)
	cfg.Units, cfg.JournalDirectory = []string{"a.service", "b@*.service"}, "/j"
	write(t, program,
		`{"__CURSOR":"1","__REALTIME_TIMESTAMP":"1796032800123456","MESSAGE":"plain","PRIORITY":"3","_SYSTEMD_UNIT":"nginx.service","_PID":"7","SYSLOG_IDENTIFIER":"nginx","_COMM":"nginx","CODE_LINE":"9"}`,
		`{"__CURSOR":"2","__REALTIME_TIMESTAMP":"1796032801000000","MESSAGE":[104,105,255],"PRIORITY":"6","SYSLOG_IDENTIFIER":"bytes"}`,
		`{"__CURSOR":"3","__REALTIME_TIMESTAMP":"1796032801000000","MESSAGE":"{\"level\":\"warn\",\"msg\":\"own level\",\"n\":1}","PRIORITY":"6","_TRANSPORT":"stdout","_SYSTEMD_USER_UNIT":"me.service"}`,
		`{"__CURSOR":"4","__REALTIME_TIMESTAMP":"x","MESSAGE":["two","values"],"_TRANSPORT":"kernel"}`,
		`{"__CURSOR":"5","MESSAGE":null,"_COMM":"silent"}`,
	)
	next := newSink()
	start(t, cfg, next)
	soon(t, func() bool { return next.count() == 5 })
	next.mu.Lock()
	defer next.mu.Unlock()
	assert.Equal(t, map[string]string{"plain": "nginx", "hi\uFFFD": "bytes", "own level": "me", "two\nvalues": "kernel", "": "silent"}, next.source)
	for _, record := range next.all {
		record.Attributes().Remove(recordid.Attribute)
		switch record.Body().Str() {
		case "plain":
			assert.Equal(t, "2026-11-30T10:00:00.123456Z", record.Timestamp().AsTime().Format(time.RFC3339Nano))
			assert.Equal(t, plog.SeverityNumberError, record.SeverityNumber())
			assert.Equal(t, map[string]any{
				"systemd.unit": "nginx.service", "process.pid": int64(7), "syslog.appname": "nginx", "process.executable.name": "nginx", "code.line.number": int64(9),
			}, record.Attributes().AsRaw())
		case "own level":
			assert.Equal(t, plog.SeverityNumberWarn, record.SeverityNumber())
		}
	}
	calls, err := os.ReadFile(program + ".calls")
	require.NoError(t, err)
	assert.Equal(t, "--output=json --output-fields="+fields+" --all --follow --no-pager --quiet --priority=info --unit=a.service --unit=b@*.service --directory=/j --lines=all\n", string(calls))
}

func TestBeginsAtTheEnd(t *testing.T) {
	cfg, program := fakeJournal(t)
	cfg.StartAt = "end"
	write(t, program, line(1), line(2))
	next := newSink()
	r, _ := start(t, cfg, next)
	soon(t, func() bool { _, err := os.Stat(filepath.Join(cfg.Directory, "default.cursor")); return err == nil })
	require.NoError(t, r.Shutdown(t.Context()))
	write(t, program, line(3)) // while it is away
	next = newSink()
	start(t, cfg, next)
	soon(t, func() bool { return next.count() == 1 })
	assert.Equal(t, 1, next.bodies["entry 3"])
}

func TestEveryEntryOnce(t *testing.T) {
	cfg, program := fakeJournal(t)
	ids := map[string]string{}
	written := 0
	for round := range 6 {
		next := newSink()
		if round%2 == 1 {
			next.refuse(errors.New("full"))
		}
		r, _ := start(t, cfg, next)
		for range 30 {
			written++
			write(t, program, line(written))
		}
		soon(t, func() bool { next.mu.Lock(); defer next.mu.Unlock(); return next.asked > 0 })
		if round == 3 {
			next.refuse(nil)
			soon(t, func() bool { return next.count() >= 30 })
		}
		// As after kill -9: what the file says is all that is left.
		kept, err := os.ReadFile(r.state.path)
		require.NoError(t, err)
		require.NoError(t, r.Shutdown(t.Context()))
		if round == 2 {
			require.NoError(t, os.WriteFile(r.state.path, kept, 0o600)) // before the batch was known to be taken
		}
		for id, body := range next.ids {
			if before, known := ids[id]; known {
				assert.Equal(t, before, body, "the same id is the same entry")
			}
			ids[id] = body
		}
	}
	next := newSink()
	start(t, cfg, next)
	soon(t, func() bool {
		next.mu.Lock()
		defer next.mu.Unlock()
		maps.Copy(ids, next.ids)
		return len(ids) >= written
	})
	bodies := map[string]int{}
	for _, body := range ids {
		bodies[body]++
	}
	require.Len(t, bodies, written)
	for body, times := range bodies {
		assert.Equal(t, 1, times, body)
	}
}

func TestRefusedForGood(t *testing.T) {
	cfg, program := fakeJournal(t)
	next := newSink()
	next.refuse(consumererror.NewPermanent(errors.New("too large")))
	start(t, cfg, next)
	write(t, program, line(1))
	soon(t, func() bool { next.mu.Lock(); defer next.mu.Unlock(); return next.asked > 0 })
	next.refuse(nil)
	write(t, program, line(2))
	soon(t, func() bool { return next.count() == 1 })
	assert.Equal(t, 1, next.bodies["entry 2"])
}

func TestSaysWhyTheJournalIsNotRead(t *testing.T) {
	cfg, _ := fakeJournal(t)
	cfg.Journalctl = "/nowhere/journalctl"
	_, about := start(t, cfg, newSink())
	soon(t, about.says("run /nowhere/journalctl: fork/exec /nowhere/journalctl: no such file or directory"))

	cfg, program := fakeJournal(t)
	require.NoError(t, os.WriteFile(program+".fails", nil, 0o600))
	next := newSink()
	_, about = start(t, cfg, next)
	soon(t, about.says("exit status 1: no journal here"))
	require.NoError(t, os.Remove(program+".fails"))
	write(t, program, line(1))
	soon(t, func() bool { return next.count() == 1 })

	require.NoError(t, os.WriteFile(program+".ends", nil, 0o600))
	soon(t, about.says(program+" has ended"))
	require.NoError(t, os.Remove(program+".ends"))
	write(t, program, line(2))
	soon(t, func() bool { return next.count() == 2 })
	assert.Equal(t, map[string]int{"entry 1": 1, "entry 2": 1}, next.bodies)
}

// The real journalctl, on a journal that systemd-journal-remote has made, where both are installed.
func TestRealJournal(t *testing.T) {
	const remote = "/lib/systemd/systemd-journal-remote"
	journalctl, err := exec.LookPath("journalctl")
	if _, missing := os.Stat(remote); err != nil || missing != nil {
		t.Log("there is no systemd-journal-remote on this system: nothing to try")
		return
	}
	folder := t.TempDir()
	add := func(name string, from, to int) {
		var export strings.Builder
		for n := from; n < to; n++ {
			fmt.Fprintf(&export, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\nMESSAGE=real %d\nPRIORITY=%d\n_SYSTEMD_UNIT=app.service\n\n",
				time.Now().UnixMicro()+int64(n), n+1, n, 3+n%5)
		}
		command := exec.CommandContext(t.Context(), remote, "--output="+filepath.Join(folder, name+".journal"), "-")
		command.Stdin = strings.NewReader(export.String())
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
	add("a", 0, 50)
	cfg := defaultConfig()
	cfg.Journalctl, cfg.Directory, cfg.StartAt, cfg.JournalDirectory, cfg.Priority = journalctl, t.TempDir(), "beginning", folder, "info"
	next := newSink()
	r, _ := start(t, cfg, next)
	soon(t, func() bool { return next.count() == 40 }) // without the debug ones
	require.NoError(t, r.Shutdown(t.Context()))
	add("b", 50, 60)
	again := newSink()
	start(t, cfg, again)
	soon(t, func() bool { return again.count() == 8 })
	for body, times := range again.bodies {
		assert.Equal(t, 1, times, body)
		assert.Zero(t, next.bodies[body], "it was read before")
	}
}

func FuzzReadEntry(f *testing.F) {
	f.Add(line(1), false)
	f.Add(`{"__CURSOR":"x","MESSAGE":[1,2,300]}`, true)
	f.Fuzz(func(t *testing.T, content string, cut bool) {
		one, err := readEntry([]byte(content), cut)
		if err == nil {
			require.NotNil(t, one)
		}
	})
}
