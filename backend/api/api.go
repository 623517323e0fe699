package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/admin"
	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/backend/hosts"
	"github.com/pharos-obs/pharos/backend/live"
	"github.com/pharos-obs/pharos/backend/logsearch"
	"github.com/pharos-obs/pharos/backend/promapi"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/services"
	"github.com/pharos-obs/pharos/storage"
)

// ScopeKey is the key in an operation's metadata under which it names the auth.Scope that it
// asks for. An operation without it serves anybody.
const ScopeKey = "scope"

// Registrar adds operations to the API.
type Registrar interface {
	Register(api huma.API)
}

// Status is how well a component does.
type Status string

// The statuses, from the best to the worst.
const (
	StatusOK       Status = "ok"
	StatusDegraded Status = "degraded"
	StatusDown     Status = "down"
)

// ComponentHealth is how well one component does.
type ComponentHealth struct {
	Name        string     `json:"name" doc:"Name of the component" example:"metrics store"`
	Kind        string     `json:"kind,omitempty" doc:"What it is: store, receiver, processor, exporter, extension or connector" example:"store"`
	Status      Status     `json:"status" enum:"ok,degraded,down"`
	Message     string     `json:"message,omitempty" doc:"What is wrong now"`
	LastError   string     `json:"last_error,omitempty" doc:"What was wrong last"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
}

// Version says which build this is.
type Version struct {
	Version string
	Commit  string
	Date    string
}

// Deps is what the API is made of.
type Deps struct {
	Metrics storage.MetricStore
	Logs    storage.LogStore
	Query   *query.Engine
	// LogLimits and LiveLimits replace the defaults when they are set.
	LogLimits  *logsearch.Config
	LiveLimits *live.Config
	// Auth adds the operations of /v1/auth; nil leaves them out.
	Auth Registrar
	// Services add their operations too: dashboards, saved searches.
	Services []Registrar
	// Authenticator checks again whether live connections may go on; nil lets them.
	Authenticator auth.Authenticator
	// Health measures the components; it is called for every request of GET /v1/health.
	Health func(ctx context.Context) []ComponentHealth
	// Platform holds the program's own metrics.
	Platform prometheus.Gatherer
	// Registerer takes the API's own metrics; nil leaves them out.
	Registerer prometheus.Registerer
	Version    Version
	// Ports are where the server listens, by the names of its listeners.
	Ports map[string]int
	// CASHA256 is the fingerprint of the CA that the server shows with its certificate.
	CASHA256 string
	Logger   *zap.Logger
}

func (d Deps) check() error {
	for name, missing := range map[string]bool{
		"Metrics": d.Metrics == nil, "Logs": d.Logs == nil, "Query": d.Query == nil,
		"Health": d.Health == nil, "Platform": d.Platform == nil, "Logger": d.Logger == nil,
	} {
		if missing {
			return errors.New("api: Deps." + name + " is missing")
		}
	}
	return nil
}

// API is the HTTP API.
type API struct {
	deps   Deps
	mux    *http.ServeMux
	huma   huma.API
	live   *live.Service
	routes []frontdoor.Route
}

// New returns the API over what it is made of. Close ends its connections.
func New(deps Deps) (*API, error) {
	if err := deps.check(); err != nil {
		return nil, err
	}
	overrideErrors()
	a := &API{deps: deps, mux: http.NewServeMux()}
	a.huma = humago.New(a.mux, newConfig(deps.Version))

	search, err := logsearch.New(deps.Logs, orDefault(deps.LogLimits, logsearch.DefaultConfig))
	if err != nil {
		return nil, err
	}
	if a.live, err = live.New(deps.Query, deps.Logs, deps.Authenticator, orDefault(deps.LiveLimits, live.DefaultConfig), deps.Registerer, deps.Logger); err != nil {
		return nil, err
	}
	query.NewREST(deps.Query).Register(a.huma)
	search.Register(a.huma)
	services.New(deps.Query, deps.Logs).Register(a.huma)
	hosts.New(deps.Query).Register(a.huma)
	if deps.Auth != nil {
		deps.Auth.Register(a.huma)
	}
	for _, service := range deps.Services {
		service.Register(a.huma)
	}
	a.registerHealth()
	a.registerPlatform()
	a.registerAdmin()
	admin.New(deps.Query, deps.Metrics, deps.Logs, deps.Logger).Register(a.huma)

	a.addOperationRoutes()
	prometheusAPI := promapi.New(deps.Query, promapi.BuildInfo{
		Version: promapi.PrometheusVersion, Revision: deps.Version.Commit, Branch: "pharos-" + deps.Version.Version,
		BuildDate: deps.Version.Date, GoVersion: runtime.Version(),
	}, deps.Logger)
	a.routes = append(a.routes, prometheusAPI.Routes()...)
	if err := compress(a.routes); err != nil {
		return nil, errors.Join(err, a.live.Close())
	}
	a.routes = append(a.routes, a.live.Routes()...) // streams stay as they are
	a.describeRaw(prometheusAPI.Operations())
	if err := a.addDocument(); err != nil {
		return nil, errors.Join(err, a.live.Close())
	}
	return a, nil
}

// Routes returns one route for every operation, for the front door.
func (a *API) Routes() []frontdoor.Route { return slices.Clone(a.routes) }

// OpenAPI returns the OpenAPI document.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// Close ends the live connections and waits for them.
func (a *API) Close() error { return a.live.Close() }

func orDefault[T any](set *T, fallback func() T) T {
	if set != nil {
		return *set
	}
	return fallback()
}

// addOperationRoutes derives routes from the operations registered so far.
func (a *API) addOperationRoutes() {
	handler := a.logErrors(a.mux)
	paths := a.huma.OpenAPI().Paths
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, operation := range operations(paths[path]) {
			a.routes = append(a.routes, frontdoor.Route{
				Pattern: operation.Method + " " + path,
				Scope:   scopeOf(operation),
				Handler: handler,
			})
		}
	}
}

func operations(item *huma.PathItem) []*huma.Operation {
	all := []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete}
	return slices.DeleteFunc(all, func(o *huma.Operation) bool { return o == nil })
}

// scopeOf reads the scope of an operation.
func scopeOf(operation *huma.Operation) auth.Scope {
	switch scope := operation.Metadata[ScopeKey].(type) {
	case auth.Scope:
		return scope
	case string:
		return auth.Scope(scope)
	}
	return ""
}

// addDocument completes the OpenAPI document and serves it.
func (a *API) addDocument() error {
	document := a.huma.OpenAPI()
	if record := document.Components.Schemas.Map()["LogRecord"]; record != nil {
		record.Properties["json"] = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "What was sent as json; scalars in it may be strings"}
	}
	for _, item := range document.Paths {
		for _, operation := range operations(item) {
			if scope := scopeOf(operation); scope != "" {
				operation.Security = []map[string][]string{{"bearer": {}}, {"key": {}}, {"session": {}}}
				operation.Description = strings.TrimSpace(operation.Description + "\n\nNeeds the scope `" + string(scope) + "`.")
			}
		}
	}
	encoded, err := document.MarshalJSON()
	if err != nil {
		return fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	a.routes = append(a.routes, frontdoor.Route{
		Pattern: "GET /v1/openapi.json",
		Scope:   auth.ScopeQuery,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(encoded) // an error means that the client went away
		}),
	})
	return nil
}
