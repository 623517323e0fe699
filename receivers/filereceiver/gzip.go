package filereceiver

import (
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// gzipReader reads the content of a compressed file, mostly forward: it keeps what it has given
// last, so that the next read may begin in it.
type gzipReader struct {
	file  *os.File
	from  *gzip.Reader // nil at the beginning
	last  []byte
	start int64 // where last begins
}

func newGzipReader(file *os.File) *gzipReader { return &gzipReader{file: file} }

// ReadAt implements io.ReaderAt.
func (g *gzipReader) ReadAt(into []byte, offset int64) (int, error) {
	if g.from == nil || offset < g.start {
		if err := g.rewind(); err != nil {
			return 0, err
		}
	}
	if skip := offset - g.start - int64(len(g.last)); skip > 0 {
		n, err := io.CopyN(io.Discard, g.from, skip)
		g.last, g.start = g.last[:0], offset-skip+n
		if err != nil {
			return 0, err
		}
	} else {
		g.last = append(g.last[:0], g.last[offset-g.start:]...)
		g.start = offset
	}
	var err error
	for len(g.last) < len(into) && err == nil {
		begin := len(g.last)
		g.last = append(g.last, make([]byte, len(into)-begin)...)
		var n int
		n, err = g.from.Read(g.last[begin:])
		g.last = g.last[:begin+n]
	}
	n := copy(into, g.last)
	if n == len(into) {
		return n, nil
	}
	return n, err
}

func (g *gzipReader) rewind() error {
	if _, err := g.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	fresh, err := gzip.NewReader(g.file)
	if err != nil {
		return err
	}
	g.from, g.last, g.start = fresh, g.last[:0], 0
	return nil
}

// Close implements io.Closer.
func (g *gzipReader) Close() error { return g.file.Close() }

// endsAt says whether a compressed file's trailer names the size of the content, modulo 2^32.
func (g *gzipReader) endsAt(offset int64) bool {
	info, err := g.file.Stat()
	if err != nil || info.Size() < 18 {
		return false
	}
	var size [4]byte
	if _, err := g.file.ReadAt(size[:], info.Size()-4); err != nil {
		return false
	}
	return binary.LittleEndian.Uint32(size[:]) == uint32(offset)
}

// damaged says that a compressed file cannot be read: it is not whole, or no longer.
func damaged(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt)
}
