package ingestreceiver

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	encodingIdentity = "identity"
	encodingGzip     = "gzip"
	encodingZstd     = "zstd"
	encodingSnappy   = "snappy"
)

const (
	// maxPooledBuffer keeps one large request from holding its memory for ever.
	maxPooledBuffer = 4 << 20
	// maxZstdWindow is what RFC 8878 asks every decoder to support; a frame that wants more is refused.
	maxZstdWindow = 8 << 20
	// maxSnappyRatio is more than the format can reach. A block whose header claims more is
	// refused before memory is taken for it.
	maxSnappyRatio = 64
)

// bodyReader reads and decompresses request bodies into pooled buffers.
type bodyReader struct {
	limit   int
	buffers sync.Pool // *[]byte
	gzips   sync.Pool // *gzip.Reader
	zstds   sync.Pool // *zstd.Decoder
}

func newBodyReader(limit int) *bodyReader {
	return &bodyReader{
		limit:   limit,
		buffers: sync.Pool{New: func() any { return new([]byte) }},
		gzips:   sync.Pool{New: func() any { return new(gzip.Reader) }},
	}
}

// body holds the decompressed bytes of a request until it is released.
type body struct {
	bytes  []byte
	pooled *[]byte
	pool   *sync.Pool
}

// release gives the buffer back; nothing may refer to it any more.
func (b *body) release() {
	if cap(b.bytes) > maxPooledBuffer {
		return
	}
	*b.pooled = b.bytes[:0]
	b.pool.Put(b.pooled)
}

func (b *bodyReader) newBody() *body {
	pooled := b.buffers.Get().(*[]byte)
	return &body{bytes: (*pooled)[:0], pooled: pooled, pool: &b.buffers}
}

// read returns the body of a request whose Content-Encoding is one of those accepted.
func (b *bodyReader) read(r *http.Request, accepted ...string) (*body, error) {
	encoding, err := contentEncoding(r, accepted)
	if err != nil {
		return nil, err
	}
	result := b.newBody()
	switch encoding {
	case encodingGzip:
		err = b.readGzip(r.Body, result)
	case encodingZstd:
		err = b.readZstd(r.Body, result)
	case encodingSnappy:
		err = b.readSnappy(r.Body, result)
	default:
		err = b.readPlain(r, result)
	}
	if err != nil {
		result.release()
		return nil, b.bodyError(r, encoding, err)
	}
	return result, nil
}

func contentEncoding(r *http.Request, accepted []string) (string, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	if encoding == "" {
		return encodingIdentity, nil
	}
	if !slices.Contains(accepted, encoding) {
		return "", &errcode.Error{
			Code: errcode.Unsupported, Field: "Content-Encoding",
			Message: fmt.Sprintf("%q is not supported here", encoding),
			Fix:     "use " + orList(accepted),
		}
	}
	return encoding, nil
}

func (b *bodyReader) readPlain(r *http.Request, into *body) error {
	if length := r.ContentLength; length > int64(b.limit) {
		return errBodyLimit
	} else if length > 0 {
		// One byte more, so that the end is found without growing.
		into.bytes = slices.Grow(into.bytes, int(length)+1)
	}
	return b.copy(r.Body, into)
}

func (b *bodyReader) readGzip(src io.Reader, into *body) error {
	reader := b.gzips.Get().(*gzip.Reader)
	defer b.gzips.Put(reader)
	if err := reader.Reset(src); err != nil {
		return err
	}
	return b.copy(reader, into)
}

func (b *bodyReader) readZstd(src io.Reader, into *body) error {
	reader, _ := b.zstds.Get().(*zstd.Decoder)
	if reader == nil {
		var err error
		reader, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return err
		}
	}
	defer func() {
		// Lets go of the request, so that the pool does not hold it.
		if reader.Reset(nil) == nil {
			b.zstds.Put(reader)
		}
	}()
	wire := &wireReader{src: src}
	if err := reader.Reset(wire); err != nil {
		return err
	}
	if err := b.copy(reader, into); err != nil {
		return err
	}
	return wire.broken()
}

// wireReader remembers how reading ended: the zstd decoder takes a stream that breaks off in its
// first bytes for an empty one.
type wireReader struct {
	src   io.Reader
	count int
	err   error
}

// Read implements io.Reader.
func (w *wireReader) Read(p []byte) (int, error) {
	n, err := w.src.Read(p)
	w.count += n
	w.err = err
	return n, err
}

// broken returns why a stream that decoded well is not whole; nil when it is.
func (w *wireReader) broken() error {
	const magic = 4
	if w.count > 0 && w.count < magic {
		return io.ErrUnexpectedEOF
	}
	if errors.Is(w.err, io.EOF) {
		return nil
	}
	return w.err
}

// readSnappy decodes snappy's block format, which states its size up front and cannot be streamed.
func (b *bodyReader) readSnappy(src io.Reader, into *body) error {
	wire := b.newBody()
	defer wire.release()
	if err := b.copy(src, wire); err != nil {
		return err
	}
	size, err := snappy.DecodedLen(wire.bytes)
	switch {
	case err != nil:
		return err
	case size > b.limit:
		return errBodyLimit
	case size > len(wire.bytes)*maxSnappyRatio:
		return snappy.ErrCorrupt
	}
	decoded, err := snappy.Decode(into.bytes[:cap(into.bytes)], wire.bytes)
	if err != nil {
		return err
	}
	into.bytes = decoded
	return nil
}

// errBodyLimit is why a body is read no further.
var errBodyLimit = errors.New("body is over the limit")

// copy reads to the end, and never takes more memory than the limit.
func (b *bodyReader) copy(src io.Reader, into *body) error {
	buf := into.bytes
	defer func() { into.bytes = buf }()
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, min(max(cap(buf), 4<<10), b.limit+1-len(buf)))
		}
		n, err := src.Read(buf[len(buf):min(cap(buf), b.limit+1)])
		buf = buf[:len(buf)+n]
		if len(buf) > b.limit {
			return errBodyLimit
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// bodyError says what is wrong with a body.
func (b *bodyReader) bodyError(r *http.Request, encoding string, err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &errcode.Error{
			Code: errcode.TooLarge, Field: "body", Message: fmt.Sprintf("the body is larger than the %d bytes allowed", tooLarge.Limit),
			Fix: "send smaller batches", Err: err,
		}
	case errors.Is(err, errBodyLimit):
		return &errcode.Error{
			Code: errcode.TooLarge, Field: "body", Message: fmt.Sprintf("the decompressed body is larger than the %d bytes allowed", b.limit),
			Fix: "send smaller batches", Err: err,
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &errcode.Error{Code: errcode.Timeout, Field: "body", Message: "the body did not arrive in time", Err: err}
	case r.Context().Err() != nil:
		return errcode.New(errcode.Canceled, "the client went away before the body was read: %w", err)
	case encoding != encodingIdentity:
		return &errcode.Error{
			Code: errcode.Invalid, Field: "body", Message: fmt.Sprintf("the body is not valid %s: %v", encoding, err),
			Fix: "check Content-Encoding, and that the whole body was sent",
		}
	}
	return &errcode.Error{
		Code: errcode.Invalid, Field: "body", Message: fmt.Sprintf("the body ended early: %v", err), Fix: "check Content-Length, and that the whole body was sent",
	}
}

// orList joins words as in "a, b or c".
func orList(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
