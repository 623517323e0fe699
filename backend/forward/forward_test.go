package forward

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is a forwarder on the network.
type gateway struct {
	*Forwarder
	*httptest.Server
}

// start puts a forwarder before backends.
func start(t *testing.T, cfg Config, backends ...string) gateway {
	t.Helper()
	for _, backend := range backends {
		u, err := url.Parse(backend)
		require.NoError(t, err)
		cfg.Backends = append(cfg.Backends, u)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	f, err := New(cfg, noop.Meter{}, zap.NewNop())
	require.NoError(t, err)
	server := httptest.NewServer(f)
	t.Cleanup(func() {
		f.EndStreams()
		server.Close()
		f.Close()
	})
	return gateway{f, server}
}

// serve starts a backend.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// nowhere is the address of a server that has gone.
func nowhere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return "http://" + listener.Addr().String()
}

// reply is an answer whose body is closed with the test.
type reply struct {
	StatusCode int
	Header     http.Header
	Body       io.Reader
}

func (g gateway) ask(t *testing.T, method, path string, body io.Reader, headers ...string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, g.URL+path, body)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	request.Host = "pharos.example:8080"
	response, err := g.Client().Transport.RoundTrip(request) // redirects stay as they are
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return reply{response.StatusCode, response.Header, response.Body}
}

func text(t *testing.T, response reply) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

func documentOf(t *testing.T, response reply) problem.Document {
	t.Helper()
	require.Equal(t, problem.ContentType, response.Header.Get("Content-Type"))
	var doc problem.Document
	require.NoError(t, json.NewDecoder(response.Body).Decode(&doc))
	assert.Equal(t, response.StatusCode, doc.Status)
	assert.Equal(t, http.StatusText(response.StatusCode), doc.Title)
	return doc
}

// What goes over a proxy must be what the client sent, but for what belongs to the connection.
func TestRequest(t *testing.T) {
	var got *http.Request
	var body string
	backend := serve(t, func(w http.ResponseWriter, r *http.Request) {
		read, _ := io.ReadAll(r.Body)
		got, body = r, string(read)
		http.SetCookie(w, &http.Cookie{Name: "pharos_access", Value: "a", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.SetCookie(w, &http.Cookie{Name: "pharos_refresh", Value: "r", Path: "/v1/auth"})
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "for the gateway")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	})
	g := start(t, Config{}, backend.URL)
	response := g.ask(t, http.MethodPut, "/v1/a%2Fb/../c?q=%zz&x=1;2", strings.NewReader("the body"),
		"Authorization", "Bearer key", "X-API-Key", "key", "Cookie", "pharos_access=secret", "Origin", "http://pharos.example:8080",
		"X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example", "Forwarded", "for=6.6.6.6",
		"Connection", "X-Private", "X-Private", "for the gateway", "Upgrade", "h2c", "Accept-Encoding", "zstd")

	assert.Equal(t, http.MethodPut, got.Method)
	assert.Equal(t, "/v1/a%2Fb/../c?q=%zz&x=1;2", got.RequestURI, "as it was written")
	assert.Equal(t, "pharos.example:8080", got.Host)
	assert.Equal(t, "the body", body)
	for name, want := range map[string]string{
		"Authorization": "Bearer key", "X-Api-Key": "key", "Cookie": "pharos_access=secret", "Origin": "http://pharos.example:8080",
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "pharos.example:8080", "Forwarded": "",
		"X-Private": "", "Upgrade": "", "Connection": "", "Accept-Encoding": "zstd",
	} {
		assert.Equal(t, want, strings.Join(got.Header.Values(name), "|"), name)
	}
	assert.Equal(t, http.StatusTeapot, response.StatusCode)
	assert.Equal(t, []string{"pharos_access=a; HttpOnly; SameSite=Strict", "pharos_refresh=r; Path=/v1/auth"}, response.Header.Values("Set-Cookie"))
	assert.Empty(t, response.Header.Get("X-Hop"))
	assert.Equal(t, "short and stout", text(t, response))
}

func TestTraceContext(t *testing.T) {
	var parent string
	backend := serve(t, func(_ http.ResponseWriter, r *http.Request) { parent = r.Header.Get("Traceparent") })
	g := start(t, Config{}, backend.URL)
	const sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	g.ask(t, http.MethodGet, "/", nil, "Traceparent", sent)
	assert.Empty(t, parent, "what the client says is no trace of ours: a backend would believe this gateway")

	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	request.Header.Set("Traceparent", sent)
	g.ServeHTTP(httptest.NewRecorder(), request.WithContext(trace.ContextWithSpanContext(t.Context(), span)))
	assert.Equal(t, "00-01000000000000000000000000000000-0200000000000000-00", parent, "that of the span")
}

func TestBackendAway(t *testing.T) {
	away := nowhere(t)
	g := start(t, Config{}, away)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		response := g.ask(t, method, "/v1/health", nil)
		assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
		assert.Equal(t, "2", response.Header.Get("Retry-After"))
		doc := documentOf(t, response)
		assert.Equal(t, "unavailable", doc.Code)
		assert.Equal(t, "the backend is away", doc.Detail, "without its address: anybody may ask")
	}
	check := g.Checks()["backend "+away]
	require.NotNil(t, check)
	require.ErrorContains(t, check(t.Context()), "backend "+away)
	require.ErrorContains(t, check(t.Context()), "connection refused")
}

// dropper accepts requests and breaks their connections.
func dropper(t *testing.T, asked *atomic.Int32) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
}

func TestConnectionBreaks(t *testing.T) {
	var asked atomic.Int32
	g := start(t, Config{}, dropper(t, &asked).URL)
	response := g.ask(t, http.MethodGet, "/v1/health", nil)
	assert.Equal(t, http.StatusBadGateway, response.StatusCode)
	assert.Equal(t, "2", response.Header.Get("Retry-After"))
	assert.Equal(t, "unavailable", documentOf(t, response).Code)

	asked.Store(0)
	response = g.ask(t, http.MethodPost, "/v1/auth/apikey", strings.NewReader("{}"))
	assert.Equal(t, http.StatusBadGateway, response.StatusCode)
	assert.Empty(t, response.Header.Get("Retry-After"), "it may have been carried out")
	assert.Contains(t, documentOf(t, response).Fix, "look whether it did what was asked")
	assert.Equal(t, int32(1), asked.Load())
}

func TestTimeout(t *testing.T) {
	leave := make(chan struct{})
	slow := serve(t, func(http.ResponseWriter, *http.Request) { <-leave })
	var other atomic.Int32
	quick := serve(t, func(http.ResponseWriter, *http.Request) { other.Add(1) })
	g := start(t, Config{Timeout: 50 * time.Millisecond}, slow.URL, quick.URL)
	t.Cleanup(func() { close(leave) })
	slowOnes := 0
	for range 4 {
		response := g.ask(t, http.MethodGet, "/api/v1/query", nil)
		if response.StatusCode == http.StatusGatewayTimeout {
			slowOnes++
			doc := documentOf(t, response)
			assert.Equal(t, "timeout", doc.Code)
			assert.Contains(t, doc.Fix, "backend::timeout")
		}
	}
	assert.Equal(t, 2, slowOnes, "a query that is slow on one is not run on the other too")
	assert.Equal(t, int32(2), other.Load())
}

// named starts a backend that says its name, and counts.
func named(t *testing.T, name string, asked *atomic.Int32) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, name+string(body))
	})
}

func TestInTurn(t *testing.T) {
	var a, b, c atomic.Int32
	g := start(t, Config{}, named(t, "a", &a).URL, named(t, "b", &b).URL, named(t, "c", &c).URL)
	for range 9 {
		g.ask(t, http.MethodGet, "/", nil)
	}
	assert.Equal(t, []int32{3, 3, 3}, []int32{a.Load(), b.Load(), c.Load()})
}

func TestFailover(t *testing.T) {
	var asked, dropped atomic.Int32
	good := func(t *testing.T) string { t.Helper(); return named(t, "good", &asked).URL }
	closed := func(t *testing.T) string {
		t.Helper()
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			dropped.Add(1)
			w.Header().Set(frontdoor.ClosedHeader, "true")
			w.WriteHeader(http.StatusServiceUnavailable)
		}).URL
	}
	broken := func(t *testing.T) string { t.Helper(); return dropper(t, &dropped).URL }
	busy := func(t *testing.T) string {
		t.Helper()
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }).URL
	}
	tests := []struct {
		name     string
		fault    func(*testing.T) string
		method   string
		body     string
		statuses []int // that are allowed, in several requests
	}{
		{"away, GET", nowhere, http.MethodGet, "", []int{200}},
		{"away, POST: it never got there", nowhere, http.MethodPost, "body", []int{200}},
		{"starting, GET", closed, http.MethodGet, "", []int{200}},
		{"starting, POST without a body: it was not looked at", closed, http.MethodPost, "", []int{200}},
		{"broken, GET", broken, http.MethodGet, "", []int{200}},
		{"broken, HEAD", broken, http.MethodHead, "", []int{200}},
		{"broken, POST: it may have been carried out", broken, http.MethodPost, "body", []int{200, 502}},
		{"broken, DELETE", broken, http.MethodDelete, "", []int{200, 502}},
		{"an answer is an answer", busy, http.MethodGet, "", []int{200, 503}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := start(t, Config{}, tt.fault(t), good(t))
			seen := map[int]bool{}
			for range 4 {
				var body io.Reader
				if tt.body != "" {
					body = io.NopCloser(strings.NewReader(tt.body)) // cannot be read twice
				}
				response := g.ask(t, tt.method, "/", body)
				seen[response.StatusCode] = true
				if response.StatusCode == http.StatusOK && tt.method != http.MethodHead {
					assert.Equal(t, "good"+tt.body, text(t, response))
				}
				assert.Empty(t, response.Header.Get(frontdoor.ClosedHeader))
			}
			assert.Len(t, seen, len(tt.statuses))
			for _, status := range tt.statuses {
				assert.True(t, seen[status], "%v", seen)
			}
		})
	}
}

// A backend that is away is asked last until it answers again.
func TestBackendComesBack(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	var first, second atomic.Int32
	g := start(t, Config{}, "http://"+address, named(t, "second", &second).URL)
	for range 2 {
		assert.Equal(t, "second", text(t, g.ask(t, http.MethodGet, "/", nil)))
	}
	assert.True(t, g.backends.backends[0].away.Load())

	listener, err = net.Listen("tcp", address)
	require.NoError(t, err)
	late := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { first.Add(1) })}}
	late.Start()
	t.Cleanup(late.Close)
	require.Eventually(t, func() bool { return !g.backends.backends[0].away.Load() }, 30*time.Second, 10*time.Millisecond, "the probe finds it")
	before := second.Load()
	for range 4 {
		g.ask(t, http.MethodGet, "/", nil)
	}
	assert.Equal(t, before+2, second.Load(), "in turn again")
	require.NoError(t, g.Checks()["backend http://"+address](t.Context()))
}

// An answer goes on as it comes, in little memory however long it is; one that breaks off does
// so for the client too.
func TestLongAnswers(t *testing.T) {
	const size = 64 << 20
	backend := serve(t, func(w http.ResponseWriter, r *http.Request) {
		block := make([]byte, 1<<20)
		for range size / len(block) {
			_, _ = w.Write(block)
		}
		if r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
	})
	g := start(t, Config{}, backend.URL)
	n, err := io.Copy(io.Discard, g.ask(t, http.MethodGet, "/", nil).Body)
	require.NoError(t, err)
	assert.Equal(t, int64(size), n)
	_, err = io.Copy(io.Discard, g.ask(t, http.MethodGet, "/broken", nil).Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestClientLeaves(t *testing.T) {
	entered, left := make(chan struct{}), make(chan struct{})
	backend := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	})
	g := start(t, Config{}, backend.URL)
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.URL, http.NoBody)
	require.NoError(t, err)
	go func() {
		<-entered
		cancel()
	}()
	_, err = g.Client().Do(request) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, context.Canceled)
	<-left // the backend stops working for nobody
}

func TestLoop(t *testing.T) {
	var g gateway
	door := serve(t, func(w http.ResponseWriter, r *http.Request) { g.ServeHTTP(w, r) })
	g = start(t, Config{}, door.URL)
	response := g.ask(t, http.MethodGet, "/", nil)
	assert.Equal(t, http.StatusLoopDetected, response.StatusCode)
	documentOf(t, response)
}

func TestTLS(t *testing.T) {
	backend := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	t.Cleanup(backend.Close)
	pool := backend.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs //nolint:forcetypeassert // httptest makes it so
	g := start(t, Config{TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}, backend.URL)
	assert.Equal(t, "HTTP/1.1", text(t, g.ask(t, http.MethodGet, "/", nil)))

	stranger := start(t, Config{}, backend.URL)
	assert.Equal(t, http.StatusServiceUnavailable, stranger.ask(t, http.MethodGet, "/", nil).StatusCode)
	require.ErrorContains(t, stranger.Checks()["backend "+backend.URL](t.Context()), "certificate signed by unknown authority")
}

// Events come when they are sent, and the stream ends whole when the gateway stops.
func TestEventStream(t *testing.T) {
	more, gone := make(chan string), make(chan struct{})
	backend := serve(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for {
			select {
			case event := <-more:
				_, _ = io.WriteString(w, "data: "+event+"\n\n")
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	g := start(t, Config{}, backend.URL)
	go func() { more <- "first" }()
	lines := bufio.NewReader(g.ask(t, http.MethodGet, "/v1/stream", nil).Body)
	for _, want := range []string{"first", "second"} {
		line, err := lines.ReadString('\n') // blocks for ever when something keeps it back
		require.NoError(t, err)
		assert.Equal(t, "data: "+want+"\n", line)
		_, err = lines.ReadString('\n')
		require.NoError(t, err)
		if want == "first" {
			more <- "second"
		}
	}
	g.EndStreams()
	_, err := lines.ReadByte()
	require.ErrorIs(t, err, io.EOF, "it has ended and not broken")
	<-gone
}
