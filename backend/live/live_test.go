package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type server struct {
	*httptest.Server
	service *Service
	logs    *querytest.Logs

	credentials *credentials
}

// credentials says that a credential is good until it ends.
type credentials struct{ ended, away atomic.Bool }

func (c *credentials) Authenticate(context.Context, string) (auth.Principal, error) {
	switch {
	case c.away.Load():
		return auth.Principal{}, errcode.New(errcode.Unavailable, "the database is away")
	case c.ended.Load():
		return auth.Principal{}, errcode.New(errcode.Unauthenticated, "the login has ended")
	}
	return auth.Principal{OrgID: querytest.Org}, nil
}

// newServer serves every request as a user of the test organisation, but for those with the
// header Anonymous.
func newServer(t *testing.T, change func(*Config)) *server {
	t.Helper()
	engine, err := query.New(querytest.NewMetrics(t, "load 1m\n  up 1"), query.DefaultConfig(), nil, zap.NewNop())
	require.NoError(t, err)
	config := DefaultConfig()
	config.MinInterval = 5 * time.Millisecond
	if change != nil {
		change(&config)
	}
	s := &server{logs: querytest.NewLogs(), credentials: &credentials{}}
	s.service, err = New(engine, s.logs, s.credentials, config, prometheus.NewRegistry(), zap.NewNop())
	require.NoError(t, err)
	mux := http.NewServeMux()
	for _, route := range s.service.Routes() {
		mux.Handle(route.Pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Anonymous") == "" {
				r = r.WithContext(auth.NewContext(r.Context(), auth.Principal{OrgID: querytest.Org}))
			}
			route.Handler.ServeHTTP(w, r)
		}))
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		assert.NoError(t, s.service.Close())
		s.Close()
	})
	return s
}

func (s *server) dial(t *testing.T) *websocket.Conn {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), s.URL+"/v1/ws", nil)
	require.NoError(t, err)
	if response.Body != nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	return conn
}

func say(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(message)))
}

func hear(t *testing.T, conn *websocket.Conn) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, data, err := conn.Read(ctx)
	require.NoError(t, err)
	var frame map[string]any
	require.NoError(t, json.Unmarshal(data, &frame), string(data))
	return frame
}

// hearType returns the next frame of a type.
func hearType(t *testing.T, conn *websocket.Conn, kind string) map[string]any {
	t.Helper()
	for {
		if frame := hear(t, conn); frame["type"] == kind {
			return frame
		}
	}
}

func TestWebSocketMetrics(t *testing.T) {
	s := newServer(t, nil)
	conn := s.dial(t)
	say(t, conn, `{"type":"subscribe","id":"one","kind":"metrics","query":"vector(1) / 0","interval":"10ms"}`)
	hearType(t, conn, "subscribed")
	first, second := hearType(t, conn, "metrics"), hearType(t, conn, "metrics")
	assert.Equal(t, "one", first["id"])
	assert.Equal(t, []any{map[string]any{"labels": map[string]any{}, "value": "+Inf"}}, first["series"])
	assert.Greater(t, second["time"], first["time"])
	assert.Zero(t, int64(second["time"].(float64))%10, "times are multiples of the interval")

	say(t, conn, `{"type":"unsubscribe","id":"one"}`)
	say(t, conn, `{"type":"ping"}`)
	hearType(t, conn, "pong")
	say(t, conn, `{"type":"subscribe","id":"two","kind":"metrics","query":"time() > bool 0"}`)
	for frame := hearType(t, conn, "metrics"); frame["id"] != "two"; {
		frame = hearType(t, conn, "metrics")
	}
}

func TestWebSocketMetricsKeepTheSeriesThatTheOrderPrefers(t *testing.T) {
	s := newServer(t, nil)
	conn := s.dial(t)
	const vectors = `label_replace(vector(1),\"n\",\"a\",\"\",\"\") or label_replace(vector(3),\"n\",\"b\",\"\",\"\") or label_replace(vector(2),\"n\",\"c\",\"\",\"\")`
	for order, want := range map[string]string{"": "b", "last": "b", "name": "a"} {
		say(t, conn, `{"type":"subscribe","id":"top","kind":"metrics","limit":1,"order":"`+order+`","query":"`+vectors+`"}`)
		hearType(t, conn, "subscribed")
		frame := hearType(t, conn, "metrics")
		assert.InDelta(t, 3, frame["total_series"], 0)
		require.Len(t, frame["series"], 1)
		assert.Equal(t, map[string]any{"n": want}, frame["series"].([]any)[0].(map[string]any)["labels"])
	}
}

func TestWebSocketLogs(t *testing.T) {
	s := newServer(t, nil)
	conn := s.dial(t)
	say(t, conn, `{"type":"subscribe","id":"t","kind":"logs","query":"refused","service":"checkout","level":"error"}`)
	assert.Equal(t, "t", hearType(t, conn, "subscribed")["id"])
	require.Eventually(t, func() bool { return s.logs.Tails() == 1 }, 10*time.Second, time.Millisecond)
	s.logs.Add(
		storage.LogRecord{ID: "1", Service: "checkout", Level: "info", Message: "connection refused"},
		storage.LogRecord{ID: "2", Service: "checkout", Level: "error", Message: "connection refused"},
		storage.LogRecord{ID: "3", Service: "cart", Level: "error", Message: "connection refused"},
	)
	frame := hear(t, conn)
	assert.Equal(t, "logs", frame["type"])
	assert.InDelta(t, 0, frame["missed"], 0)
	require.Len(t, frame["logs"], 1)
	assert.Equal(t, "2", frame["logs"].([]any)[0].(map[string]any)["id"])

	require.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
	require.Eventually(t, func() bool { return s.logs.Tails() == 0 }, 10*time.Second, time.Millisecond)
	assert.InDelta(t, 0, testutil.ToFloat64(s.service.connections), 0)
}

func TestWebSocketErrors(t *testing.T) {
	s := newServer(t, func(c *Config) { c.MaxSubscriptions = 1 })
	tests := []struct{ name, message, field string }{
		{"no JSON", `{`, ""},
		{"unknown member", `{"type":"ping","x":1}`, ""},
		{"wrong type", `{"type":"subscribe","id":7}`, "id"},
		{"unknown message", `{"type":"hello"}`, "type"},
		{"no id", `{"type":"subscribe","kind":"metrics","query":"up"}`, "id"},
		{"unknown kind", `{"type":"subscribe","id":"a","kind":"traces"}`, "kind"},
		{"bad PromQL", `{"type":"subscribe","id":"a","kind":"metrics","query":"sum("}`, "query"},
		{"bad interval", `{"type":"subscribe","id":"a","kind":"metrics","query":"up","interval":"x"}`, "interval"},
		{"short interval", `{"type":"subscribe","id":"a","kind":"metrics","query":"up","interval":"1ms"}`, "interval"},
		{"negative limit", `{"type":"subscribe","id":"a","kind":"metrics","query":"up","limit":-1}`, "limit"},
		{"limit in quotes", `{"type":"subscribe","id":"a","kind":"metrics","query":"up","limit":"5"}`, "limit"},
		{"bad order", `{"type":"subscribe","id":"a","kind":"metrics","query":"up","order":"up"}`, "order"},
		{"bad filter", `{"type":"subscribe","id":"a","kind":"logs","query":"("}`, "query"},
		{"range vector", `{"type":"subscribe","id":"a","kind":"metrics","query":"up[1m]"}`, "query"},
		{"too many", `{"type":"subscribe","id":"b","kind":"logs"}`, "id"},
	}
	conn := s.dial(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			say(t, conn, tt.message)
			document := hearType(t, conn, "error")["error"].(map[string]any)
			if tt.field == "" {
				assert.NotContains(t, document, "field")
			} else {
				assert.Equal(t, tt.field, document["field"], document)
			}
			assert.NotEmpty(t, document["detail"])
		})
	}
	require.NoError(t, conn.Write(t.Context(), websocket.MessageBinary, []byte("x")))
	hearType(t, conn, "error")
}

func TestRefusedConnections(t *testing.T) {
	s := newServer(t, func(c *Config) { c.MaxConnections = 1 })
	status := func(path string, header ...string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		require.NoError(t, err)
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		response, err := s.Client().Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	assert.Equal(t, http.StatusForbidden, status("/v1/ws", "Origin", "https://evil.example"))
	assert.Equal(t, http.StatusUnauthorized, status("/v1/ws", "Anonymous", "1"))
	assert.Equal(t, http.StatusUnauthorized, status("/v1/stream?logs=", "Anonymous", "1"))
	assert.Equal(t, http.StatusUpgradeRequired, status("/v1/ws", "Origin", s.URL))
	assert.Equal(t, http.StatusBadRequest, status("/v1/stream"))
	assert.Equal(t, http.StatusBadRequest, status("/v1/stream?log=x"))
	assert.Equal(t, http.StatusBadRequest, status("/v1/stream?metrics=sum("))
	s.dial(t)
	assert.Equal(t, http.StatusTooManyRequests, status("/v1/stream?logs="))
	assert.Equal(t, http.StatusTooManyRequests, status("/v1/ws"))
}

func TestStream(t *testing.T) {
	s := newServer(t, func(c *Config) { c.Heartbeat = 5 * time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v1/stream?metrics=vector(1)&metrics=vector(2)&interval=10ms&logs=hello", nil)
	require.NoError(t, err)
	response, err := s.Client().Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, response.Body.Close()) })
	assert.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	assert.Equal(t, "no", response.Header.Get("X-Accel-Buffering"))
	require.Eventually(t, func() bool { return s.logs.Tails() == 1 }, 10*time.Second, time.Millisecond)
	s.logs.Add(storage.LogRecord{ID: "1", Message: "hello"})

	wanted := map[string]string{
		": heartbeat":      "",
		"event: metrics":   `"id":"metrics-1"`,
		"event: metrics ":  `"series":[{"labels":{},"value":2}]`,
		"event: logs":      `"message":"hello"`,
		": connected":      "",
		"event: metrics  ": `"id":"metrics-2"`,
	}
	lines := bufio.NewScanner(response.Body)
	for len(wanted) > 0 && lines.Scan() {
		event := lines.Text()
		data := ""
		if strings.HasPrefix(event, "event:") && lines.Scan() {
			data = lines.Text()
		}
		for name, part := range wanted {
			if strings.TrimSpace(name) == event && strings.Contains(data, part) {
				delete(wanted, name)
			}
		}
	}
	assert.Empty(t, wanted)
}

func TestSlowClientLosesFramesAlone(t *testing.T) {
	s := newServer(t, func(c *Config) { c.QueueLength = 2 })
	session := s.service.newSession(querytest.Org)
	ctx, cancel := context.WithCancel(t.Context())
	session.wait.Go(func() { session.tail(ctx, "t", nil) })
	require.Eventually(t, func() bool { return s.logs.Tails() == 1 }, 10*time.Second, time.Millisecond)
	for i := range 5 {
		s.logs.Add(storage.LogRecord{ID: fmt.Sprint(i)})
	}
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.service.dropped) == 3 }, 10*time.Second, time.Millisecond)
	<-session.frames
	<-session.frames
	s.logs.Add(storage.LogRecord{ID: "last"})
	assert.Contains(t, string((<-session.frames).data), `"missed":3`)
	cancel()
	session.close()
}

func TestEvaluationsAreShared(t *testing.T) {
	s := newServer(t, nil)
	key := evaluation{org: querytest.Org, expr: "up", at: 0}
	first := s.service.evaluator.start(key)
	assert.Same(t, first, s.service.evaluator.start(key))
	<-first.done
	require.NoError(t, first.err)
	assert.JSONEq(t, `[{"labels":{"__name__":"up"},"value":1}]`, string(first.frame.series))
}

func TestConnectionsEndWithTheirCredential(t *testing.T) {
	s := newServer(t, func(c *Config) { c.Heartbeat = time.Millisecond })
	s.credentials.away.Store(true)
	conn := s.dial(t)
	say(t, conn, `{"type":"subscribe","id":"one","kind":"metrics","query":"vector(1)","interval":"5ms"}`)
	for range 20 {
		hearType(t, conn, "metrics") // the database is away, and nothing ends
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/stream?logs=", nil)
	require.NoError(t, err)
	stream, err := s.Client().Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, stream.Body.Close()) }()

	s.credentials.away.Store(false)
	s.credentials.ended.Store(true)
	for err == nil {
		_, _, err = conn.Read(t.Context())
	}
	assert.Equal(t, websocket.StatusCode(4401), websocket.CloseStatus(err))
	text, err := io.ReadAll(stream.Body)
	require.NoError(t, err, "the stream ends")
	assert.Contains(t, string(text), `"code":"unauthenticated"`)
}

func TestCloseEndsConnections(t *testing.T) {
	s := newServer(t, nil)
	conn := s.dial(t)
	require.Eventually(t, func() bool { return testutil.ToFloat64(s.service.connections) == 1 }, 10*time.Second, time.Millisecond)
	closed := make(chan error)
	go func() { closed <- s.service.Close() }()
	_, _, err := conn.Read(t.Context())
	assert.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), err)
	require.NoError(t, <-closed)
	_, err = s.service.enter()
	assert.ErrorContains(t, err, "stopping")
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	tests := map[string]func(*Config){
		"max_connections":   func(c *Config) { c.MaxConnections = 0 },
		"max_subscriptions": func(c *Config) { c.MaxSubscriptions = 0 },
		"queue_length":      func(c *Config) { c.QueueLength = -1 },
		"min_interval":      func(c *Config) { c.MinInterval = 0 },
		"heartbeat":         func(c *Config) { c.Heartbeat = 0 },
		"write_timeout":     func(c *Config) { c.WriteTimeout = 0 },
	}
	for field, change := range tests {
		config := DefaultConfig()
		require.NoError(t, config.Validate())
		change(&config)
		assert.ErrorContains(t, config.Validate(), field)
	}
}
