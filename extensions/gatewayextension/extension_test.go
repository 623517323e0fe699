package gatewayextension

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/internal/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keeper is an authentication extension that knows one key, and reports its health.
type keeper struct {
	component.StartFunc
	component.ShutdownFunc
	ill error
}

func (*keeper) Authenticate(_ context.Context, credential string) (auth.Principal, error) {
	if credential != "good" {
		return auth.Principal{}, errcode.New(errcode.Unauthenticated, "the key is not known")
	}
	return auth.Principal{OrgID: "7", KeyID: "k", Scopes: []auth.Scope{auth.ScopeIngest}}, nil
}

func (k *keeper) Health(context.Context) error { return k.ill }

// host is a Collector with other extensions, which remembers what is reported.
type host struct {
	extensions map[component.ID]component.Component
	reported   chan *componentstatus.Event
}

func newHost(extensions ...component.Component) *host {
	h := &host{extensions: make(map[component.ID]component.Component), reported: make(chan *componentstatus.Event, 1)}
	for _, e := range extensions {
		h.extensions[component.MustNewID("auth")] = e
	}
	return h
}

func (h *host) GetExtensions() map[component.ID]component.Component { return h.extensions }
func (h *host) Report(event *componentstatus.Event)                 { h.reported <- event }

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func testConfig(t *testing.T) *Config {
	t.Helper()
	cfg := defaultConfig()
	cfg.HTTP.Endpoint, cfg.OTLPGRPC.Endpoint, cfg.OTLPHTTP.Endpoint = freeAddress(t), freeAddress(t), freeAddress(t)
	return cfg
}

func create(t *testing.T, p *process.Process, cfg *Config) *gateway {
	t.Helper()
	factory := NewFactoryFor(p)
	created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	own, ok := created.(*gateway)
	require.True(t, ok)
	t.Cleanup(func() {
		assert.NoError(t, own.Shutdown(context.WithoutCancel(t.Context())))
		assert.NoError(t, p.Release())
	})
	return own
}

// register adds a route and a gRPC service, as receivers do.
func register(t *testing.T, g *gateway, handler http.HandlerFunc) {
	t.Helper()
	var registrar frontdoor.Registrar = g
	require.NoError(t, registrar.Handle(frontdoor.Route{
		Pattern: "GET /org", Scope: auth.ScopeIngest, Handler: handler,
		Listeners: []frontdoor.Listener{frontdoor.HTTP, frontdoor.OTLPHTTP},
	}))
	require.NoError(t, registrar.HandleGRPC(auth.ScopeIngest, func(s grpc.ServiceRegistrar) {
		healthpb.RegisterHealthServer(s, health.NewServer())
	}))
}

func sayOrg(w http.ResponseWriter, r *http.Request) {
	org, _ := orgcontext.From(r.Context())
	_, _ = io.WriteString(w, org)
}

func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	request.Header.Set("X-API-Key", "good")
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

// newClient is a client whose idle connections end with the test.
func newClient(t *testing.T, config *tls.Config) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func check(t *testing.T, address, key string, creds credentials.TransportCredentials) error {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
	require.NoError(t, err)
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", key)
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

func TestFactory(t *testing.T) {
	factory := NewFactory()
	assert.Equal(t, "gateway", factory.Type().String())
	_, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), struct{}{})
	assert.ErrorContains(t, err, "gateway: configuration is a struct {}")
}

func TestShutdownWithoutStart(t *testing.T) {
	require.NoError(t, create(t, process.New(), defaultConfig()).Shutdown(t.Context()))
}

func TestLifecycle(t *testing.T) {
	p, cfg, guardian := process.New(), testConfig(t), &keeper{}
	g := create(t, p, cfg)
	assert.Equal(t, []component.ID{component.MustNewID("auth")}, g.Dependencies())
	require.NoError(t, g.Start(t.Context(), newHost(guardian)))
	register(t, g, sayOrg)
	client := newClient(t, nil)

	code, body := get(t, client, "http://"+cfg.HTTP.Endpoint+"/org")
	assert.Equal(t, http.StatusServiceUnavailable, code, "the pipelines have not started")
	assert.Contains(t, body, "the server is starting or stopping")

	require.NoError(t, g.Ready())
	for _, endpoint := range []string{cfg.HTTP.Endpoint, cfg.OTLPHTTP.Endpoint} {
		code, body = get(t, client, "http://"+endpoint+"/org")
		assert.Equal(t, http.StatusOK, code)
		assert.Equal(t, "7", body, "the organisation of the key, for the Collector")
	}
	assert.Equal(t, cfg.HTTP.Endpoint, fmt.Sprintf("127.0.0.1:%d", g.Ports()["http"]))
	plaintext := insecure.NewCredentials()
	require.NoError(t, check(t, cfg.OTLPGRPC.Endpoint, "good", plaintext))
	assert.Equal(t, codes.Unauthenticated, status.Code(check(t, cfg.OTLPGRPC.Endpoint, "bad", plaintext)))

	closed := false
	g.OnClose(func() { closed = true })
	require.NoError(t, g.NotReady())
	assert.True(t, closed)
	require.NoError(t, g.Shutdown(t.Context()))
}

// A request that has come in ends before the pipelines behind it do.
func TestRequestsInFlightEnd(t *testing.T) {
	p, cfg := process.New(), testConfig(t)
	g := create(t, p, cfg)
	require.NoError(t, g.Start(t.Context(), newHost(&keeper{})))
	entered, leave := make(chan struct{}), make(chan struct{})
	register(t, g, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		sayOrg(w, r)
	})
	require.NoError(t, g.Ready())
	g.OnClose(func() { close(leave) })
	answered := make(chan string, 1)
	client := newClient(t, nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+cfg.HTTP.Endpoint+"/org", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("X-API-Key", "good")
	go func() {
		answered <- bodyOf(client, request)
	}()
	<-entered
	require.NoError(t, g.NotReady())
	assert.Equal(t, "7", <-answered)
}

// bodyOf returns what is answered, or the error.
func bodyOf(client *http.Client, request *http.Request) string {
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err.Error()
	}
	return string(body)
}

// A reload makes a new gateway on the sockets of the old one.
func TestReloadKeepsTheSockets(t *testing.T) {
	p, cfg := process.New(), testConfig(t)
	client := newClient(t, nil)
	for range 3 {
		g := create(t, p, cfg)
		require.NoError(t, g.Start(t.Context(), newHost(&keeper{})))
		register(t, g, sayOrg)
		require.NoError(t, g.Ready())
		code, _ := get(t, client, "http://"+cfg.HTTP.Endpoint+"/org")
		assert.Equal(t, http.StatusOK, code)
		require.NoError(t, g.NotReady())
		require.NoError(t, g.Shutdown(t.Context()))
	}
}

func TestStartNeedsAuthentication(t *testing.T) {
	g := create(t, process.New(), testConfig(t))
	require.ErrorContains(t, g.Start(t.Context(), newHost()), `auth: there is no extension "auth" that checks credentials`)
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	p, cfg := process.New(), testConfig(t)
	cfg.OTLPGRPC.Endpoint = taken.Addr().String()

	err = create(t, p, cfg).Start(t.Context(), newHost(&keeper{}))
	require.Equal(t, errcode.Conflict, errcode.Of(err))
	require.ErrorContains(t, err, "otlp_grpc::endpoint: "+cfg.OTLPGRPC.Endpoint+": another program listens on this address (stop it, or choose another address)")

	// What it had opened before is free again.
	require.NoError(t, p.Release())
	for _, endpoint := range []string{cfg.HTTP.Endpoint, cfg.OTLPHTTP.Endpoint} {
		listener, err := net.Listen("tcp", endpoint)
		require.NoError(t, err)
		require.NoError(t, listener.Close())
	}
}

func TestTLS(t *testing.T) {
	p, cfg := process.New(), testConfig(t)
	var pool *x509.CertPool
	cfg.TLS, pool = selfSigned(t)
	g := create(t, p, cfg)
	require.NoError(t, g.Start(t.Context(), newHost(&keeper{})))
	register(t, g, sayOrg)
	require.NoError(t, g.Ready())
	client := newClient(t, &tls.Config{RootCAs: pool})

	code, _ := get(t, client, "https://"+cfg.HTTP.Endpoint+"/org")
	assert.Equal(t, http.StatusOK, code)
	code, _ = get(t, client, "http://"+cfg.OTLPHTTP.Endpoint+"/org")
	assert.Equal(t, http.StatusBadRequest, code, "plaintext to a TLS listener")
	require.NoError(t, check(t, cfg.OTLPGRPC.Endpoint, "good", credentials.NewTLS(&tls.Config{RootCAs: pool})))
}

func TestTLSFilesThatCannotBeRead(t *testing.T) {
	cfg := testConfig(t)
	cfg.TLS = TLSConfig{CertFile: "/nowhere/c", KeyFile: "/nowhere/k"}
	err := create(t, process.New(), cfg).Start(t.Context(), newHost(&keeper{}))
	require.ErrorContains(t, err, "tls: read certificate /nowhere/c and key /nowhere/k")
}

func TestListenerThatEndsIsReported(t *testing.T) {
	h := newHost(&keeper{})
	g := &gateway{host: h}
	g.report("http", nil)
	g.report("http", http.ErrServerClosed)
	g.report("http", net.ErrClosed)
	g.report("http", errors.New("too many open files"))
	event := <-h.reported
	assert.Equal(t, componentstatus.StatusFatalError, event.Status())
	assert.EqualError(t, event.Err(), "serve http: too many open files")
}

// selfSigned makes a certificate for the loopback address.
func selfSigned(t *testing.T) (TLSConfig, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	files := TLSConfig{CertFile: filepath.Join(t.TempDir(), "c"), KeyFile: filepath.Join(t.TempDir(), "k")}
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(files.CertFile, encoded, 0o600))
	require.NoError(t, os.WriteFile(files.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(encoded))
	return files, pool
}
