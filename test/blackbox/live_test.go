package blackbox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/test/server"
)

// liveFrame is a message of a live connection.
type liveFrame struct {
	Type   string
	ID     string
	Time   int64
	Series json.RawMessage
	Logs   []storage.LogRecord
	Missed int
	Error  *problemBody
}

// liveTimeout is how long a test waits for what has to come.
const liveTimeout = 30 * time.Second

func eventStream(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	writeSeries(t, c, "bb_sse", "sse", time.Now())
	settled(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), liveTimeout)
	defer cancel()
	query := url.Values{"metrics": {"count(bb_sse)"}, "logs": {"service:bb-sse"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/v1/stream?"+query.Encode(), nil)
	require.NoError(t, err)
	request.Header.Set("X-API-Key", c.key)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }() // the test ends it
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))

	frames := make(chan liveFrame, 100)
	go func() {
		defer close(frames)
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var frame liveFrame
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &frame) == nil {
				frames <- frame
			}
		}
	}()
	watch(t, c, "bb-sse", frames)
}

// watch waits for three frames of metrics, a second apart, and for log records written meanwhile.
func watch(t *testing.T, c client, service string, frames <-chan liveFrame) {
	t.Helper()
	var times []int64
	seen := map[string]bool{}
	written := false
	for len(times) < 3 || len(seen) < 4 {
		frame, ok := <-frames
		require.True(t, ok, "the connection has ended after %d frames of metrics and %d records", len(times), len(seen))
		require.Nil(t, frame.Error)
		switch frame.Type {
		case "metrics":
			assert.Contains(t, string(frame.Series), `1`)
			times = append(times, frame.Time)
		case "logs":
			assert.Zero(t, frame.Missed)
			for _, record := range frame.Logs {
				assert.Equal(t, service, record.Service)
				assert.False(t, seen[record.ID], "a record comes once")
				seen[record.ID] = true
			}
		}
		if !written && len(times) > 0 {
			written = true
			for i := range 4 {
				writeLogs(t, c, map[string]any{"service": service, "message": fmt.Sprintf("live %d", i)}, map[string]any{"service": "bb-other", "message": "not for this one"})
			}
		}
	}
	assert.Len(t, seen, 4)
	for i := 1; i < len(times); i++ {
		assert.Greater(t, times[i], times[i-1])
		assert.Zero(t, times[i]%1000, "evaluated at whole seconds")
	}
}

func webSocket(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	writeSeries(t, c, "bb_ws", "ws", time.Now())
	settled(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), liveTimeout)
	defer cancel()
	address := "ws" + strings.TrimPrefix(c.base, "http") + "/v1/ws"
	_, refused, err := websocket.Dial(ctx, address, nil) //nolint:bodyclose // Dial closes it
	require.Error(t, err, "without a credential")
	require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	foreign := http.Header{"X-API-Key": {c.key}, "Origin": {"https://elsewhere.example"}}
	_, refused, err = websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: foreign}) //nolint:bodyclose // Dial closes it
	require.Error(t, err, "from another site")
	require.Equal(t, http.StatusForbidden, refused.StatusCode)

	conn, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: http.Header{"X-API-Key": {c.key}}}) //nolint:bodyclose // Dial closes it
	require.NoError(t, err)
	defer conn.CloseNow() //nolint:errcheck // it may be closed
	conn.SetReadLimit(1 << 20)
	say := func(message string) {
		require.NoError(t, conn.Write(ctx, websocket.MessageText, []byte(message)))
	}
	hear := func() (frame liveFrame, err error) {
		_, data, err := conn.Read(ctx)
		if err == nil {
			err = json.Unmarshal(data, &frame)
		}
		return frame, err
	}
	say(`{"type":"ping"}`)
	frame, err := hear()
	require.NoError(t, err)
	assert.Equal(t, "pong", frame.Type)
	say(`{"type":"subscribe","id":"x","kind":"metrics","query":"sum("}`)
	frame, err = hear()
	require.NoError(t, err)
	require.NotNil(t, frame.Error)
	assert.Equal(t, "error", frame.Type)
	assert.Equal(t, "x", frame.ID)
	assert.Equal(t, "query", frame.Error.Field)

	say(`{"type":"subscribe","id":"m","kind":"metrics","query":"count(bb_ws)"}`)
	say(`{"type":"subscribe","id":"l","kind":"logs","query":"","service":"bb-ws"}`)
	frames := make(chan liveFrame, 100)
	go func() {
		defer close(frames)
		for {
			frame, err := hear()
			if err != nil {
				return
			}
			frames <- frame
		}
	}()
	for subscribed := 0; subscribed < 2; {
		if frame := <-frames; frame.Type == "subscribed" {
			subscribed++
		}
	}
	watch(t, c, "bb-ws", frames)
}
