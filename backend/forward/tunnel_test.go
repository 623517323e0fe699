package forward

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// echo is a backend that sends back what it gets by WebSocket. On "die" it breaks the
// connection, on "leave" it closes it.
func echo(t *testing.T) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			return
		}
		defer conn.CloseNow() //nolint:errcheck // it may be closed
		conn.SetReadLimit(-1)
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			switch string(message) {
			case "die":
				return
			case "leave":
				_ = conn.Close(4401, "the credential has ended")
				return
			}
			if err := conn.Write(r.Context(), kind, message); err != nil {
				return
			}
		}
	})
}

func dial(t *testing.T, g gateway, mode websocket.CompressionMode) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(g.URL, "http", "ws", 1)+"/v1/ws", &websocket.DialOptions{CompressionMode: mode}) //nolint:bodyclose // Dial closes it
	require.NoError(t, err)
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func say(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(message)))
}

func hear(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	return string(message)
}

// ending is how a connection was closed.
func ending(t *testing.T, conn *websocket.Conn) (websocket.StatusCode, string) {
	t.Helper()
	_, _, err := conn.Read(t.Context())
	var closed websocket.CloseError
	require.ErrorAs(t, err, &closed)
	return closed.Code, closed.Reason
}

func TestWebSocket(t *testing.T) {
	g := start(t, Config{}, echo(t).URL)
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionContextTakeover} {
		conn := dial(t, g, mode)
		for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			message := strings.Repeat("x", size)
			say(t, conn, message)
			require.Equal(t, message, hear(t, conn), "%d bytes", size)
		}
		require.NoError(t, conn.Close(websocket.StatusNormalClosure, "done"))
	}
}

func TestWebSocketThatTheBackendCloses(t *testing.T) {
	conn := dial(t, start(t, Config{}, echo(t).URL), websocket.CompressionContextTakeover)
	say(t, conn, "leave")
	code, reason := ending(t, conn)
	assert.Equal(t, websocket.StatusCode(4401), code)
	assert.Equal(t, "the credential has ended", reason)
}

func TestWebSocketWhoseBackendDies(t *testing.T) {
	conn := dial(t, start(t, Config{}, echo(t).URL), websocket.CompressionContextTakeover)
	say(t, conn, "one")
	require.Equal(t, "one", hear(t, conn))
	say(t, conn, "die")
	code, reason := ending(t, conn)
	assert.Equal(t, websocket.StatusServiceRestart, code)
	assert.Equal(t, "the backend has gone", reason)
}

func TestWebSocketsWhenTheGatewayStops(t *testing.T) {
	g := start(t, Config{}, echo(t).URL)
	type end struct {
		code websocket.StatusCode
		text string
	}
	const clients = 20
	ends := make(chan end, clients)
	for range clients {
		conn := dial(t, g, websocket.CompressionContextTakeover)
		say(t, conn, "hello")
		require.Equal(t, "hello", hear(t, conn))
		go func() {
			_, _, err := conn.Read(context.WithoutCancel(t.Context()))
			var closed websocket.CloseError
			errors.As(err, &closed)
			ends <- end{closed.Code, closed.Reason}
		}()
	}
	g.EndStreams()
	for range clients {
		assert.Equal(t, end{websocket.StatusGoingAway, "the server is stopping"}, <-ends)
	}
	_, response, err := websocket.Dial(t.Context(), strings.Replace(g.URL, "http", "ws", 1), nil) //nolint:bodyclose // Dial closes it
	require.Error(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode, "none begins any more")
}

// A stop in the middle of a frame waits for its end.
func TestStopWithinAFrame(t *testing.T) {
	backend, far := newPipe()
	stopping, stop := context.WithCancel(t.Context())
	tunnel := newTunnel(stopping, backend)
	defer tunnel.Close()
	far.send([]byte{0x81, 5, 'h', 'e'})
	assert.Equal(t, []byte{0x81, 5, 'h', 'e'}, readSome(t, tunnel))
	stop()
	go far.send([]byte("llo"))
	assert.Equal(t, []byte("llo"), readSome(t, tunnel))
	assert.Equal(t, closeFrame(closeGoingAway, "the server is stopping"), readSome(t, tunnel))
	// The client's answer, masked, in two parts; it is not for the backend any more.
	for _, part := range [][]byte{{0x88, 0x82, 1, 2}, {3, 4, 0x03 ^ 1, 0xe9 ^ 2}} {
		n, err := tunnel.Write(part)
		require.NoError(t, err)
		assert.Equal(t, len(part), n)
	}
	_, err := tunnel.Read(make([]byte, 10))
	require.ErrorIs(t, err, io.EOF)
	assert.Empty(t, far.received())
}

func TestStopWithinAFrameThatNeverEnds(t *testing.T) {
	backend, far := newPipe()
	stopping, stop := context.WithCancel(t.Context())
	tunnel := newTunnel(stopping, backend)
	defer tunnel.Close()
	far.send([]byte{0x82, 127, 0, 0, 0, 0})
	readSome(t, tunnel)
	stop()
	_, err := tunnel.Read(make([]byte, 10))
	require.ErrorIs(t, err, io.EOF, "without a close frame, which would be taken for data")
}

func TestFrames(t *testing.T) {
	tests := []struct {
		name    string
		bytes   []byte
		between bool
		closing bool
	}{
		{"nothing", nil, true, false},
		{"half a header", []byte{0x81}, false, false},
		{"empty", []byte{0x81, 0}, true, false},
		{"short", []byte{0x81, 1, 'x'}, true, false},
		{"cut off", []byte{0x81, 2, 'x'}, false, false},
		{"masked", []byte{0x81, 0x81, 1, 2, 3, 4, 'x'}, true, false},
		{"masked, cut off", []byte{0x81, 0x81, 1, 2, 3, 4}, false, false},
		{"masked and empty", []byte{0x81, 0x80, 1, 2, 3, 4}, true, false},
		{"of two bytes' length", append([]byte{0x82, 126, 0, 130}, make([]byte, 130)...), true, false},
		{"of eight bytes' length", append([]byte{0x82, 127, 0, 0, 0, 0, 0, 0, 1, 0}, make([]byte, 256)...), true, false},
		{"two", []byte{0x01, 1, 'x', 0x89, 0}, true, false},
		{"close", []byte{0x81, 0, 0x88, 2, 3, 232}, true, true},
		{"compressed data that looks like a close", []byte{0xc1, 2, 0x88, 0}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var whole, single frames
			whole.pass(tt.bytes)
			for i := range tt.bytes {
				single.pass(tt.bytes[i : i+1])
			}
			for _, f := range []frames{whole, single} {
				assert.Equal(t, tt.between, f.between())
				assert.Equal(t, tt.closing, f.closing)
			}
		})
	}
}
