package filereceiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/pharos-obs/pharos/internal/recordid"
)

// sink takes logs, or refuses them.
type sink struct {
	mu        sync.Mutex
	err       error
	asked     int
	bodies    []string
	ids       map[string]bool
	resources map[string]map[string]any // by body
	paths     map[string]string
}

func newSink() *sink {
	return &sink{ids: map[string]bool{}, resources: map[string]map[string]any{}, paths: map[string]string{}}
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
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			id, _ := record.Attributes().Get(recordid.Attribute)
			path, _ := record.Attributes().Get("log.file.path")
			s.ids[id.Str()] = true
			s.bodies = append(s.bodies, record.Body().Str())
			s.resources[record.Body().Str()] = resource.Resource().Attributes().AsRaw()
			s.paths[record.Body().Str()] = path.Str()
		}
	}
	return nil
}

func (s *sink) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.bodies...)
}

// expect waits until there are so many records, and says which.
func (s *sink) expect(t *testing.T, want ...string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.all()) >= len(want) }, 20*time.Second, time.Millisecond, "%q", want)
	assert.ElementsMatch(t, want, s.all())
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Len(t, s.ids, len(s.bodies), "each has an id of its own")
}

// folder is where a test has its logs.
type folder struct {
	t     *testing.T
	logs  string
	state string
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	return &folder{t, t.TempDir(), t.TempDir()}
}

func (f *folder) path(name string) string { return filepath.Join(f.logs, name) }

func (f *folder) write(name, text string) {
	f.t.Helper()
	require.NoError(f.t, os.MkdirAll(filepath.Dir(f.path(name)), 0o750))
	file, err := os.OpenFile(f.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(f.t, err)
	_, err = file.WriteString(text)
	require.NoError(f.t, err)
	require.NoError(f.t, file.Close())
}

func (f *folder) start(next consumer.Logs, change func(cfg *Config)) *files {
	f.t.Helper()
	return f.startOn(componenttest.NewNopHost(), next, change)
}

func (f *folder) startOn(host component.Host, next consumer.Logs, change func(cfg *Config)) *files {
	f.t.Helper()
	cfg := testConfig(filepath.Join(f.logs, "*.log"), f.state)
	cfg.HostName, cfg.RotateWait = "web-1", 50*time.Millisecond
	if change != nil {
		change(cfg)
	}
	require.NoError(f.t, cfg.Validate())
	set := receivertest.NewNopSettings(NewFactory().Type())
	set.ID = component.NewID(NewFactory().Type())
	created, err := NewFactory().CreateLogs(f.t.Context(), set, cfg, next)
	require.NoError(f.t, err)
	require.NoError(f.t, created.Start(f.t.Context(), host))
	f.t.Cleanup(func() { require.NoError(f.t, created.Shutdown(context.Background())) })
	return created.(*files)
}

func TestLines(t *testing.T) {
	f, next := newFolder(t), newSink()
	f.write("shop.log", "\uFEFFone\r\n\n\ntwo \xff\n"+strings.Repeat("x", 1500)+"\nhalf")
	f.start(next, func(c *Config) { c.Include = append(c.Include, f.path("**/0.log")) })
	f.write("sub/pods/shop_web-7_abc/nginx/0.log", "in a pod\n")
	want := []string{"one", "two \uFFFD", strings.Repeat("x", 1024), strings.Repeat("x", 476), "in a pod"}
	next.expect(t, want...)
	f.write("shop.log", " and half\n")
	next.expect(t, append(want, "half and half")...)
	next.mu.Lock()
	defer next.mu.Unlock()
	assert.Equal(t, "shop", next.resources["one"]["service.name"])
	assert.Equal(t, "web-1", next.resources["one"]["host.name"])
	assert.Equal(t, f.path("shop.log"), next.paths["one"])
	inPod := next.resources["in a pod"]
	assert.Equal(t, []any{"nginx", "shop", "web-7", "abc", "nginx", "web-7"}, []any{
		inPod["service.name"], inPod["k8s.namespace.name"], inPod["k8s.pod.name"], inPod["k8s.pod.uid"], inPod["k8s.container.name"], inPod["service.instance.id"],
	})
}

// TestOrderWithoutTimes holds that lines without times can be shown in the order of the file.
func TestOrderWithoutTimes(t *testing.T) {
	f := newFolder(t)
	var text strings.Builder
	for n := range 200 {
		fmt.Fprintf(&text, "%d\n", n)
	}
	f.write("app.log", text.String())
	taken := make(chan plog.Logs, 1000)
	next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		copied := plog.NewLogs()
		logs.CopyTo(copied)
		taken <- copied
		return nil
	})
	require.NoError(t, err)
	f.start(next, func(cfg *Config) { cfg.StartAt = "beginning" })
	before, seen := pcommon.Timestamp(0), 0
	for seen < 200 {
		for _, record := range (<-taken).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
			assert.Equal(t, fmt.Sprint(seen), record.Body().Str())
			assert.Greater(t, record.Timestamp(), before)
			before = record.Timestamp()
			seen++
		}
	}
}

func TestStartAt(t *testing.T) {
	f, next := newFolder(t), newSink()
	f.write("a.log", "old\nhalf")
	f.write("old.log.gz", "not read at all")
	atEnd := func(c *Config) { c.StartAt, c.Include = "end", []string{f.path("*.log"), f.path("*.gz")} }
	r := f.start(next, atEnd)
	require.Eventually(t, func() bool { return r.telemetry.following.Load() == 2 }, 20*time.Second, time.Millisecond)
	f.write("a.log", " a line\nnew\n")
	f.write("later.log", "from its beginning\n")
	next.expect(t, "half a line", "new", "from its beginning")
	require.NoError(t, r.Shutdown(t.Context()))

	f.write("away.log", "came while nobody looked\n")
	f.write("b.txt", "a new pattern leads here\n")
	next = newSink()
	f.start(next, func(c *Config) { atEnd(c); c.Include = append(c.Include, f.path("*.txt")) })
	next.expect(t, "came while nobody looked")
	f.write("b.txt", "new\n")
	next.expect(t, "came while nobody looked", "new")
}

func TestNobodyTakesThem(t *testing.T) {
	f, next := newFolder(t), newSink()
	next.refuse(errors.New("full"))
	r := f.start(next, func(c *Config) { c.Include = []string{f.path("*.log*")} })
	f.write("a.log", "one\n")
	require.Eventually(t, func() bool { next.mu.Lock(); defer next.mu.Unlock(); return next.asked > 1 }, 20*time.Second, time.Millisecond)
	// Rotation goes on meanwhile.
	require.NoError(t, os.Rename(f.path("a.log"), f.path("a.log.1")))
	f.write("a.log", "two\n")
	require.NoError(t, r.Shutdown(t.Context()))
	f.write("a.log", "three\n")
	f.start(next, func(c *Config) { c.Include = []string{f.path("*.log*")} })
	next.refuse(nil)
	next.expect(t, "one", "two", "three")
	next.refuse(consumererror.NewPermanent(errors.New("too large")))
	next.mu.Lock()
	before := next.asked
	next.mu.Unlock()
	f.write("a.log", "refused for good\n")
	require.Eventually(t, func() bool { next.mu.Lock(); defer next.mu.Unlock(); return next.asked > before }, 20*time.Second, time.Millisecond)
	next.refuse(nil)
	f.write("a.log", "four\n")
	next.expect(t, "one", "two", "three", "four")
}

func TestDeletedWhileOpen(t *testing.T) {
	f, next := newFolder(t), newSink()
	r := f.start(next, nil)
	f.write("a.log", "one\n")
	next.expect(t, "one")
	file, err := os.OpenFile(f.path("a.log"), os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	require.NoError(t, os.Remove(f.path("a.log")))
	_, err = file.WriteString("two\nhalf a line")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	next.expect(t, "one", "two", "half a line")
	require.Eventually(t, func() bool { return r.telemetry.following.Load() == 0 }, 20*time.Second, time.Millisecond)
}

func TestTruncatedUnderAProgramThatDoesNotAppend(t *testing.T) {
	f, next := newFolder(t), newSink()
	file, err := os.Create(f.path("a.log"))
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString("before the truncation\n")
	require.NoError(t, err)
	f.start(next, nil)
	next.expect(t, "before the truncation")
	require.NoError(t, os.Truncate(f.path("a.log"), 0))
	_, err = file.WriteString("behind a hole\n")
	require.NoError(t, err)
	next.expect(t, "before the truncation", "behind a hole")
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var buf bytes.Buffer
	writer := gzip.NewWriter(&buf)
	_, err := writer.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return buf.String()
}

func TestCompressed(t *testing.T) {
	f, next := newFolder(t), newSink()
	var lines []string
	for n := range 3000 {
		lines = append(lines, fmt.Sprintf("line %d of a compressed file", n))
	}
	whole := packed(t, strings.Join(lines, "\n")) // the last line has no end
	f.write("never-seen.log.1.gz", whole)
	f.write("damaged.log.1.gz", packed(t, "kept\n"+strings.Repeat("x", 5000))[:30])
	f.write("none.log.1.gz", "this is not compressed")
	f.start(next, func(c *Config) { c.Include = []string{f.path("*.gz"), f.path("*.log")} })
	f.write("live.log", "live\n")
	require.Eventually(t, func() bool { return len(next.all()) >= 3001 }, 20*time.Second, time.Millisecond)
	got := next.all()
	for _, line := range append(lines, "live") {
		require.Contains(t, got, line)
	}
}

func TestStackTraces(t *testing.T) {
	f, next := newFolder(t), newSink()
	f.start(next, func(c *Config) { c.Multiline = MultilineConfig{Preset: "stacktrace", Flush: 100 * time.Millisecond} })
	f.write("a.log", "ERROR x\n\tat a.b(c)\n")
	next.expect(t, "ERROR x\n\tat a.b(c)")
	f.write("a.log", "ERROR y\n\tat d\nINFO z\n")
	next.expect(t, "ERROR x\n\tat a.b(c)", "ERROR y\n\tat d", "INFO z")
}

func TestManyFiles(t *testing.T) {
	f, next := newFolder(t), newSink()
	var want []string
	r := f.start(next, func(c *Config) { c.MaxOpenFiles, c.Exclude = 3, []string{f.path("1?.log")} })
	for round := range 3 {
		for n := range 30 {
			line := fmt.Sprintf("%d of %d", round, n)
			f.write(fmt.Sprintf("%d.log", n), line+"\n")
			if n < 10 || n >= 20 {
				want = append(want, line)
			}
		}
		next.expect(t, want...)
	}
	require.NoError(t, r.Shutdown(t.Context()))
	assert.Zero(t, r.opened)
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

func TestSaysWhatItCannotRead(t *testing.T) {
	f, about := newFolder(t), &host{}
	f.write("a.log", "a file, and no folder\n")
	r := f.startOn(about, newSink(), func(c *Config) { c.Include = []string{f.path("a.log/*.log")} })
	require.Eventually(t, func() bool { about.mu.Lock(); defer about.mu.Unlock(); return len(about.said) == 1 }, 20*time.Second, time.Millisecond)
	require.ErrorContains(t, about.said[0], "a.log: not a directory")
	require.NoError(t, r.Shutdown(t.Context()))

	about = &host{}
	r = f.startOn(about, newSink(), nil)
	require.NoError(t, r.Shutdown(t.Context()))
	r.complain("/x.log", os.ErrPermission)
	r.complain("/x.log", os.ErrPermission)
	r.complain("/y.log", os.ErrPermission)
	r.fine("/x.log")
	r.fine("/y.log")
	require.Len(t, about.said, 3)
	require.ErrorContains(t, about.said[0], "read /x.log: permission denied")
	require.ErrorContains(t, about.said[1], "read /y.log: permission denied")
	require.NoError(t, about.said[2])
}

func TestJournalSurvivesATornWrite(t *testing.T) {
	f, next := newFolder(t), newSink()
	f.write("a.log", "one\n")
	r := f.start(next, nil)
	next.expect(t, "one")
	require.NoError(t, r.Shutdown(t.Context()))
	file, err := os.OpenFile(r.journal.path, os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(`{"intent":{"batch":9,"spans":[{"fi`)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	next = newSink()
	f.start(next, nil)
	f.write("a.log", "two\n")
	next.expect(t, "two")
}

func TestJournalStaysSmall(t *testing.T) {
	j, err := openJournal(filepath.Join(t.TempDir(), "x.offsets"))
	require.NoError(t, err)
	require.NoError(t, j.keep(known{ID: 1, Path: "/a.log"}))
	for batch := uint64(1); batch < 20_000; batch++ {
		to := progress{Offset: int64(batch), Head: mark{1024, 1 << 63}, Tail: mark{256, 1 << 62}}
		require.NoError(t, j.write(entry{Intent: &intent{Batch: batch, Spans: []span{{File: 1, From: int64(batch) - 1, To: to, Records: 1}}}}))
		require.NoError(t, j.write(entry{Done: batch}))
	}
	info, err := os.Stat(j.path)
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(compactAt+4096))
	require.NoError(t, j.close())
	again, err := openJournal(j.path)
	require.NoError(t, err)
	assert.Equal(t, int64(19_999), again.files[1].Offset)
	assert.Equal(t, uint64(19_999), again.Batch)
	assert.Nil(t, again.open)
}

// BenchmarkRead follows a file that is there: bytes a second of one core, everything included but
// the next part.
func BenchmarkRead(b *testing.B) {
	line := `{"time":"2026-11-30T10:00:00.123456789Z","level":"info","msg":"request served","method":"GET","path":"/api/items","status":200,"took":0.0123}` + "\n"
	for _, format := range []string{"auto", "plain"} {
		b.Run(format, func(b *testing.B) {
			dir := b.TempDir()
			require.NoError(b, os.WriteFile(filepath.Join(dir, "a.log"), []byte(strings.Repeat(line, 1000)), 0o600))
			cfg := defaultConfig()
			cfg.Format = format
			r, err := newReceiver(receivertest.NewNopSettings(NewFactory().Type()), cfg, &counting{})
			require.NoError(b, err)
			r.resource = pcommon.NewResource()
			r.journal, err = openJournal(filepath.Join(dir, "x.offsets"))
			require.NoError(b, err)
			r.buffer = make([]byte, tailBytes+int(cfg.MaxBatchBytes)+int(cfg.MaxRecordBytes)+1)
			t := &tracked{known: known{ID: 1, Path: filepath.Join(dir, "a.log"), Origin: "a.log"}, news: true}
			info, err := os.Stat(t.Path)
			require.NoError(b, err)
			t.inode = inodeOf(info, nil)
			r.files = append(r.files, t)
			b.SetBytes(int64(len(line) * 1000))
			for b.Loop() {
				t.progress, t.news = progress{}, true
				for t.Offset < info.Size() {
					batch := r.newBatch(r.journal.Batch + 1)
					r.pass(batch, time.Now())
					require.True(b, r.deliver(b.Context(), batch))
				}
			}
			require.NoError(b, r.journal.close())
		})
	}
}

type counting struct{ n int }

func (*counting) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (c *counting) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	c.n += logs.LogRecordCount()
	return nil
}
