package gatewayextension

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/process"
)

// startBackend starts a front door with what a backend has, and returns its configuration.
func startBackend(t *testing.T, change func(*Config)) (*gateway, *Config) {
	t.Helper()
	cfg := testConfig(t)
	change(cfg)
	g := create(t, process.New(), cfg)
	require.NoError(t, g.Start(t.Context(), newHost(&keeper{})))
	require.NoError(t, g.Handle(
		frontdoor.Route{Pattern: "GET /", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "page for "+r.RemoteAddr+" at "+r.Host)
		})},
		frontdoor.Route{Pattern: "GET /v1/query", Scope: auth.ScopeIngest, Handler: http.HandlerFunc(sayOrg)},
		frontdoor.Route{Pattern: "POST /v1/auth/login", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: auth.AccessCookie, Value: "good", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
		})},
		frontdoor.Route{Pattern: "GET /v1/ws", Scope: auth.ScopeIngest, Handler: http.HandlerFunc(sayHello)},
	))
	require.NoError(t, g.Ready())
	return g, cfg
}

// sayHello is a WebSocket with one message.
func sayHello(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it may be closed
	_ = conn.Write(r.Context(), websocket.MessageText, []byte("hello"))
	_, _, _ = conn.Read(r.Context())
}

// startGateway starts a front door with ingest alone, before backends.
func startGateway(t *testing.T, p *process.Process, change func(*Config), backends ...string) (*gateway, *Config) {
	t.Helper()
	cfg := testConfig(t)
	cfg.Backend.URL = backends
	change(cfg)
	g := create(t, p, cfg)
	require.NoError(t, g.Start(t.Context(), newHost(&keeper{})))
	require.NoError(t, g.Handle(frontdoor.Route{Pattern: "POST /v1/ingest/logs", Scope: auth.ScopeIngest, Handler: http.HandlerFunc(sayOrg)}))
	require.NoError(t, g.Ready())
	return g, cfg
}

func nothing(*Config) {}

func trustLoopback(cfg *Config) { cfg.TrustedProxies = []string{"127.0.0.0/8"} }

func TestGatewayBeforeABackend(t *testing.T) {
	_, behind := startBackend(t, trustLoopback)
	p := process.New()
	g, cfg := startGateway(t, p, nothing, "http://"+behind.HTTP.Endpoint)
	client := newClient(t, nil)
	base := "http://" + cfg.HTTP.Endpoint

	code, body := get(t, client, base+"/v1/query")
	assert.Equal(t, http.StatusOK, code)
	assert.Equal(t, "7", body, "the backend knows the key")
	code, body = get(t, client, base+"/hosts")
	assert.Equal(t, http.StatusOK, code)
	assert.Equal(t, "page for 127.0.0.1:0 at "+cfg.HTTP.Endpoint, body, "the gateway's host, and the client's address")
	for path, status := range map[string]int{"/v1/ingest/logs": http.StatusMethodNotAllowed, "/v1/ingest/nothing": http.StatusNotFound} {
		code, _ = get(t, client, base+path)
		assert.Equal(t, status, code, path)
	}
	code, _ = get(t, client, "http://"+cfg.OTLPHTTP.Endpoint+"/v1/query")
	assert.Equal(t, http.StatusNotFound, code, "only OTLP there")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/auth/login", strings.NewReader("{}"))
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "pharos_access=good; HttpOnly; SameSite=Strict", response.Header.Get("Set-Cookie"))

	// A browser's WebSocket comes with the cookie and the page's origin.
	header := http.Header{"Cookie": {"pharos_access=good"}, "Origin": {base}}
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // Dial closes it
	require.NoError(t, err)
	defer conn.CloseNow() //nolint:errcheck // it is closed
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "hello", string(message))
	header.Set("Origin", "http://elsewhere.example")
	_, refused, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // Dial closes it
	require.Error(t, err)
	assert.Equal(t, http.StatusForbidden, refused.StatusCode)

	ended := make(chan error, 1)
	go func() {
		_, _, err := conn.Read(context.WithoutCancel(t.Context()))
		ended <- err
	}()
	require.NoError(t, g.NotReady())
	assert.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(<-ended))
}

func TestGatewayWithoutItsBackend(t *testing.T) {
	backend, behind := startBackend(t, nothing)
	p := process.New()
	g, cfg := startGateway(t, p, nothing, "http://"+behind.HTTP.Endpoint)
	client := newClient(t, nil)
	check := g.Checks()["backend http://"+behind.HTTP.Endpoint]
	require.NoError(t, check(t.Context()))

	require.NoError(t, backend.NotReady())
	require.NoError(t, backend.Shutdown(t.Context()))
	require.NoError(t, backend.process.Release())
	code, body := get(t, client, "http://"+cfg.HTTP.Endpoint+"/v1/health")
	assert.Equal(t, http.StatusServiceUnavailable, code)
	assert.Contains(t, body, "the backend is away")
	require.ErrorContains(t, check(t.Context()), behind.HTTP.Endpoint)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+cfg.HTTP.Endpoint+"/v1/ingest/logs", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("X-API-Key", "good")
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
}

// TLS all the way, by a private CA: the cookie of the backend is Secure whatever lies between.
func TestEncryptedGateway(t *testing.T) {
	files, pool := selfSigned(t)
	_, behind := startBackend(t, func(cfg *Config) { cfg.TLS = files; trustLoopback(cfg) })
	_, cfg := startGateway(t, process.New(), func(cfg *Config) {
		cfg.TLS = files
		cfg.Backend.TLS = BackendTLSConfig{CAFile: files.CertFile, CertFile: files.CertFile, KeyFile: files.KeyFile}
	}, "https://"+behind.HTTP.Endpoint)
	client := newClient(t, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	code, _ := get(t, client, "https://"+cfg.HTTP.Endpoint+"/v1/query")
	assert.Equal(t, http.StatusOK, code)

	_, plain := startBackend(t, trustLoopback)
	_, outside := startGateway(t, process.New(), func(cfg *Config) { cfg.TLS = files }, "http://"+plain.HTTP.Endpoint)
	for _, address := range []string{cfg.HTTP.Endpoint, outside.HTTP.Endpoint} {
		response, err := client.PostForm("https://"+address+"/v1/auth/login", url.Values{})
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Contains(t, response.Header.Get("Set-Cookie"), "Secure")
	}

	_, stranger := startGateway(t, process.New(), nothing, "https://"+behind.HTTP.Endpoint)
	code, _ = get(t, newClient(t, nil), "http://"+stranger.HTTP.Endpoint+"/v1/query")
	assert.Equal(t, http.StatusServiceUnavailable, code, "a backend whose certificate is not known")
}

func TestFilesOfTheBackend(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for want, config := range map[string]BackendTLSConfig{
		"backend::tls::ca_file: open /nowhere":                      {CAFile: "/nowhere"},
		"holds no certificate: give PEM":                            {CAFile: empty},
		"backend::tls: read certificate /nowhere and key /nowhere2": {CertFile: "/nowhere", KeyFile: "/nowhere2"},
	} {
		cfg := testConfig(t)
		cfg.Backend.URL, cfg.Backend.TLS = []string{"https://127.0.0.1:1"}, config
		require.ErrorContains(t, create(t, process.New(), cfg).Start(t.Context(), newHost(&keeper{})), want)
	}
}

// A reload makes a new forwarder; connections to the gateway wait meanwhile.
func TestReloadWhileForwarding(t *testing.T) {
	_, behind := startBackend(t, nothing)
	p := process.New()
	endpoints := testConfig(t)
	for range 3 {
		g, cfg := startGateway(t, p, func(cfg *Config) {
			cfg.HTTP, cfg.OTLPGRPC, cfg.OTLPHTTP = endpoints.HTTP, endpoints.OTLPGRPC, endpoints.OTLPHTTP
		}, "http://"+behind.HTTP.Endpoint)
		code, _ := get(t, newClient(t, nil), "http://"+cfg.HTTP.Endpoint+"/v1/query")
		assert.Equal(t, http.StatusOK, code)
		require.NoError(t, g.NotReady())
		require.NoError(t, g.Shutdown(t.Context()))
	}
}
