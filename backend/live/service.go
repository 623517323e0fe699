package live

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Config holds the limits of live connections.
type Config struct {
	// MaxConnections is how many clients may be connected at once.
	MaxConnections int `mapstructure:"max_connections"`
	// MaxSubscriptions is how many subscriptions a connection may hold.
	MaxSubscriptions int `mapstructure:"max_subscriptions"`
	// MinInterval is the shortest time between two evaluations of an expression.
	MinInterval time.Duration `mapstructure:"min_interval"`
	// Heartbeat is the time between two pings or comments on a connection, and between two
	// checks of its credential.
	Heartbeat time.Duration `mapstructure:"heartbeat"`
	// WriteTimeout is how long a client may take to receive one frame before it is dropped.
	WriteTimeout time.Duration `mapstructure:"write_timeout"`
	// QueueLength is how many frames wait for a slow client before further ones are dropped.
	QueueLength int `mapstructure:"queue_length"`
}

// DefaultConfig returns the limits that hold when nothing else is configured.
func DefaultConfig() Config {
	return Config{
		MaxConnections: 1000, MaxSubscriptions: 64, MinInterval: time.Second,
		Heartbeat: 15 * time.Second, WriteTimeout: 10 * time.Second, QueueLength: 128,
	}
}

// Validate names the first field that is wrong, and the fix.
func (c Config) Validate() error {
	for _, limit := range []struct {
		field string
		value int
	}{{"max_connections", c.MaxConnections}, {"max_subscriptions", c.MaxSubscriptions}, {"queue_length", c.QueueLength}} {
		if limit.value < 1 {
			return errcode.InvalidField(limit.field, "is below 1", "use a whole number of at least 1")
		}
	}
	for _, limit := range []struct {
		field string
		value time.Duration
	}{{"min_interval", c.MinInterval}, {"heartbeat", c.Heartbeat}, {"write_timeout", c.WriteTimeout}} {
		if limit.value <= 0 {
			return errcode.InvalidField(limit.field, "is not positive", "use a duration such as 10s")
		}
	}
	return nil
}

// Service serves live connections.
type Service struct {
	evaluator *evaluator
	logs      storage.LogReader
	auth      auth.Authenticator // nil when credentials are not checked again
	config    Config
	logger    *zap.Logger

	connections prometheus.Gauge
	dropped     prometheus.Counter

	ctx    context.Context //nolint:containedctx // ends all connections when the service closes
	cancel context.CancelFunc
	mu     sync.Mutex // guards open and closed
	open   int
	closed bool
	wait   sync.WaitGroup
}

// New returns the service. With an authenticator connections end with their credential; it and
// the registerer may be nil. Close ends all connections.
func New(engine *query.Engine, logs storage.LogReader, authenticator auth.Authenticator, config Config, registerer prometheus.Registerer, logger *zap.Logger) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("limits of live connections: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Service{
		evaluator: newEvaluator(ctx, engine), logs: logs, auth: authenticator, config: config, logger: logger, ctx: ctx, cancel: cancel,
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "pharos_live_connections", Help: "Clients connected to /v1/ws and /v1/stream.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "pharos_live_dropped_frames_total", Help: "Frames dropped because a client was too slow.",
		}),
	}
	if registerer != nil {
		for _, collector := range []prometheus.Collector{s.connections, s.dropped} {
			if err := registerer.Register(collector); err != nil {
				cancel()
				return nil, fmt.Errorf("register metrics of live connections: %w", err)
			}
		}
	}
	return s, nil
}

// Routes returns the two endpoints.
func (s *Service) Routes() []frontdoor.Route {
	return []frontdoor.Route{
		{Pattern: "GET /v1/ws", Scope: auth.ScopeQuery, Handler: http.HandlerFunc(s.ServeWebSocket)},
		{Pattern: "GET /v1/stream", Scope: auth.ScopeQuery, Handler: http.HandlerFunc(s.ServeStream)},
	}
}

// Close ends all connections and waits until they are gone.
func (s *Service) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wait.Wait()
	s.evaluator.wait()
	return nil
}

// enter counts a connection; leave must be called when it ends.
func (s *Service) enter() (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errcode.New(errcode.Unavailable, "the server is stopping")
	case s.open >= s.config.MaxConnections:
		return nil, &errcode.Error{
			Code: errcode.RateLimited, Message: fmt.Sprintf("%d live connections are open, which is the limit (max_connections)", s.open),
			Fix: "close one, or try again later", RetryAfter: 10 * time.Second,
		}
	}
	s.open++
	s.wait.Add(1)
	s.connections.Inc()
	return func() {
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
		s.connections.Dec()
		s.wait.Done()
	}, nil
}

// ended says whether the credential that a connection came with is good no more: a token has
// expired, a login has ended, a key was revoked. That it can't be checked ends nothing.
func (s *Service) ended(r *http.Request) bool {
	if s.auth == nil {
		return false
	}
	credential, err := auth.CredentialFromRequest(r)
	if err != nil {
		return true
	}
	_, err = s.auth.Authenticate(r.Context(), credential)
	return errcode.Of(err) == errcode.Unauthenticated
}

// connectionContext returns the request's context, which also ends when the service closes.
func (s *Service) connectionContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
