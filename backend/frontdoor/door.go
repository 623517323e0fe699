package frontdoor

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// Config says how the front door limits requests.
type Config struct {
	// MaxBody is the largest request body in bytes as it comes over the wire, for routes that
	// set no other.
	MaxBody int64
	// BodyTimeout is how long a request's body may take to arrive.
	BodyTimeout time.Duration
	// RequestsPerSecond is how many requests a credential may make each second, on average;
	// 0 means any number. Burst is how many it may make at once.
	RequestsPerSecond float64
	Burst             int
	// AnonymousPerSecond and AnonymousBurst are the same for an address without a valid
	// credential.
	AnonymousPerSecond float64
	AnonymousBurst     int
	// Shared are the buckets that count requests together with other front doors; nil means that
	// this one counts by itself.
	Shared SharedBuckets
	// TrustedProxies are believed when they say for whom they forward a request.
	TrustedProxies Proxies
	// Tracer makes a span of each request; nil means no spans.
	Tracer trace.Tracer
}

// WithOrg puts the organisation into the context in the form that the layers behind the front
// door read. The Collector's part of the program gives it, so that this package needs none of
// the Collector.
type WithOrg func(ctx context.Context, org string) context.Context

// Door is the front door. Use New, register routes and services, then call Open.
type Door struct {
	cfg       Config
	logger    *zap.Logger
	auth      auth.Authenticator
	withOrg   WithOrg
	limits    *limiters
	instr     *instruments
	mu        sync.Mutex
	muxes     map[Listener]*http.ServeMux
	pages     map[Listener]*http.ServeMux // what is served when no route wants the request
	forward   http.Handler                // takes what is not served here; nil means nothing does
	services  []service
	scopes    atomic.Pointer[map[string]auth.Scope] // by gRPC service name; nil before GRPCServer
	opened    atomic.Bool
	onClose   []func()
	clockwork func() time.Time
}

type service struct {
	scope    auth.Scope
	register func(grpc.ServiceRegistrar)
}

// New returns a closed door: it answers 503 until Open.
func New(cfg Config, authenticator auth.Authenticator, withOrg WithOrg, meter metric.Meter, logger *zap.Logger) (*Door, error) {
	instr, err := newInstruments(meter)
	if err != nil {
		return nil, fmt.Errorf("create the front door's metrics: %w", err)
	}
	if cfg.Tracer == nil {
		cfg.Tracer = noop.Tracer{}
	}
	return &Door{
		cfg: cfg, logger: logger, auth: authenticator, withOrg: withOrg,
		limits: newLimiters(cfg), instr: instr,
		muxes:     map[Listener]*http.ServeMux{HTTP: http.NewServeMux(), OTLPHTTP: http.NewServeMux()},
		pages:     map[Listener]*http.ServeMux{HTTP: http.NewServeMux(), OTLPHTTP: http.NewServeMux()},
		clockwork: time.Now,
	}, nil
}

// Handle implements Registrar.
func (d *Door) Handle(routes ...Route) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, route := range routes {
		listeners := route.Listeners
		if len(listeners) == 0 {
			listeners = []Listener{HTTP}
		}
		for _, listener := range listeners {
			mux, ok := d.muxes[listener]
			if !ok {
				return fmt.Errorf("route %q: there is no listener %q", route.Pattern, listener)
			}
			if route.Pattern == pagePattern {
				mux = d.pages[listener]
			}
			if err := register(mux, route.Pattern, d.guard(listener, route)); err != nil {
				return err
			}
		}
	}
	return nil
}

// register turns ServeMux's panic on a bad or clashing pattern into an error.
func register(mux *http.ServeMux, pattern string, handler http.Handler) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("route %q: %v", pattern, fault)
		}
	}()
	mux.Handle(pattern, handler)
	return nil
}

// HandleGRPC implements Registrar.
func (d *Door) HandleGRPC(scope auth.Scope, register func(grpc.ServiceRegistrar)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.services = append(d.services, service{scope, register})
	return nil
}

// OnClose registers work for the moment when the door closes, such as ending streams that
// would otherwise hold up the shutdown.
func (d *Door) OnClose(work func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onClose = append(d.onClose, work)
}

// Open lets requests in. What is registered later may not be served.
func (d *Door) Open() { d.opened.Store(true) }

// Close answers 503 to new requests from now on.
func (d *Door) Close() {
	d.opened.Store(false)
	d.mu.Lock()
	hooks := d.onClose
	d.onClose = nil
	d.mu.Unlock()
	for _, work := range hooks {
		work()
	}
}

// Handler serves the routes of one listener.
func (d *Door) Handler(listener Listener) http.Handler {
	mux := d.muxes[listener]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.opened.Load() {
			w.Header().Set(ClosedHeader, "true")
			problem.Write(w, errStarting())
			return
		}
		if len(d.cfg.TrustedProxies) > 0 {
			r = d.cfg.TrustedProxies.asSent(r)
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			d.unmatched(listener, w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// pagePattern is the route that takes every GET which no other route wants: the dashboard. It
// has a mux of its own, because it would hide that a path takes other methods.
const pagePattern = "GET /"

// unmatched answers a path or method that no route wants: by the dashboard, by the server that
// it forwards to, or in our form of an error.
func (d *Door) unmatched(listener Listener, w http.ResponseWriter, r *http.Request) {
	probe := &statusProbe{header: make(http.Header)}
	d.muxes[listener].ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		closeUnread(w, r)
		w.Header().Set("Allow", probe.header.Get("Allow"))
		doc := problem.Of(errcode.New(errcode.Invalid, "%s does not take %s", r.URL.Path, r.Method))
		doc.Status, doc.Title = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed)
		doc.Fix = "use " + probe.header.Get("Allow")
		problem.WriteDocument(w, doc)
		return
	}
	if handler, pattern := d.pages[listener].Handler(r); pattern != "" {
		handler.ServeHTTP(w, r)
		return
	}
	if d.forwards(listener, r) {
		d.forward.ServeHTTP(w, r)
		return
	}
	closeUnread(w, r)
	problem.Write(w, errcode.New(errcode.NotFound, "there is nothing at %s", r.URL.Path))
}

// statusProbe records how a mux would refuse a request.
type statusProbe struct {
	header http.Header
	status int
}

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusProbe) WriteHeader(status int)      { p.status = status }

func errStarting() error {
	return errcode.New(errcode.Unavailable, "the server is starting or stopping")
}
