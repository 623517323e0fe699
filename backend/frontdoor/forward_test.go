package frontdoor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/backend/auth"
)

// sayForwarded stands for the backend.
func sayForwarded(w http.ResponseWriter, r *http.Request) {
	_, hasPrincipal := auth.FromContext(r.Context())
	if hasPrincipal {
		_, _ = io.WriteString(w, "known ")
	}
	_, _ = io.WriteString(w, "forwarded "+r.Method+" "+r.URL.Path)
}

func TestForward(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "POST /v1/ingest/logs", auth.ScopeIngest, whoami)
	f.handle(t, "POST /v1/logs", auth.ScopeIngest, whoami)
	f.Forward(http.HandlerFunc(sayForwarded))
	tests := []struct {
		name, method, path string
		status             int
		says               string
	}{
		{"a page", http.MethodGet, "/", http.StatusOK, "forwarded GET /"},
		{"the API", http.MethodPost, "/v1/query/logs", http.StatusOK, "forwarded POST /v1/query/logs"},
		{"any method", "PROPFIND", "/x", http.StatusOK, "forwarded PROPFIND /x"},
		{"what is served here", http.MethodPost, "/v1/ingest/logs", http.StatusOK, "1/w"},
		{"another method of what is served here", http.MethodGet, "/v1/logs", http.StatusMethodNotAllowed, "use POST"},
		{"another method of ingest", http.MethodGet, "/v1/ingest/logs", http.StatusMethodNotAllowed, "use POST"},
		{"a wrong path of ingest", http.MethodPost, "/v1/ingest/lgos", http.StatusNotFound, "there is nothing at /v1/ingest/lgos"},
		{"no path at all", http.MethodOptions, "*", http.StatusNotFound, "there is nothing at *"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer := f.ask(tt.method, tt.path, "X-API-Key", "writer")
			assert.Equal(t, tt.status, answer.Code)
			assert.Contains(t, answer.Body.String(), tt.says)
		})
	}

	request := httptest.NewRequest(http.MethodGet, "/v1/query/metrics", http.NoBody)
	other := httptest.NewRecorder()
	f.Handler(OTLPHTTP).ServeHTTP(other, request)
	assert.Equal(t, http.StatusNotFound, other.Code, "the port of OTLP is for OTLP")
	f.Close()
	closed := f.ask(http.MethodGet, "/")
	assert.Equal(t, http.StatusServiceUnavailable, closed.Code)
	assert.NotEmpty(t, closed.Header().Get(ClosedHeader))
}

// What is served here goes before what is not.
func TestForwardBesideAPage(t *testing.T) {
	f := newFixture(t, testConfig())
	f.handle(t, "GET /", "", whoami)
	f.Forward(http.HandlerFunc(sayForwarded))
	assert.Equal(t, "/", f.ask(http.MethodGet, "/hosts").Body.String())
	assert.Equal(t, "forwarded POST /hosts", f.ask(http.MethodPost, "/hosts").Body.String())
}

func TestForwardLimits(t *testing.T) {
	cfg := testConfig()
	cfg.AnonymousPerSecond, cfg.AnonymousBurst, cfg.MaxBody = 0.001, 2, 10
	f := newFixture(t, cfg)
	f.keys.away = true // nobody is asked
	f.Forward(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	for range 2 {
		assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/").Code)
	}
	assert.Equal(t, http.StatusTooManyRequests, f.ask(http.MethodGet, "/").Code)
	for range 3 {
		assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/", "X-API-Key", "any").Code, "the backend says whether it is one")
		assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/", "Cookie", auth.AccessCookie+"=any").Code)
	}
	crossSite := f.ask(http.MethodGet, "/", "Cookie", auth.AccessCookie+"=any", "Origin", "https://elsewhere.example")
	assert.Equal(t, http.StatusTooManyRequests, crossSite.Code, "a cookie from another site is no credential")

	for _, known := range []bool{true, false} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("more than ten bytes"))
		request.Header.Set("X-API-Key", "any")
		want := http.StatusRequestEntityTooLarge
		if !known {
			request.ContentLength, want = -1, http.StatusBadRequest
		}
		recorder := httptest.NewRecorder()
		f.Handler(HTTP).ServeHTTP(recorder, request)
		assert.Equal(t, want, recorder.Code)
	}
}

var trusted = Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

func TestTrustedProxies(t *testing.T) {
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	const host = "pharos.internal"
	tests := []struct {
		name, remote string
		header       http.Header
		want         string // remote address
		host         string
		encrypted    bool
	}{
		{"a stranger is not believed", "192.0.2.1:5", header("X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil"), "192.0.2.1:5", host, false},
		{"a proxy that says nothing", "10.0.0.1:5", header(), "10.0.0.1:5", host, false},
		{"a proxy", "10.0.0.1:5", header("X-Forwarded-For", "192.0.2.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "pharos.example"), "192.0.2.7:0", "pharos.example", true},
		{"over IPv6", "[fd00::1]:5", header("X-Forwarded-For", "2001:db8::1"), "[2001:db8::1]:0", host, false},
		{"an IPv4 address in IPv6", "[::ffff:10.0.0.1]:5", header("X-Forwarded-For", "::ffff:192.0.2.7"), "192.0.2.7:0", host, false},
		{"what the client made up before it", "10.0.0.1:5", header("X-Forwarded-For", "6.6.6.6, 192.0.2.7"), "192.0.2.7:0", host, false},
		{"two proxies", "10.0.0.1:5", header("X-Forwarded-For", "6.6.6.6, 192.0.2.7, 10.0.0.2"), "192.0.2.7:0", host, false},
		{"in several lines", "10.0.0.1:5", header("X-Forwarded-For", "192.0.2.7", "X-Forwarded-For", "10.0.0.2"), "192.0.2.7:0", host, false},
		{"proxies alone", "10.0.0.1:5", header("X-Forwarded-For", "10.0.0.3, 10.0.0.2"), "10.0.0.3:0", host, false},
		{"with ports", "10.0.0.1:5", header("X-Forwarded-For", "192.0.2.7:1234"), "192.0.2.7:0", host, false},
		{"with ports and IPv6", "10.0.0.1:5", header("X-Forwarded-For", "[2001:db8::1]:1234"), "[2001:db8::1]:0", host, false},
		{"no address", "10.0.0.1:5", header("X-Forwarded-For", "unknown"), "10.0.0.1:5", host, false},
		{"no address before a proxy's", "10.0.0.1:5", header("X-Forwarded-For", "unknown, 10.0.0.2"), "10.0.0.2:0", host, false},
		{"a host that is none", "10.0.0.1:5", header("X-Forwarded-Host", "a b/<c>"), "10.0.0.1:5", host, false},
		{"a list of schemes: the nearest counts", "10.0.0.1:5", header("X-Forwarded-Proto", "http, HTTPS"), "10.0.0.1:5", host, true},
		{"a WebSocket through Traefik", "10.0.0.1:5", header("X-Forwarded-Proto", "wss"), "10.0.0.1:5", host, true},
		{"no network address", "@", header("X-Forwarded-For", "192.0.2.7"), "@", host, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			request.RemoteAddr, request.Host, request.Header = tt.remote, host, tt.header
			sent := trusted.asSent(request)
			assert.Equal(t, tt.want, sent.RemoteAddr)
			assert.Equal(t, tt.host, sent.Host)
			assert.Equal(t, tt.encrypted, sent.TLS != nil)
			assert.Equal(t, tt.remote, request.RemoteAddr, "the original stays")
		})
	}
}

func TestPlaintextBeforeAnEncryptingProxy(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "https://pharos.example/", http.NoBody)
	request.RemoteAddr = "10.0.0.1:5"
	require.NotNil(t, request.TLS)
	request.Header.Set("X-Forwarded-Proto", "http")
	assert.Nil(t, trusted.asSent(request).TLS, "a cookie that is Secure would not come back")
}

// The limits of addresses without a credential count who is behind a trusted proxy.
func TestLimitsBehindAProxy(t *testing.T) {
	cfg := testConfig()
	cfg.AnonymousPerSecond, cfg.AnonymousBurst = 0.001, 1
	cfg.TrustedProxies = Proxies{netip.MustParsePrefix("192.0.2.0/24")} // that of httptest
	f := newFixture(t, cfg)
	f.handle(t, "GET /open", "", whoami)
	assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/open", "X-Forwarded-For", "1.1.1.1").Code)
	assert.Equal(t, http.StatusTooManyRequests, f.ask(http.MethodGet, "/open", "X-Forwarded-For", "1.1.1.1").Code)
	assert.Equal(t, http.StatusOK, f.ask(http.MethodGet, "/open", "X-Forwarded-For", "2.2.2.2").Code)
}

func TestGRPCBehindAProxy(t *testing.T) {
	cfg := testConfig()
	cfg.AnonymousPerSecond, cfg.AnonymousBurst = 0.001, 1
	cfg.TrustedProxies = Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	conn := dial(t, newFixture(t, cfg))
	for _, tt := range []struct {
		client string
		code   codes.Code
	}{{"1.1.1.1", codes.Unauthenticated}, {"1.1.1.1", codes.ResourceExhausted}, {"2.2.2.2", codes.Unauthenticated}} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", "guess", "x-forwarded-for", tt.client)
		_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
		assert.Equal(t, tt.code, status.Code(err))
	}
	assert.Equal(t, "[::1]:7", trusted.caller("[::1]:7", metadata.Pairs("x-forwarded-for", "1.1.1.1")), "a stranger")
	assert.Equal(t, "10.0.0.1:7", trusted.caller("10.0.0.1:7", nil))
}

// Nothing of gRPC is forwarded: what is not served here is not there.
func TestUnknownCalls(t *testing.T) {
	f := newFixture(t, testConfig())
	f.Forward(http.HandlerFunc(sayForwarded))
	conn := dial(t, f)
	for _, method := range []string{"/grpc.health.v1.Health/Nothing", "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"} {
		err := conn.Invoke(t.Context(), method, &healthpb.HealthCheckRequest{}, &healthpb.HealthCheckResponse{})
		assert.Equal(t, codes.Unimplemented, status.Code(err), method)
	}
}
