package frontdoor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys is an Authenticator that knows three keys.
type keys struct{ away bool }

func (k *keys) Authenticate(_ context.Context, credential string) (auth.Principal, error) {
	if k.away {
		return auth.Principal{}, errcode.New(errcode.Unavailable, "the database is away")
	}
	switch credential {
	case "writer":
		return auth.Principal{OrgID: "1", KeyID: "w", Scopes: []auth.Scope{auth.ScopeIngest}}, nil
	case "other":
		return auth.Principal{OrgID: "2", KeyID: "o", Scopes: []auth.Scope{auth.ScopeIngest}}, nil
	case "admin":
		return auth.Principal{OrgID: "1", UserID: "a", Scopes: []auth.Scope{auth.ScopeAdmin}}, nil
	}
	return auth.Principal{}, errcode.New(errcode.Unauthenticated, "the credential is not known")
}

type orgKey struct{}

func withOrg(ctx context.Context, org string) context.Context {
	return context.WithValue(ctx, orgKey{}, org)
}

func testConfig() Config {
	return Config{MaxBody: 1 << 20, BodyTimeout: time.Minute}
}

// fixture is an open door with what stands behind it.
type fixture struct {
	*Door
	keys *keys
	logs *observer.ObservedLogs
}

func newFixture(t *testing.T, cfg Config) fixture {
	t.Helper()
	core, logs := observer.New(zapcore.WarnLevel)
	known := &keys{}
	door, err := New(cfg, known, withOrg, noop.Meter{}, zap.New(core))
	require.NoError(t, err)
	door.Open()
	return fixture{door, known, logs}
}

// handle registers a route on the door.
func (f fixture) handle(t *testing.T, pattern string, scope auth.Scope, handler http.HandlerFunc) {
	t.Helper()
	require.NoError(t, f.Handle(Route{Pattern: pattern, Scope: scope, Handler: handler}))
}

// ask sends a request without a network.
func (f fixture) ask(method, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	f.Handler(HTTP).ServeHTTP(recorder, request)
	return recorder
}

// whoami answers with organisation and principal.
func whoami(w http.ResponseWriter, r *http.Request) {
	org, _ := r.Context().Value(orgKey{}).(string)
	principal, _ := auth.FromContext(r.Context())
	_, _ = io.WriteString(w, org+"/"+principal.KeyID+principal.UserID)
}

func documentOf(t *testing.T, body io.Reader) problem.Document {
	t.Helper()
	var doc problem.Document
	require.NoError(t, json.NewDecoder(body).Decode(&doc))
	return doc
}

func TestClosedDoor(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "GET /open", "", whoami)
	assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/open").Code)

	ended := 0
	f.OnClose(func() { ended++ })
	f.Close()
	f.Close()
	assert.Equal(t, 1, ended)
	answer := f.ask(http.MethodGet, "/open")
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
	assert.Equal(t, "1", answer.Header().Get("Retry-After"))
	assert.Equal(t, "unavailable", documentOf(t, answer.Body).Code)
}

func TestNothingThere(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "POST /v1/things", "", whoami)
	f.handle(t, "GET /v1/things", "", whoami)
	tests := []struct {
		name, method, path string
		page               bool // the dashboard is registered too
		status             int
		allow, fix         string
	}{
		{"unknown path", http.MethodGet, "/v2", false, http.StatusNotFound, "", ""},
		{"unknown method", http.MethodPut, "/v1/things", false, http.StatusMethodNotAllowed, "GET, HEAD, POST", "use GET, HEAD, POST"},
		{"known path beside the page", http.MethodPut, "/v1/things", true, http.StatusMethodNotAllowed, "GET, HEAD, POST", "use GET, HEAD, POST"},
		{"unknown path beside the page", http.MethodPost, "/v2", true, http.StatusNotFound, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.page {
				_ = f.Handle(Route{Pattern: "GET /", Handler: http.HandlerFunc(whoami)}) // the second time it is there
			}
			answer := f.ask(tt.method, tt.path)
			assert.Equal(t, tt.status, answer.Code)
			assert.Equal(t, problem.ContentType, answer.Header().Get("Content-Type"))
			assert.Equal(t, tt.allow, answer.Header().Get("Allow"))
			doc := documentOf(t, answer.Body)
			assert.Equal(t, tt.status, doc.Status)
			assert.Equal(t, http.StatusText(tt.status), doc.Title)
			assert.Contains(t, doc.Detail, tt.path)
			assert.Equal(t, tt.fix, doc.Fix)
		})
	}
}

func TestRoutesThatCannotBe(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "GET /a/{x}", "", whoami)
	for pattern, says := range map[string]string{
		"GET /a/{y}": "conflicts with pattern",
		"GET a":      "route \"GET a\"",
		"/a/b":       "conflicts with pattern",
	} {
		require.ErrorContains(t, f.Handle(Route{Pattern: pattern, Handler: http.HandlerFunc(whoami)}), says, pattern)
	}
	err := f.Handle(Route{Pattern: "GET /b", Listeners: []Listener{"udp"}})
	assert.ErrorContains(t, err, `there is no listener "udp"`)
}

func TestListeners(t *testing.T) {
	f := newFixture(t, testConfig())
	require.NoError(t, f.Handle(
		Route{Pattern: "GET /both", Listeners: []Listener{HTTP, OTLPHTTP}, Handler: http.HandlerFunc(whoami)},
		Route{Pattern: "GET /one", Handler: http.HandlerFunc(whoami)},
	))
	for path, status := range map[string]int{"/both": http.StatusOK, "/one": http.StatusNotFound} {
		recorder := httptest.NewRecorder()
		f.Handler(OTLPHTTP).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		assert.Equal(t, status, recorder.Code, path)
		assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, path).Code, path)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	door, err := New(testConfig(), &keys{}, withOrg, provider.Meter("test"), zap.NewNop())
	require.NoError(t, err)
	door.Open()
	f := fixture{Door: door}
	f.handle(t, "GET /v1/{thing}", "", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("thing") == "fault" {
			panic("boom")
		}
	})
	for _, thing := range []string{"a", "b", "fault"} {
		f.ask(http.MethodGet, "/v1/"+thing)
	}

	var data metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &data))
	histogram, ok := data.ScopeMetrics[0].Metrics[0].Data.(metricdata.Histogram[float64])
	require.True(t, ok)
	counts := make(map[int64]uint64)
	for _, point := range histogram.DataPoints {
		status, _ := point.Attributes.Value("http.response.status_code")
		route, _ := point.Attributes.Value("http.route")
		assert.Equal(t, "/v1/{thing}", route.AsString(), "one series a route, however many things")
		counts[status.AsInt64()] = point.Count
	}
	assert.Equal(t, map[int64]uint64{200: 2, 500: 1}, counts)
}

func TestBodyOnAServer(t *testing.T) {
	cfg := testConfig()
	cfg.MaxBody = 10
	f := newFixture(t, cfg)
	f.handle(t, "POST /read", auth.ScopeIngest, readAll)
	require.NoError(t, f.Handle(Route{Pattern: "POST /more", MaxBody: 20, Scope: auth.ScopeIngest, Handler: http.HandlerFunc(readAll)}))
	server := httptest.NewServer(f.Handler(HTTP))
	defer server.Close()
	tests := []struct {
		name, path string
		size       int
		streamed   bool
		status     int
		detail     string
	}{
		{"as large as it may be", "/read", 10, false, http.StatusOK, ""},
		{"by its Content-Length", "/read", 11, false, http.StatusRequestEntityTooLarge, "the request body is larger than the limit of 10 bytes"},
		{"streamed, small", "/read", 10, true, http.StatusOK, ""},
		{"streamed", "/read", 11, true, http.StatusRequestEntityTooLarge, "the request body is larger than the limit of 10 bytes"},
		{"streamed without end", "/read", 10 << 20, true, http.StatusRequestEntityTooLarge, "larger than the limit"},
		{"a route's own limit", "/more", 20, false, http.StatusOK, ""},
		{"over a route's own limit", "/more", 21, false, http.StatusRequestEntityTooLarge, "20 bytes"},
		{"none", "/read", 0, false, http.StatusOK, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var body io.Reader = bytes.NewReader(make([]byte, tt.size))
			if tt.streamed {
				body = io.MultiReader(body) // hides the length
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+tt.path, body)
			require.NoError(t, err)
			request.Header.Set("X-Api-Key", "writer")
			response, err := server.Client().Do(request)
			require.NoError(t, err)
			defer func() { assert.NoError(t, response.Body.Close()) }()
			require.Equal(t, tt.status, response.StatusCode)
			if tt.status != http.StatusOK {
				doc := documentOf(t, response.Body)
				assert.Equal(t, "too_large", doc.Code)
				assert.Contains(t, doc.Detail, tt.detail)
				assert.True(t, response.Close, "the rest of the body is not read")
			}
		})
	}
}

// readAll answers with the size of the body.
func readAll(w http.ResponseWriter, r *http.Request) {
	if _, err := io.ReadAll(r.Body); err != nil {
		problem.Write(w, BodyError(err))
	}
}

func TestByteSize(t *testing.T) {
	assert.Equal(t, "32 MiB", byteSize(32<<20))
	assert.Equal(t, "1048577 bytes", byteSize(1<<20+1))
	assert.True(t, strings.HasPrefix(BodyError(io.ErrUnexpectedEOF).Error(), "body: the request body could not be read to its end"))
}
