package forward

import (
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// pipe is one end of a connection within the test.
type pipe struct {
	io.Reader
	io.Writer
	close func()
}

func (p *pipe) Close() error {
	p.close()
	return nil
}

// farEnd is the other end: a backend.
type farEnd struct {
	writer *io.PipeWriter
	mu     sync.Mutex
	got    []byte
}

func newPipe() (*pipe, *farEnd) {
	reader, writer := io.Pipe()
	far := &farEnd{writer: writer}
	return &pipe{reader, far, func() { _ = reader.Close() }}, far
}

func (f *farEnd) send(p []byte) { _, _ = f.writer.Write(p) }

func (f *farEnd) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, p...)
	return len(p), nil
}

func (f *farEnd) received() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got
}

func readSome(t *testing.T, r io.Reader) []byte {
	t.Helper()
	buffer := make([]byte, 1<<10)
	n, err := r.Read(buffer)
	require.NoError(t, err)
	return buffer[:n]
}
