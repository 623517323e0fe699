package dashboard

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func builtSite() http.Handler {
	return newSite(fstest.MapFS{
		"dist/placeholder.html":       {Data: []byte("placeholder")},
		"dist/index.html":             {Data: []byte("index")},
		"dist/index.html.br":          {Data: []byte("index br")},
		"dist/index.html.gz":          {Data: []byte("index gz")},
		"dist/theme.js":               {Data: []byte("theme")},
		"dist/assets/index-abc.js":    {Data: []byte("script")},
		"dist/assets/index-abc.js.br": {Data: []byte("script br")},
		"dist/assets/index-abc.js.gz": {Data: []byte("script gz")},
		"dist/assets/style-abc.css":   {Data: []byte("style")},
		"dist/favicon.svg":            {Data: []byte("<svg/>")},
	})
}

func request(t *testing.T, handler http.Handler, method, target string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	return recorder
}

func TestServe(t *testing.T) {
	const (
		immutable  = "public, max-age=31536000, immutable"
		revalidate = "no-cache"
		html       = "text/html; charset=utf-8"
		script     = "text/javascript; charset=utf-8"
	)
	navigate := map[string]string{"Sec-Fetch-Mode": "navigate", "Accept": "text/html,*/*;q=0.8"}
	tests := []struct {
		name, target string
		header       map[string]string
		status       int
		body         string
		contentType  string
		cache        string
	}{
		{"root", "/", navigate, 200, "index", html, revalidate},
		{"root without headers", "/", nil, 200, "index", html, revalidate},
		{"page", "/login?once=abc", navigate, 200, "index", html, revalidate},
		{"page with a dot in it", "/hosts/web-1.example.com", navigate, 200, "index", html, revalidate},
		{"page by curl", "/login", map[string]string{"Accept": "*/*"}, 200, "index", html, revalidate},
		{"index by its name", "/index.html", navigate, 200, "index", html, revalidate},
		{"placeholder is not shown beside a build", "/placeholder.html", navigate, 200, "index", html, revalidate},
		{"asset", "/assets/index-abc.js", nil, 200, "script", script, immutable},
		{"style", "/assets/style-abc.css", nil, 200, "style", "text/css; charset=utf-8", immutable},
		{"file outside assets", "/favicon.svg", nil, 200, "<svg/>", "image/svg+xml", revalidate},
		{"missing asset", "/assets/index-old.js", navigate, 404, "no such file\n", "text/plain; charset=utf-8", ""},
		{"missing script", "/robots.txt", map[string]string{"Accept": "*/*"}, 404, "no such file\n", "text/plain; charset=utf-8", ""},
		{"fetch of a page", "/hosts", map[string]string{"Sec-Fetch-Mode": "cors"}, 404, "no such file\n", "text/plain; charset=utf-8", ""},
		{"a variant is no file", "/assets/index-abc.js.br", nil, 404, "no such file\n", "text/plain; charset=utf-8", ""},
		{"path traversal", "/assets/../../../theme.js", nil, 200, "theme", script, revalidate},
		{"br", "/assets/index-abc.js", map[string]string{"Accept-Encoding": "gzip, deflate, br"}, 200, "script br", script, immutable},
		{"gzip", "/assets/index-abc.js", map[string]string{"Accept-Encoding": "gzip"}, 200, "script gz", script, immutable},
		{"br refused", "/assets/index-abc.js", map[string]string{"Accept-Encoding": "br;q=0, GZIP;q=0.5"}, 200, "script gz", script, immutable},
		{"no variant", "/assets/style-abc.css", map[string]string{"Accept-Encoding": "br"}, 200, "style", "text/css; charset=utf-8", immutable},
		{"page in br", "/", map[string]string{"Accept-Encoding": "br"}, 200, "index br", html, revalidate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := request(t, builtSite(), http.MethodGet, test.target, test.header)
			assert.Equal(t, test.status, got.Code)
			assert.Equal(t, test.body, got.Body.String())
			assert.Equal(t, test.contentType, got.Header().Get("Content-Type"))
			assert.Equal(t, test.cache, got.Header().Get("Cache-Control"))
			assert.Equal(t, "nosniff", got.Header().Get("X-Content-Type-Options"))
			assert.Contains(t, got.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
			assert.NotContains(t, got.Header().Get("Content-Security-Policy"), "unsafe-inline")
			assert.Equal(t, "same-origin", got.Header().Get("Referrer-Policy"))
		})
	}
}

func TestContentEncodingIsNamed(t *testing.T) {
	for accept, want := range map[string]string{"br, gzip": "br", "gzip": "gzip", "": "", "identity": "", "br;q=0.0": ""} {
		got := request(t, builtSite(), http.MethodGet, "/assets/index-abc.js", map[string]string{"Accept-Encoding": accept})
		assert.Equal(t, want, got.Header().Get("Content-Encoding"), "Accept-Encoding: %s", accept)
		assert.Equal(t, "Accept-Encoding", got.Header().Get("Vary"))
	}
}

func TestRevalidation(t *testing.T) {
	first := request(t, builtSite(), http.MethodGet, "/", map[string]string{"Accept-Encoding": "br"})
	etag := first.Header().Get("ETag")
	require.NotEmpty(t, etag)

	again := request(t, builtSite(), http.MethodGet, "/", map[string]string{"Accept-Encoding": "br", "If-None-Match": etag})
	assert.Equal(t, http.StatusNotModified, again.Code)
	assert.Empty(t, again.Body.String())

	// The same page in another encoding is other bytes.
	other := request(t, builtSite(), http.MethodGet, "/", map[string]string{"If-None-Match": etag})
	assert.Equal(t, http.StatusOK, other.Code)
}

func TestUnknownAPIPathIsAProblem(t *testing.T) {
	for _, target := range []string{"/v1/nonsense", "/api/v1/nonsense", "/v1"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := request(t, builtSite(), method, target, map[string]string{"Sec-Fetch-Mode": "navigate"})
			assert.Equal(t, http.StatusNotFound, got.Code)
			assert.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
			assert.Contains(t, got.Body.String(), `"code":"not_found"`)
		}
	}
}

func TestMethods(t *testing.T) {
	got := request(t, builtSite(), http.MethodPost, "/", nil)
	assert.Equal(t, http.StatusMethodNotAllowed, got.Code)
	assert.Equal(t, "GET, HEAD", got.Header().Get("Allow"))

	head := request(t, builtSite(), http.MethodHead, "/", nil)
	assert.Equal(t, http.StatusOK, head.Code)
	assert.Empty(t, head.Body.String())
}

func TestWithoutABuild(t *testing.T) {
	handler := newSite(fstest.MapFS{"dist/placeholder.html": {Data: []byte("run make dashboard")}})
	got := request(t, handler, http.MethodGet, "/login", map[string]string{"Sec-Fetch-Mode": "navigate"})
	assert.Equal(t, http.StatusOK, got.Code)
	assert.Equal(t, "run make dashboard", got.Body.String())
}

func TestEmbeddedBuild(t *testing.T) {
	got := request(t, Handler(), http.MethodGet, "/", nil)
	assert.Equal(t, http.StatusOK, got.Code)
	assert.Equal(t, "text/html; charset=utf-8", got.Header().Get("Content-Type"))

	placeholder, err := fs.ReadFile(dist, "dist/placeholder.html")
	require.NoError(t, err)
	assert.Contains(t, string(placeholder), "make dashboard", "the page for a build without Node says what to do")
}

// TestRegistersBesideTheAPI holds the promise of Handler's comment: "/" stands beside any
// pattern of the API, with a method or without.
func TestRegistersBesideTheAPI(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", Handler())
	assert.NotPanics(t, func() {
		mux.HandleFunc("GET /v1/health", http.NotFound)
		mux.HandleFunc("/v1/ws", http.NotFound)
		mux.HandleFunc("POST /v1/auth/login", http.NotFound)
	})
}

func TestUnreadableBuild(t *testing.T) {
	got := request(t, newSite(brokenFS{}), http.MethodGet, "/", nil)
	assert.Equal(t, http.StatusInternalServerError, got.Code)
	assert.NotContains(t, got.Body.String(), "disk on fire")
}

// brokenFS cannot be read.
type brokenFS struct{}

func (brokenFS) Open(string) (fs.File, error) { return nil, errors.New("disk on fire") }
