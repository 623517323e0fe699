package forward

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// How a WebSocket ends that the backend has not closed itself; browsers connect anew after both.
const (
	closeGoingAway      = 1001 // this gateway stops
	closeServiceRestart = 1012 // the backend has gone
)

// pieceSize is how much of a WebSocket is under way at once.
const pieceSize = 8 << 10

// tunnel is the backend's side of a WebSocket. It passes frames on as they are, but knows where
// they end: so it can say goodbye in the backend's place, when that has gone or the gateway
// stops.
type tunnel struct {
	backend  io.ReadWriteCloser
	stopping context.Context //nolint:containedctx // the forwarder's
	pieces   chan []byte     // from the backend; closed when there are no more
	closed   chan struct{}   // by Close
	once     sync.Once

	// What Read alone uses.
	rest     []byte // of the last piece
	toClient frames
	goodbye  bool             // the close frame of the gateway has been said
	patience <-chan time.Time // when waiting for an end has an end

	// What Write alone uses.
	toBackend frames

	left     atomic.Bool   // the backend is spoken to no more
	answered chan struct{} // closed when the client has sent a close frame
}

func newTunnel(stopping context.Context, backend io.ReadWriteCloser) *tunnel {
	t := &tunnel{
		backend: backend, stopping: stopping,
		pieces: make(chan []byte), closed: make(chan struct{}), answered: make(chan struct{}),
	}
	go t.pump()
	return t
}

// pump reads from the backend. It has two buffers in turn: while it fills one, Read empties the
// other.
func (t *tunnel) pump() {
	defer close(t.pieces)
	var buffers [2][pieceSize]byte
	for i := 0; ; i = 1 - i {
		n, err := t.backend.Read(buffers[i][:])
		if n > 0 {
			select {
			case t.pieces <- buffers[i][:n]:
			case <-t.closed:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader: what goes to the client.
func (t *tunnel) Read(p []byte) (int, error) {
	for len(t.rest) == 0 {
		if t.goodbye {
			t.awaitAnswer()
			return 0, io.EOF
		}
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// next gets what is to be sent: a piece from the backend, or a goodbye. A frame that has begun
// is completed first.
func (t *tunnel) next() error {
	stop := t.stopping.Done()
	if t.patience != nil {
		stop = nil
		if t.mayPart() {
			return t.part(closeGoingAway, "the server is stopping")
		}
	}
	select {
	case piece, ok := <-t.pieces:
		if !ok {
			return t.part(closeServiceRestart, "the backend has gone")
		}
		t.toClient.pass(piece)
		t.rest = piece
	case <-stop:
		t.patience = time.After(goodbyeTimeout)
	case <-t.patience:
		return io.EOF
	case <-t.closed:
		return io.EOF
	}
	return nil
}

// mayPart says whether a close frame can be put in: not in the middle of another frame, nor
// after the backend's own.
func (t *tunnel) mayPart() bool { return t.toClient.between() && !t.toClient.closing }

// part ends the WebSocket toward the client, unless the backend has.
func (t *tunnel) part(code uint16, text string) error {
	t.left.Store(true)
	t.goodbye = true
	if t.mayPart() {
		t.rest = closeFrame(code, text)
		return nil
	}
	return io.EOF
}

// awaitAnswer gives the client time to read the goodbye: a connection that is closed while
// something of the client's is unread takes it away from it.
func (t *tunnel) awaitAnswer() {
	timer := time.NewTimer(goodbyeTimeout)
	defer timer.Stop()
	select {
	case <-t.answered:
	case <-t.closed:
	case <-timer.C:
	}
}

// Write implements io.Writer: what comes from the client.
func (t *tunnel) Write(p []byte) (int, error) {
	before := t.toBackend.closing
	t.toBackend.pass(p)
	if !before && t.toBackend.closing {
		close(t.answered)
	}
	if t.left.Load() {
		return len(p), nil
	}
	if _, err := t.backend.Write(p); err != nil {
		t.left.Store(true) // Read notices, and tells the client
	}
	return len(p), nil
}

// Close implements io.Closer.
func (t *tunnel) Close() error {
	t.once.Do(func() { close(t.closed) })
	return t.backend.Close()
}

// frames follows the frames of one direction of a WebSocket (RFC 6455, section 5.2).
type frames struct {
	header  [14]byte
	have    int    // bytes of the header that are there
	payload uint64 // bytes of the frame that are still to come
	closing bool   // a close frame has begun
}

const opcodeClose = 8

// between says whether the last frame is complete.
func (f *frames) between() bool { return f.have == 0 && f.payload == 0 }

// pass notes what goes by.
func (f *frames) pass(p []byte) {
	for len(p) > 0 {
		if f.payload > 0 {
			n := min(uint64(len(p)), f.payload)
			f.payload -= n
			p = p[n:]
			continue
		}
		f.header[f.have] = p[0]
		f.have++
		p = p[1:]
		if f.have == f.headerSize() {
			f.begin()
		}
	}
}

// headerSize is how long the header is, as far as can be told from what is there.
func (f *frames) headerSize() int {
	if f.have < 2 {
		return 2
	}
	size := 2
	switch f.header[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.header[1]&0x80 != 0 {
		size += 4 // the mask
	}
	return size
}

// begin reads a header that is complete.
func (f *frames) begin() {
	f.payload = uint64(f.header[1] & 0x7f)
	switch f.payload {
	case 126:
		f.payload = uint64(binary.BigEndian.Uint16(f.header[2:]))
	case 127:
		f.payload = binary.BigEndian.Uint64(f.header[2:])
	}
	f.closing = f.closing || f.header[0]&0x0f == opcodeClose
	f.have = 0
}

// closeFrame is the unmasked close frame of a server.
func closeFrame(code uint16, text string) []byte {
	frame := []byte{0x80 | opcodeClose, byte(2 + len(text))}
	frame = binary.BigEndian.AppendUint16(frame, code)
	return append(frame, text...)
}

// eventBody is the body of an event stream. It ends, rather than breaks, when the gateway stops.
type eventBody struct {
	io.ReadCloser
	stopping context.Context //nolint:containedctx // the forwarder's
	forget   func() bool
}

func newEventBody(stopping context.Context, body io.ReadCloser) *eventBody {
	return &eventBody{body, stopping, context.AfterFunc(stopping, func() { _ = body.Close() })} // the backend's side
}

// Read implements io.Reader.
func (b *eventBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && b.stopping.Err() != nil {
		err = io.EOF
	}
	return n, err
}

// Close implements io.Closer.
func (b *eventBody) Close() error {
	b.forget()
	return b.ReadCloser.Close()
}
