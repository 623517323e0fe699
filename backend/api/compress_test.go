package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/frontdoor"
)

func TestCompress(t *testing.T) {
	long := strings.Repeat("pharos ", compressFrom)
	tests := []struct {
		name, body, accept, encoding string
	}{
		{"long", long, "gzip", "gzip"},
		{"short", "pharos", "gzip", ""},
		{"not wanted", long, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			routes := []frontdoor.Route{{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, err := io.WriteString(w, tt.body)
				assert.NoError(t, err)
			})}}
			require.NoError(t, compress(routes))
			request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			request.Header.Set("Accept-Encoding", tt.accept)
			recorder := httptest.NewRecorder()
			routes[0].Handler.ServeHTTP(recorder, request)

			assert.Equal(t, tt.encoding, recorder.Header().Get("Content-Encoding"))
			var answer io.Reader = recorder.Body
			if tt.encoding == "gzip" {
				assert.Less(t, recorder.Body.Len(), len(tt.body)/10)
				unpacked, err := gzip.NewReader(recorder.Body)
				require.NoError(t, err)
				answer = unpacked
			}
			content, err := io.ReadAll(answer)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(content))
		})
	}
}
