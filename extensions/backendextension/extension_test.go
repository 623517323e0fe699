package backendextension

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"google.golang.org/grpc"

	"github.com/pharos-obs/pharos/backend/api"
	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/extensions/authextension"
	"github.com/pharos-obs/pharos/extensions/storageextension"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/process"
)

// host is a Collector with other extensions.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// gateway takes routes, as the gateway extension does.
type gateway struct {
	component.StartFunc
	component.ShutdownFunc
	routes  map[string]frontdoor.Route
	onClose []func()
	refuse  string // a pattern that clashes
}

func (g *gateway) Ports() map[string]int { return map[string]int{"http": 8080} }
func (g *gateway) CASHA256() string      { return "0a1b" }

func (g *gateway) Handle(routes ...frontdoor.Route) error {
	for _, route := range routes {
		if route.Pattern == g.refuse {
			return errors.New("the pattern is taken")
		}
		g.routes[route.Pattern] = route
	}
	return nil
}

func (*gateway) HandleGRPC(auth.Scope, func(grpc.ServiceRegistrar)) error { return nil }
func (g *gateway) OnClose(work func())                                    { g.onClose = append(g.onClose, work) }

// startOthers starts the extensions that the backend works on.
func startOthers(t *testing.T, dir string) (host, *gateway) {
	t.Helper()
	door := &gateway{routes: make(map[string]frontdoor.Route)}
	h := host{component.MustNewID("gateway"): door}

	stores := storageextension.NewFactory()
	cfg := stores.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"directory": dir, "min_free": "1MiB", "logs": map[string]any{"memory": "32MiB"},
	}).Unmarshal(cfg))
	store, err := stores.Create(t.Context(), extensiontest.NewNopSettings(stores.Type()), cfg)
	require.NoError(t, err)
	users := authextension.NewFactory()
	keeper, err := users.Create(t.Context(), extensiontest.NewNopSettings(users.Type()), users.CreateDefaultConfig())
	require.NoError(t, err)
	for name, part := range map[string]component.Component{"storage": store, "auth": keeper} {
		h[component.MustNewID(name)] = part
	}
	for _, name := range []string{"storage", "auth"} {
		part := h[component.MustNewID(name)]
		require.NoError(t, part.Start(t.Context(), h))
		t.Cleanup(func() { assert.NoError(t, part.Shutdown(context.WithoutCancel(t.Context()))) })
	}
	return h, door
}

func create(t *testing.T, p *process.Process, cfg *Config) *backend {
	t.Helper()
	factory := NewFactoryFor(p)
	created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	own, ok := created.(*backend)
	require.True(t, ok)
	t.Cleanup(func() { assert.NoError(t, own.Shutdown(context.WithoutCancel(t.Context()))) })
	return own
}

func TestFactory(t *testing.T) {
	factory := NewFactory()
	assert.Equal(t, "backend", factory.Type().String())
	_, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), struct{}{})
	assert.ErrorContains(t, err, "backend: configuration is a struct {}")
}

func TestLifecycle(t *testing.T) {
	dir := t.TempDir()
	h, door := startOthers(t, dir)
	p, cfg := process.New(), defaultConfig()
	cfg.BootstrapFile, cfg.PublicURL = filepath.Join(dir, "bootstrap.json"), "http://127.0.0.1:1"
	b := create(t, p, cfg)
	assert.ElementsMatch(t, []component.ID{cfg.Storage, cfg.Auth, cfg.Gateway}, b.Dependencies())

	require.NoError(t, b.Start(t.Context(), h))

	for _, pattern := range []string{"GET /", "GET /v1/ws", "GET /v1/health", "GET /api/v1/query", "POST /v1/query/logs"} {
		require.Contains(t, door.routes, pattern)
	}
	recorder := httptest.NewRecorder()
	door.routes["GET /v1/health"].Handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/v1/health", http.NoBody))
	assert.Equal(t, http.StatusOK, recorder.Code)
	assert.True(t, hasMetric(t, p, "pharos_live_connections"), "what the backend measures is shown")

	for _, work := range door.onClose {
		work()
	}
	recorder = httptest.NewRecorder()
	door.routes["GET /v1/stream"].Handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/v1/stream?expr=up", http.NoBody))
	assert.GreaterOrEqual(t, recorder.Code, 400, "no stream begins once the door is closed")

	require.NoError(t, b.Shutdown(t.Context()))
	require.NoError(t, b.Shutdown(t.Context()), "a second time")
	assert.False(t, hasMetric(t, p, "pharos_live_connections"))
}

func hasMetric(t *testing.T, p *process.Process, name string) bool {
	t.Helper()
	families, err := p.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == name {
			return true
		}
	}
	return false
}

func TestBootstrap(t *testing.T) {
	dir := t.TempDir()
	h, _ := startOthers(t, dir)
	cfg := defaultConfig()
	cfg.BootstrapFile, cfg.PublicURL = filepath.Join(dir, "new", "bootstrap.json"), "http://127.0.0.1:1"
	b := create(t, process.New(), cfg)
	require.NoError(t, b.Start(t.Context(), h))

	info, err := os.Stat(cfg.BootstrapFile)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	first := readBootstrap(t, cfg.BootstrapFile)
	assert.Equal(t, "http://127.0.0.1:1", first.URL)
	keeper, ok := h[cfg.Auth].(*authextension.Extension)
	require.True(t, ok)
	principal, err := keeper.Authenticate(t.Context(), first.APIKey)
	require.NoError(t, err)
	assert.Equal(t, first.OrgID, string(principal.OrgID))
	_, err = keeper.Service().Login(t.Context(), first.AdminEmail, first.AdminPassword, "")
	require.NoError(t, err)

	// A second start changes nothing but the URL.
	cfg.PublicURL, first.URL = "http://127.0.0.1:2", "http://127.0.0.1:2"
	require.NoError(t, b.Shutdown(t.Context()))
	h[cfg.Gateway] = &gateway{routes: make(map[string]frontdoor.Route)}
	require.NoError(t, create(t, process.New(), cfg).Start(t.Context(), h))
	assert.Equal(t, first, readBootstrap(t, cfg.BootstrapFile))

	// The password leaves the file when it is changed, and nothing else does.
	_, err = keeper.Service().ResetPassword(t.Context(), first.AdminEmail)
	require.NoError(t, err)
	first.AdminPassword = ""
	assert.Equal(t, first, readBootstrap(t, cfg.BootstrapFile))
}

func TestBootstrapFileThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	h, _ := startOthers(t, dir)
	cfg := defaultConfig()
	cfg.BootstrapFile = filepath.Join(dir, "gone", "bootstrap.json")
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere", "x"), filepath.Join(dir, "gone")))
	err := create(t, process.New(), cfg).Start(t.Context(), h)
	require.ErrorContains(t, err, "create the first organisation, user and key: ")
	require.ErrorContains(t, err, "write the bootstrap file")

	// Nobody knows the key, so that the next start makes another.
	cfg.BootstrapFile = filepath.Join(dir, "bootstrap.json")
	require.NoError(t, create(t, process.New(), cfg).Start(t.Context(), h))
	assert.NotEmpty(t, readBootstrap(t, cfg.BootstrapFile).APIKey)
}

func readBootstrap(t *testing.T, path string) bootstrapFile {
	t.Helper()
	encoded, err := os.ReadFile(path)
	require.NoError(t, err)
	var content bootstrapFile
	require.NoError(t, json.Unmarshal(encoded, &content))
	return content
}

func TestForgetPassword(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bootstrap.json")
	require.NoError(t, ForgetPassword(path, "a@b"), "there is no file")
	want := bootstrapFile{AdminEmail: "a@b", AdminPassword: "p", APIKey: "k"}
	require.NoError(t, writeBootstrap(path, want))
	require.NoError(t, ForgetPassword(path, "other@b"))
	assert.Equal(t, want, readBootstrap(t, path))
	require.NoError(t, ForgetPassword(path, "a@b"))
	want.AdminPassword = ""
	assert.Equal(t, want, readBootstrap(t, path))

	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	require.ErrorContains(t, ForgetPassword(path, "a@b"), "read the bootstrap file "+path)
}

func TestStartNeedsTheOthers(t *testing.T) {
	for name, says := range map[string]string{
		"storage": `storage: there is no extension "storage" with stores`,
		"auth":    `auth: there is no extension "auth" that knows users`,
		"gateway": `gateway: there is no extension "gateway" that takes routes`,
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := startOthers(t, t.TempDir())
			delete(h, component.MustNewID(name))
			assert.ErrorContains(t, create(t, process.New(), defaultConfig()).Start(t.Context(), h), says)
		})
	}
	require.NoError(t, create(t, process.New(), defaultConfig()).Shutdown(t.Context()), "without a start")
}

func TestRouteThatClashes(t *testing.T) {
	for pattern, says := range map[string]string{"GET /v1/health": "register the API: the pattern is taken", "GET /": "register the dashboard: the pattern is taken"} {
		h, door := startOthers(t, t.TempDir())
		door.refuse = pattern
		assert.EqualError(t, create(t, process.New(), defaultConfig()).Start(t.Context(), h), says)
	}
}

func TestComponentHealth(t *testing.T) {
	got := storeHealth(t.Context(), map[string]func(context.Context) error{
		"c": func(context.Context) error { return errors.New("gone") },
		"a": func(context.Context) error { return nil },
		"b": func(context.Context) error { return errcode.New(errcode.OutOfSpace, "the disk is full") },
	})
	assert.Equal(t, []api.ComponentHealth{
		{Kind: "store", Name: "a", Status: api.StatusOK},
		{Kind: "store", Name: "b", Status: api.StatusDegraded, Message: "the disk is full"},
		{Kind: "store", Name: "c", Status: api.StatusDown, Message: "gone"},
	}, got)
}
