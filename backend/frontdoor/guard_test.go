package frontdoor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/auth"
)

func TestCredentials(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "GET /ingest", auth.ScopeIngest, whoami)
	f.handle(t, "GET /query", auth.ScopeQuery, whoami)
	f.handle(t, "GET /open", "", whoami)
	tests := []struct {
		name, path    string
		header, value string
		status        int
		says          string // the body, or what the problem document says
	}{
		{"none", "/ingest", "", "", http.StatusUnauthorized, "the request carries no credential"},
		{"unknown", "/ingest", "X-Api-Key", "guess", http.StatusUnauthorized, "the credential is not known"},
		{"no bearer", "/ingest", "Authorization", "Basic YTpi", http.StatusUnauthorized, "is no bearer token"},
		{"without the scope", "/query", "X-Api-Key", "writer", http.StatusForbidden, "the credential lacks the scope query"},
		{"key header", "/ingest", "X-Api-Key", "writer", http.StatusOK, "1/w"},
		{"bearer", "/ingest", "Authorization", "Bearer writer", http.StatusOK, "1/w"},
		{"another organisation", "/ingest", "X-Api-Key", "other", http.StatusOK, "2/o"},
		{"admin may all", "/query", "X-Api-Key", "admin", http.StatusOK, "1/a"},
		{"cookie", "/query", "Cookie", auth.AccessCookie + "=admin", http.StatusOK, "1/a"},
		{"anonymous", "/open", "", "", http.StatusOK, "/"},
		{"anonymous route knows its caller", "/open", "X-Api-Key", "other", http.StatusOK, "2/o"},
		{"anonymous route with an old cookie", "/open", "Cookie", auth.AccessCookie + "=old", http.StatusOK, "/"},
		{"anonymous route with a wrong header", "/open", "Authorization", "Basic YTpi", http.StatusOK, "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer := f.ask(http.MethodGet, tt.path, tt.header, tt.value)
			require.Equal(t, tt.status, answer.Code)
			if tt.status == http.StatusOK {
				assert.Equal(t, tt.says, answer.Body.String())
				return
			}
			assert.Equal(t, tt.says, documentOf(t, answer.Body).Detail)
		})
	}
}

func TestCredentialsCannotBeChecked(t *testing.T) {
	cfg := testConfig()
	cfg.AnonymousPerSecond, cfg.AnonymousBurst = 0.001, 1
	f := newFixture(t, cfg)
	f.keys.away = true
	f.handle(t, "GET /ingest", auth.ScopeIngest, whoami)
	f.handle(t, "GET /open", "", whoami)
	for range 3 {
		answer := f.ask(http.MethodGet, "/ingest", "X-Api-Key", "writer")
		assert.Equal(t, http.StatusServiceUnavailable, answer.Code, "not the caller's fault, not counted against it")
		assert.Equal(t, "1", answer.Header().Get("Retry-After"))
	}
	answer := f.ask(http.MethodGet, "/open", "X-Api-Key", "writer")
	assert.Equal(t, http.StatusOK, answer.Code, "health and the page are there without the database")
	assert.Equal(t, "/", answer.Body.String())
}

func TestRefusalInTheProtocolOfTheRoute(t *testing.T) {
	f := newFixture(t, testConfig())
	require.NoError(t, f.Handle(Route{
		Pattern: "POST /v1/logs", Scope: auth.ScopeIngest, Handler: http.HandlerFunc(whoami),
		WriteError: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, err.Error())
		},
	}))
	answer := f.ask(http.MethodPost, "/v1/logs")
	assert.Equal(t, http.StatusTeapot, answer.Code)
	assert.Contains(t, answer.Body.String(), "the request carries no credential")
}

func TestPanic(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "GET /early", "", func(http.ResponseWriter, *http.Request) { panic("secret") })
	f.handle(t, "GET /late", "", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of the answer")
		_ = http.NewResponseController(w).Flush()
		panic("late")
	})
	f.handle(t, "GET /abort", "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	answer := f.ask(http.MethodGet, "/early")
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
	assert.Equal(t, "something went wrong on the server; its log says what", documentOf(t, answer.Body).Detail)
	require.Equal(t, 1, f.logs.Len())
	logged := f.logs.TakeAll()[0].ContextMap()
	assert.Equal(t, "GET /early", logged["route"])
	assert.Equal(t, "secret", logged["fault"])
	assert.Contains(t, logged["stack"], "TestPanic")

	server := httptest.NewServer(f.Handler(HTTP))
	defer server.Close()
	response := get(t, server, "/late")
	_, err := io.ReadAll(response.Body)
	require.NoError(t, response.Body.Close())
	require.Error(t, err, "a cut answer is not taken for a whole one")
	assert.Equal(t, 1, f.logs.Len())

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/abort", http.NoBody)
	require.NoError(t, err)
	response, err = server.Client().Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(t, err)
	assert.Equal(t, 1, f.logs.Len(), "an abort is no fault")
}

func get(t *testing.T, server *httptest.Server, path string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	return response
}

// A client that sends its body slowly is refused, and its connection closed.
func TestSlowBody(t *testing.T) {
	cfg := testConfig()
	cfg.BodyTimeout = 50 * time.Millisecond
	f := newFixture(t, cfg)
	f.handle(t, "POST /read", auth.ScopeIngest, readAll)
	server := httptest.NewServer(f.Handler(HTTP))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	_, err = io.WriteString(conn, "POST /read HTTP/1.1\r\nHost: x\r\nX-Api-Key: writer\r\nContent-Length: 10\r\n\r\nslow")
	require.NoError(t, err)

	// It answers although the body never comes.
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Equal(t, "the request body did not arrive in time", documentOf(t, response.Body).Detail)
	assert.True(t, response.Close)
}

// The deadline of the body is none of the handler's: its context lives on after it.
func TestDeadlineEndsWithTheBody(t *testing.T) {
	cfg := testConfig()
	cfg.BodyTimeout = 50 * time.Millisecond
	for name, body := range map[string]string{
		"length":  "Content-Length: 4\r\n\r\nbody",
		"chunked": "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, cfg)
			f.handle(t, "POST /long", auth.ScopeIngest, func(w http.ResponseWriter, r *http.Request) {
				_, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				select {
				case <-r.Context().Done():
					w.WriteHeader(http.StatusTeapot)
				case <-time.After(4 * cfg.BodyTimeout):
				}
			})
			server := httptest.NewServer(f.Handler(HTTP))
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { assert.NoError(t, conn.Close()) }()
			reader := bufio.NewReader(conn)
			for range 2 { // the connection is good for another request
				_, err = io.WriteString(conn, "POST /long HTTP/1.1\r\nHost: x\r\nX-Api-Key: writer\r\n"+body)
				require.NoError(t, err)
				response, err := http.ReadResponse(reader, nil)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				assert.Equal(t, http.StatusOK, response.StatusCode)
			}
		})
	}
}

func TestWebSocketThroughTheGuard(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "GET /v1/ws", auth.ScopeQuery, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if !assert.NoError(t, err) {
			return
		}
		kind, message, err := conn.Read(r.Context())
		assert.NoError(t, err)
		assert.NoError(t, conn.Write(r.Context(), kind, append([]byte("echo "), message...)))
		assert.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
	})
	server := httptest.NewServer(f.Handler(HTTP))
	defer server.Close()

	_, refused, err := websocket.Dial(t.Context(), server.URL+"/v1/ws", nil)
	require.Error(t, err)
	assert.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	require.NoError(t, refused.Body.Close())

	conn, upgraded, err := websocket.Dial( //nolint:bodyclose // an upgraded connection has no body
		t.Context(), server.URL+"/v1/ws", &websocket.DialOptions{HTTPHeader: http.Header{"X-Api-Key": {"admin"}}})
	require.NoError(t, err)
	assert.Equal(t, http.StatusSwitchingProtocols, upgraded.StatusCode)
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte("hello")))
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "echo hello", string(message))
	_, _, err = conn.Read(t.Context())
	assert.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
}

// Events reach the client while the handler runs.
func TestFlushThroughTheGuard(t *testing.T) {
	f := newFixture(t, testConfig())
	next := make(chan struct{})
	f.handle(t, "GET /v1/stream", "", func(w http.ResponseWriter, r *http.Request) {
		for i := range 2 {
			_, _ = fmt.Fprintf(w, "data: %d\n", i)
			if i == 0 {
				w.(http.Flusher).Flush()
			} else {
				assert.NoError(t, http.NewResponseController(w).Flush())
			}
			<-next
		}
	})
	server := httptest.NewServer(f.Handler(HTTP))
	defer server.Close()
	response := get(t, server, "/v1/stream")
	defer func() { assert.NoError(t, response.Body.Close()) }()
	lines := bufio.NewScanner(response.Body)
	for i := range 2 {
		require.True(t, lines.Scan())
		assert.Equal(t, fmt.Sprintf("data: %d", i), lines.Text())
		next <- struct{}{}
	}
}

func TestClientThatLeavesEndsTheContext(t *testing.T) {
	f := newFixture(t, testConfig())
	entered, ended := make(chan struct{}), make(chan struct{})
	f.handle(t, "GET /wait", "", func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(ended)
	})
	server := httptest.NewServer(f.Handler(HTTP))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/wait", http.NoBody)
	require.NoError(t, err)
	go func() {
		<-entered
		cancel()
	}()
	response, err := server.Client().Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.ErrorIs(t, err, context.Canceled)
	<-ended
}
