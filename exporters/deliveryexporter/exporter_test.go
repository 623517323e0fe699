package deliveryexporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/internal/recordid"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("DELIVERY_TEST_DIR"); dir != "" {
		writeForEver(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// fake is a server that says what the test wants.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	answer   func(w http.ResponseWriter, bodies []string) bool // false leaves the answer to the server
	messages []string
	ids      map[string]int
	requests int
	headers  http.Header
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{ids: map[string]int{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	switch r.Header.Get("Content-Encoding") {
	case "zstd":
		decoder, err := zstd.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		defer decoder.Close()
		body = decoder
	case "gzip":
		content, err := io.ReadAll(r.Body)
		if err == nil {
			content, err = codecGzip.content(content)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.take(w, r, content)
		return
	}
	content, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.take(w, r, content)
}

func (f *fake) take(w http.ResponseWriter, r *http.Request, content []byte) {
	request := plogotlp.NewExportRequest()
	if err := request.UnmarshalProto(content); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	var bodies, ids []string
	for _, resource := range request.Logs().ResourceLogs().All() {
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			bodies = append(bodies, record.Body().AsString())
			id, _ := record.Attributes().Get(recordid.Attribute)
			ids = append(ids, id.Str())
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	f.headers = r.Header
	if f.answer != nil && f.answer(w, bodies) {
		return
	}
	for i := range bodies {
		f.messages = append(f.messages, bodies[i])
		f.ids[ids[i]]++
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (f *fake) answers(answer func(w http.ResponseWriter, bodies []string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.messages)
}

func (f *fake) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func logsOf(messages ...string) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, message := range messages {
		record := records.AppendEmpty()
		record.Body().SetStr(message)
		record.SetTimestamp(pcommon.NewTimestampFromTime(time.Unix(1_700_000_000, 0)))
	}
	return logs
}

func testConfig(t *testing.T, url string) *Config {
	t.Helper()
	cfg := defaultConfig()
	cfg.URL, cfg.Queue.Directory = url, t.TempDir()
	cfg.Retry = RetryConfig{Initial: 10 * time.Millisecond, Max: 20 * time.Millisecond}
	cfg.APIKey = "phk_1\n" // as ${file:...} gives it
	require.NoError(t, cfg.Validate())
	return cfg
}

// settings are those of an exporter `delivery` without a name.
func settings() exporter.Settings {
	set := exportertest.NewNopSettings(NewFactory().Type())
	set.ID = component.NewID(NewFactory().Type())
	return set
}

func start(t *testing.T, cfg *Config) (*logsExporter, func()) {
	t.Helper()
	created, err := NewFactory().CreateLogs(t.Context(), settings(), cfg)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), componenttest.NewNopHost()))
	var once sync.Once
	stop := func() { once.Do(func() { require.NoError(t, created.Shutdown(context.Background())) }) }
	t.Cleanup(stop)
	return created.(*logsExporter), stop
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 5*time.Millisecond)
}

func TestDelivers(t *testing.T) {
	for _, compression := range []string{"zstd", "gzip", "none"} {
		t.Run(compression, func(t *testing.T) {
			server := newFake(t)
			cfg := testConfig(t, server.URL)
			cfg.Compression = compression
			e, _ := start(t, cfg)
			require.NoError(t, e.ConsumeLogs(t.Context(), logsOf("one", "two")))
			require.NoError(t, e.ConsumeLogs(t.Context(), plog.NewLogs()), "nothing is nothing")
			eventually(t, func() bool { return server.count() == 2 })
			assert.Equal(t, "phk_1", server.headers.Get("X-API-Key"))
			assert.Len(t, server.ids, 2, "every record has an id")
			eventually(t, func() bool { return e.stats().Records == 0 })
		})
	}
}

// What was kept while the server was away comes as few requests, each record once, and what is
// new does not wait for it.
func TestServerAway(t *testing.T) {
	server := newFake(t)
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	e, _ := start(t, testConfig(t, server.URL))
	const kept = 500
	for n := range kept {
		require.NoError(t, e.ConsumeLogs(t.Context(), logsOf("kept "+strconv.Itoa(n))))
	}
	eventually(t, func() bool { return server.asked() > 1 })
	assert.Zero(t, server.count())
	assert.GreaterOrEqual(t, e.stats().Items, kept)
	before := server.asked()
	server.answers(nil)
	eventually(t, func() bool { return server.count() == kept })
	assert.Less(t, server.asked()-before, kept/10)
	assert.Len(t, server.ids, kept)
}

// A crash between a success and the note of it sends records again, with the same ids.
func TestStartedAgain(t *testing.T) {
	server := newFake(t)
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	cfg := testConfig(t, server.URL)
	e, stop := start(t, cfg)
	for n := range 20 {
		require.NoError(t, e.ConsumeLogs(t.Context(), logsOf(strconv.Itoa(n))))
	}
	stop()
	server.answers(nil)
	_, stop = start(t, cfg)
	eventually(t, func() bool { return server.count() == 20 })
	stop()
	e, _ = start(t, cfg)
	assert.Zero(t, e.stats().Items)
	assert.Equal(t, 20, server.count())
}

func TestOneSpoilsNoOther(t *testing.T) {
	server := newFake(t)
	var gate sync.Mutex
	gate.Lock() // so that all come in one request
	server.answers(func(w http.ResponseWriter, bodies []string) bool {
		if len(bodies) == 1 && bodies[0] == "first" {
			gate.Lock()
			return false
		}
		if !slices.Contains(bodies, "bad") {
			return false
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"detail":"it is bad","fix":"make it good"}`)
		return true
	})
	e, _ := start(t, testConfig(t, server.URL))
	for _, body := range []string{"first", "a", "bad", "b", "c"} {
		require.NoError(t, e.ConsumeLogs(t.Context(), logsOf(body)))
	}
	gate.Unlock()
	eventually(t, func() bool { return e.stats().Records == 0 })
	assert.Equal(t, []string{"first", "a", "b", "c"}, server.messages)
}

func TestKeyThatIsRefusedLosesNothing(t *testing.T) {
	server := newFake(t)
	server.answers(func(w http.ResponseWriter, _ []string) bool {
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	e, _ := start(t, testConfig(t, server.URL))
	require.NoError(t, e.ConsumeLogs(t.Context(), logsOf("one")))
	eventually(t, func() bool { return server.asked() > 3 })
	assert.Equal(t, 1, e.stats().Items)
	server.answers(nil)
	eventually(t, func() bool { return server.count() == 1 })
}

// TestServerThatExpectsTLS holds that a url with http in place of https loses nothing, and says so.
func TestServerThatExpectsTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	e, _ := start(t, testConfig(t, strings.Replace(server.URL, "https", "http", 1)))
	require.NoError(t, e.ConsumeLogs(t.Context(), logsOf("one")))
	c, err := newClient(testConfig(t, strings.Replace(server.URL, "https", "http", 1)), "logs", settings().BuildInfo)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.close()) }()
	for _, known := range []bool{false, true} {
		c.(*httpClient).known = known
		_, err = c.send(t.Context(), codecNone, nil)
		require.ErrorContains(t, err, "Client sent an HTTP request to an HTTPS server")
		var refused *refusedError
		assert.NotErrorAs(t, err, &refused)
	}
	assert.Equal(t, 1, e.stats().Items)
}

func TestAnswers(t *testing.T) {
	partialAnswer := plogotlp.NewExportResponse()
	partialAnswer.PartialSuccess().SetRejectedLogRecords(3)
	partialAnswer.PartialSuccess().SetErrorMessage("too old")
	encoded, err := partialAnswer.MarshalProto()
	require.NoError(t, err)
	for _, tt := range []struct {
		name    string
		status  int
		header  map[string]string
		body    string
		want    outcome
		says    string
		refused bool
		after   time.Duration
	}{
		{name: "all", status: 200},
		{name: "some", status: 200, body: string(encoded), want: outcome{3, "too old"}},
		{name: "a page", status: 200, body: "<html>", says: "is the url right?"},
		{name: "a redirect", status: 302, header: map[string]string{"Location": "/login"}, says: "302 Found"},
		{
			name: "a problem", status: 400, header: map[string]string{"Content-Type": "application/problem+json"},
			body: `{"detail":"no","fix":"yes"}`, says: "400 Bad Request: no (yes)", refused: true,
		},
		{name: "a page of another server", status: 400, header: map[string]string{"Content-Type": "text/html"}, body: "<html>", says: "400"},
		{name: "a text", status: 413, header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}, body: "too long", says: ": too long", refused: true},
		{name: "busy", status: 429, header: map[string]string{"Retry-After": "7"}, says: "429", after: 7 * time.Second},
		{name: "full", status: 507, says: "507"},
		{name: "a fault", status: 500, says: "500"},
		{name: "no such path", status: 404, says: "404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			defer server.Close()
			c, err := newClient(testConfig(t, server.URL), "logs", settings().BuildInfo)
			require.NoError(t, err)
			defer func() { require.NoError(t, c.close()) }()
			got, err := c.send(t.Context(), codecNone, nil)
			assert.Equal(t, tt.want, got)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
			var refused *refusedError
			assert.Equal(t, tt.refused, errors.As(err, &refused))
			var later *laterError
			if tt.after > 0 && assert.ErrorAs(t, err, &later) {
				assert.Equal(t, tt.after, later.after)
			}
		})
	}
}

type grpcFake struct {
	pmetricotlp.UnimplementedGRPCServer
	mu     sync.Mutex
	points int
	key    []string
	fails  int
}

func (f *grpcFake) Export(ctx context.Context, request pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	response := pmetricotlp.NewExportResponse()
	if f.fails > 0 {
		f.fails--
		return response, status.Error(codes.Unavailable, "not now")
	}
	f.key = metadata.ValueFromIncomingContext(ctx, "x-api-key")
	f.points += request.Metrics().DataPointCount()
	return response, nil
}

func TestGRPC(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, received := grpc.NewServer(), &grpcFake{fails: 2}
	pmetricotlp.RegisterGRPCServer(server, received)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	cfg := testConfig(t, "http://"+listener.Addr().String())
	cfg.Protocol = protocolGRPC
	created, err := NewFactory().CreateMetrics(t.Context(), settings(), cfg)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), componenttest.NewNopHost()))
	for n := range 40 {
		metrics := pmetric.NewMetrics()
		metric := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		metric.SetName("m" + strconv.Itoa(n))
		metric.SetEmptyGauge().DataPoints().AppendEmpty().SetDoubleValue(1)
		require.NoError(t, created.ConsumeMetrics(t.Context(), metrics))
	}
	eventually(t, func() bool { received.mu.Lock(); defer received.mu.Unlock(); return received.points == 40 })
	assert.Equal(t, []string{"phk_1"}, received.key)
	require.NoError(t, created.Shutdown(t.Context()))
	server.Stop()
	require.NoError(t, <-served)
}

// writeForEver is the process that TestKilled kills: it says of each record that it was taken.
func writeForEver(dir string) {
	cfg := defaultConfig()
	cfg.URL, cfg.Queue.Directory = "http://127.0.0.1:1", dir
	created, err := NewFactory().CreateLogs(context.Background(), settings(), cfg)
	if err != nil {
		panic(err)
	}
	if err := created.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		panic(err)
	}
	for n := 0; ; n++ {
		if err := created.ConsumeLogs(context.Background(), logsOf(strconv.Itoa(n))); err != nil {
			panic(err)
		}
		fmt.Println(n)
	}
}

// A process that is killed has sent everything that it took, once, after the next start.
func TestKilled(t *testing.T) {
	server := newFake(t)
	cfg := testConfig(t, server.URL)
	taken := 0
	for range 3 {
		command := exec.CommandContext(t.Context(), os.Args[0])
		command.Env = append(os.Environ(), "DELIVERY_TEST_DIR="+cfg.Queue.Directory)
		output, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		last := -1
		for last < 300 {
			_, err := fmt.Fscanln(output, &last)
			require.NoError(t, err)
		}
		require.NoError(t, command.Process.Kill())
		for { // what it had still written
			if _, err := fmt.Fscanln(output, &last); err != nil {
				break
			}
		}
		require.Error(t, command.Wait())
		taken += last + 1
	}
	e, _ := start(t, cfg)
	eventually(t, func() bool { return e.stats().Records == 0 })
	server.mu.Lock()
	defer server.mu.Unlock()
	// The last record of each may have been taken without the word of it.
	assert.GreaterOrEqual(t, len(server.messages), taken)
	assert.LessOrEqual(t, len(server.messages), taken+3)
	assert.Len(t, server.ids, len(server.messages), "none twice")
}
