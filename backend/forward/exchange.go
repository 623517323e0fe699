package forward

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// streamWriteTimeout is how long a client may take to receive a piece of a stream before it
	// is dropped, as with the backend itself.
	streamWriteTimeout = 10 * time.Second
	// goodbyeTimeout is how long the end of a stream may take when the gateway stops.
	goodbyeTimeout = time.Second
)

type exchangeKey struct{}

// exchange is one request on its way, as the http.ResponseWriter toward the client.
type exchange struct {
	http.ResponseWriter
	body     *requestBody    // nil without one
	stopping context.Context //nolint:containedctx // the forwarder's
	stream   bool            // the answer has no end of its own
	finished func()          // tells the forwarder that the stream has ended
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// began notes that the answer is a stream.
func (x *exchange) began(finished func()) { x.stream, x.finished = true, finished }

// end is called when the answer is complete.
func (x *exchange) end() {
	if x.stream {
		// The connection may serve other requests, which have all the time they want. One that
		// has been taken over has no deadlines here.
		_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Time{})
		x.finished()
	}
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(p []byte) (int, error) {
	if x.stream {
		_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(x.deadline()) // in tests there may be none
	}
	return x.ResponseWriter.Write(p)
}

func (x *exchange) deadline() time.Time {
	if x.stopping.Err() != nil {
		return time.Now().Add(goodbyeTimeout)
	}
	return time.Now().Add(streamWriteTimeout)
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// Hijack implements http.Hijacker: the connection of a WebSocket drops a client that does not
// take what it is sent.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(x.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	unstick := context.AfterFunc(x.stopping, func() { _ = conn.SetWriteDeadline(x.deadline()) }) // it may be closed
	return &clientConn{Conn: conn, x: x, unstick: unstick}, buffered, nil
}

// clientConn is the client's side of a WebSocket.
type clientConn struct {
	net.Conn
	x       *exchange
	unstick func() bool
}

// Write implements net.Conn.
func (c *clientConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(c.x.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *clientConn) Close() error {
	c.unstick()
	return c.Conn.Close()
}

// requestBody remembers why the body of a request could not be read.
type requestBody struct {
	io.ReadCloser
	failed atomic.Pointer[error]
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed.Store(&err)
	}
	return n, err
}

// bodyError is why the body of a request could not be read; nil when it could.
func bodyError(request *http.Request) error {
	x := exchangeOf(request.Context())
	if x == nil || x.body == nil {
		return nil
	}
	if failed := x.body.failed.Load(); failed != nil {
		return *failed
	}
	return nil
}
