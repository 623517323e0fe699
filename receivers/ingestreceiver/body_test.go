package ingestreceiver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// failing is a body that breaks off.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestBodyErrors(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want errcode.Code
		text string
	}{
		{"slow", os.ErrDeadlineExceeded, errcode.Timeout, "did not arrive in time"},
		{"too large", &http.MaxBytesError{Limit: 7}, errcode.TooLarge, "larger than the 7 bytes allowed"},
		{"ended early", io.ErrUnexpectedEOF, errcode.Invalid, "ended early"},
		{"connection reset", errors.New("connection reset by peer"), errcode.Invalid, "ended early"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, encoding := range []string{"", encodingGzip, encodingZstd, encodingSnappy} {
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", failing{test.err})
				req.Header.Set("Content-Encoding", encoding)
				_, err := newBodyReader(100).read(req, encodingGzip, encodingZstd, encodingSnappy)
				require.Error(t, err)
				assert.Equal(t, test.want, errcode.Of(err), "%s: %v", encoding, err)
			}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", failing{test.err})
			_, err := newBodyReader(100).read(req)
			assert.ErrorContains(t, err, test.text)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", failing{io.ErrUnexpectedEOF})
	_, err := newBodyReader(100).read(req)
	assert.Equal(t, errcode.Canceled, errcode.Of(err))
}

func TestEveryCutIsNoticed(t *testing.T) {
	whole := []byte(strings.Repeat("0123456789", 50))
	for encoding, encoded := range map[string][]byte{encodingGzip: gzipped(t, whole), encodingZstd: zstded(t, whole), encodingSnappy: snapped(whole)} {
		for cut := 1; cut < len(encoded); cut++ {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(encoded[:cut]))
			req.Header.Set("Content-Encoding", encoding)
			_, err := newBodyReader(1000).read(req, encoding)
			assert.Equal(t, errcode.Invalid, errcode.Of(err), "%s cut at %d of %d", encoding, cut, len(encoded))
		}
	}
}

func TestBodyLimitIsExact(t *testing.T) {
	const limit = 10_000
	reader := newBodyReader(limit)
	encoders := map[string]func(testing.TB, []byte) []byte{
		encodingIdentity: func(_ testing.TB, data []byte) []byte { return data },
		encodingGzip:     gzipped,
		encodingZstd:     zstded,
		encodingSnappy:   func(_ testing.TB, data []byte) []byte { return snapped(data) },
	}
	for encoding, encode := range encoders {
		for _, size := range []int{0, 1, limit - 1, limit, limit + 1, limit * 3} {
			content := []byte(strings.Repeat("0123456789", size/10+1)[:size])
			for _, length := range []int64{-1, 0} {
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(encode(t, content)))
				req.Header.Set("Content-Encoding", encoding)
				if length < 0 {
					req.ContentLength = length // chunked
				}
				got, err := reader.read(req, encodingIdentity, encodingGzip, encodingZstd, encodingSnappy)
				if size > limit {
					assert.Equal(t, errcode.TooLarge, errcode.Of(err), "%s %d", encoding, size)
					continue
				}
				require.NoError(t, err, "%s %d", encoding, size)
				assert.Equal(t, string(content), string(got.bytes), "%s %d", encoding, size)
				assert.LessOrEqual(t, cap(got.bytes), 2*limit)
				got.release()
			}
		}
	}
}

func TestLargeBuffersAreNotKept(t *testing.T) {
	reader := newBodyReader(maxPooledBuffer * 2)
	got, err := reader.read(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(make([]byte, maxPooledBuffer+1))))
	require.NoError(t, err)
	got.release()
	assert.Less(t, cap(reader.newBody().bytes), maxPooledBuffer)
}

func TestOrList(t *testing.T) {
	assert.Equal(t, "a", orList([]string{"a"}))
	assert.Equal(t, "a or b", orList([]string{"a", "b"}))
	assert.Equal(t, "a, b or c", orList([]string{"a", "b", "c"}))
}
