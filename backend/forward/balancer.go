package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// probeInterval is how often a backend that is away is asked whether it is back.
const probeInterval = time.Second

// balancer is the http.RoundTripper over all backends.
type balancer struct {
	transport http.RoundTripper
	logger    *zap.Logger
	backends  []*backend
	turn      atomic.Uint64
	failures  metric.Int64Counter
	forget    metric.Registration

	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// backend is one server.
type backend struct {
	url  *url.URL
	name string // without what may be secret
	away atomic.Bool
}

func newBalancer(urls []*url.URL, transport http.RoundTripper, meter metric.Meter, logger *zap.Logger) (*balancer, error) {
	failures, err1 := meter.Int64Counter("pharos_gateway_forward_failures", metric.WithUnit("{request}"),
		metric.WithDescription("Attempts to hand a request to a backend that got no answer, by reason."))
	up, err2 := meter.Int64ObservableGauge("pharos_gateway_backend_up",
		metric.WithDescription("1 while a backend answers, 0 while it is away."))
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	b := &balancer{transport: transport, logger: logger, failures: failures}
	for _, u := range urls {
		b.backends = append(b.backends, &backend{url: u, name: u.Scheme + "://" + u.Host})
	}
	var err error
	b.forget, err = meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		for _, backend := range b.backends {
			value := int64(1)
			if backend.away.Load() {
				value = 0
			}
			observer.ObserveInt64(up, value, metric.WithAttributes(attribute.String("backend", backend.name)))
		}
		return nil
	}, up)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	b.stopped.Go(func() { b.watch(ctx) })
	return b, nil
}

func (b *balancer) close() {
	b.stop()
	b.stopped.Wait()
	_ = b.forget.Unregister() // fails for a registration of another kind only
}

// order is in which order backends are asked: the next one in turn first, those that are away
// last.
func (b *balancer) order() []*backend {
	if len(b.backends) == 1 {
		return b.backends
	}
	first := int(b.turn.Add(1) % uint64(len(b.backends)))
	order := slices.Concat(b.backends[first:], b.backends[:first])
	slices.SortStableFunc(order, func(a, c *backend) int { return rank(a) - rank(c) })
	return order
}

func rank(b *backend) int {
	if b.away.Load() {
		return 1
	}
	return 0
}

// RoundTrip implements http.RoundTripper. It goes on to the next backend where nothing can be
// done twice: the request did not reach the first one, or reading was all it asked for.
func (b *balancer) RoundTrip(request *http.Request) (*http.Response, error) {
	order := b.order()
	for i, backend := range order {
		response, fault := b.try(request, backend)
		if fault == nil {
			return response, nil
		}
		if i == len(order)-1 || !fault.mayGoOn(request) {
			if fault.response != nil {
				return fault.response, nil
			}
			return nil, fault
		}
		if fault.response != nil {
			discard(fault.response)
		}
	}
	return nil, errNoBackend
}

// errNoBackend cannot happen: the configuration names one at least.
var errNoBackend = errors.New("there is no backend")

// try asks one backend.
func (b *balancer) try(request *http.Request, backend *backend) (*http.Response, *fault) {
	reached := false
	ctx := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { reached = true },
	})
	attempt := request.WithContext(ctx)
	target := *request.URL
	target.Scheme, target.Host = backend.url.Scheme, backend.url.Host
	attempt.URL = &target
	if request.Body != nil {
		attempt.Body = unclosed{request.Body}
	}
	response, err := b.transport.RoundTrip(attempt)
	if err == nil && !closedByDoor(response) {
		b.back(backend)
		return response, nil
	}
	f := &fault{backend: backend.name, reached: reached, response: response, err: err}
	f.reason = f.classify(request)
	if f.reason == reasonAway || f.reason == reasonClosed {
		b.gone(backend, f)
	}
	if f.reason != reasonClient {
		b.failures.Add(ctx, 1, metric.WithAttributes(attribute.String("backend", backend.name), attribute.String("reason", string(f.reason))))
	}
	return nil, f
}

// unclosed is a body that stays open when a backend could not be reached, for the next one.
// ReverseProxy closes it in the end.
type unclosed struct{ io.Reader }

// Close implements io.Closer.
func (unclosed) Close() error { return nil }

func (b *balancer) gone(backend *backend, f *fault) {
	if backend.away.CompareAndSwap(false, true) {
		b.logger.Warn("A backend is away", zap.String("backend", backend.name), zap.Error(f))
	}
}

func (b *balancer) back(backend *backend) {
	if backend.away.CompareAndSwap(true, false) {
		b.logger.Info("The backend is back", zap.String("backend", backend.name))
	}
}

// watch asks the backends that are away whether they are back.
func (b *balancer) watch(ctx context.Context) {
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, backend := range b.backends {
			if !backend.away.Load() {
				continue
			}
			probing, cancel := context.WithTimeout(ctx, dialTimeout)
			if b.probe(probing, backend) == nil {
				b.back(backend)
			}
			cancel()
		}
	}
}

// probe asks a backend for its first page, which costs it nothing. Any answer will do.
func (b *balancer) probe(ctx context.Context, backend *backend) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, backend.url.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", backend.name, err)
	}
	response, err := b.transport.RoundTrip(request)
	if err != nil {
		return &fault{backend: backend.name, reason: reasonAway, err: err}
	}
	defer discard(response)
	if closedByDoor(response) {
		return &fault{backend: backend.name, reason: reasonClosed}
	}
	return nil
}

func (b *balancer) checks() map[string]func(context.Context) error {
	all := make(map[string]func(context.Context) error, len(b.backends))
	for _, backend := range b.backends {
		all["backend "+backend.name] = func(ctx context.Context) error { return b.probe(ctx, backend) }
	}
	return all
}

// discard ends an answer that nobody wants; what little there is of it is read, so that the
// connection can be used again.
func discard(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // what is left ends the connection
	_ = response.Body.Close()                         // there is nothing to be lost
}
