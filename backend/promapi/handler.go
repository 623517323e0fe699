package promapi

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// BuildInfo is what GET /api/v1/status/buildinfo says. Clients choose features by Version, so
// it is the version of Prometheus whose API this is.
type BuildInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	Branch    string `json:"branch"`
	BuildUser string `json:"buildUser"`
	BuildDate string `json:"buildDate"`
	GoVersion string `json:"goVersion"`
}

// PrometheusVersion is the version of Prometheus whose API and PromQL this package serves.
const PrometheusVersion = "3.15.1"

// API serves Prometheus' HTTP API.
type API struct {
	engine  *query.Engine
	build   BuildInfo
	started time.Time
	logger  *zap.Logger
	buffers sync.Pool // of *[]byte
	now     func() time.Time
}

// New returns the API over an engine.
func New(engine *query.Engine, build BuildInfo, logger *zap.Logger) *API {
	return &API{engine: engine, build: build, started: time.Now(), logger: logger, now: time.Now}
}

// Operation is one endpoint.
type Operation struct {
	Methods []string
	Path    string
	Summary string
	handle  handleFunc
}

// handleFunc answers a request whose form is parsed.
type handleFunc func(r *http.Request, org storage.OrgID) (response, error)

// Operations lists the endpoints.
func (a *API) Operations() []Operation {
	get, both := []string{http.MethodGet}, []string{http.MethodGet, http.MethodPost}
	return []Operation{
		{both, "/api/v1/query", "PromQL at one time", a.query},
		{both, "/api/v1/query_range", "PromQL over a range of time", a.queryRange},
		{both, "/api/v1/query_exemplars", "Exemplars of the series that PromQL selects", a.exemplars},
		{both, "/api/v1/format_query", "PromQL laid out over lines", a.formatQuery},
		{both, "/api/v1/series", "Series by selectors", a.series},
		{both, "/api/v1/labels", "Label names", a.labelNames},
		{get, "/api/v1/label/{name}/values", "Values of a label", a.labelValues},
		{get, "/api/v1/metadata", "Type, unit and help of metrics", a.metadata},
		{get, "/api/v1/rules", "Rules; none yet", a.rules},
		{get, "/api/v1/alerts", "Active alerts; none yet", a.alerts},
		{get, "/api/v1/status/buildinfo", "Version of the API", a.buildInfo},
		{get, "/api/v1/status/runtimeinfo", "State of the server", a.runtimeInfo},
		{get, "/api/v1/status/tsdb", "Size of the metric store", a.tsdb},
	}
}

// Routes returns one route for every endpoint and method.
func (a *API) Routes() []frontdoor.Route {
	var routes []frontdoor.Route
	for _, operation := range a.Operations() {
		for _, method := range operation.Methods {
			routes = append(routes, frontdoor.Route{
				Pattern:    method + " " + operation.Path,
				Scope:      auth.ScopeQuery,
				WriteError: a.writeError,
				Handler:    a.handler(operation.handle),
			})
		}
	}
	return routes
}

func (a *API) handler(handle handleFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		org, err := caller.Org(r.Context())
		if err != nil {
			a.writeError(w, r, err)
			return
		}
		if err := r.ParseForm(); err != nil {
			a.writeError(w, r, formError(err))
			return
		}
		answer, err := handle(r, org)
		if err != nil {
			a.writeError(w, r, err)
			return
		}
		a.write(w, answer)
		if answer.close == nil {
			return
		}
		if err := answer.close(); err != nil {
			a.logger.Warn("Closing the result of a query", zap.Error(err))
		}
	})
}

func formError(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errcode.New(errcode.TooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	return errcode.New(errcode.Invalid, "error parsing form values: %w", err)
}

// write answers with success.
func (a *API) write(w http.ResponseWriter, answer response) {
	body, ok := a.buffers.Get().(*[]byte)
	if !ok {
		body = new([]byte)
	}
	defer a.keepBuffer(body)
	*body = answer.appendJSON(*body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(*body) // an error means that the client went away
}

// writeError answers with an error in Prometheus' form, and logs it.
func (a *API) writeError(w http.ResponseWriter, r *http.Request, err error) {
	status, kind := classify(err)
	fields := []zap.Field{zap.String("path", r.URL.Path), zap.Error(err)}
	if kind == errorInternal {
		a.logger.Error("Query failed", fields...)
	} else {
		a.logger.Debug("Query refused", fields...)
	}
	w.Header().Set("Content-Type", "application/json")
	if wait := errcode.RetryAfter(err); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if kind == errorUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	_, _ = w.Write(appendError(nil, kind, messageOf(err)))
}

// messageOf words an error as Prometheus does.
func messageOf(err error) string {
	var coded *errcode.Error
	if !errors.As(err, &coded) {
		return err.Error()
	}
	if coded.Code == errcode.Internal {
		return "something went wrong on the server; its log says what"
	}
	text := coded.Message
	if coded.Field != "" && coded.Code == errcode.Invalid && !strings.HasPrefix(text, "invalid parameter") {
		text = `invalid parameter "` + coded.Field + `": ` + text
	}
	if coded.Fix != "" {
		text += " (" + coded.Fix + ")"
	}
	return text
}
