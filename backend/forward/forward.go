package forward

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.uber.org/zap"
	"golang.org/x/net/http/httpguts"

	"github.com/pharos-obs/pharos/backend/frontdoor"
)

// Config says where requests go.
type Config struct {
	// Backends are the servers, as https://host:port; requests go to them in turn.
	Backends []*url.URL
	// TLS is how to speak to the ones with https; nil means the defaults.
	TLS *tls.Config
	// Timeout is how long an answer may take to begin.
	Timeout time.Duration
}

// Forwarder hands requests on. Use New; EndStreams and Close end it.
type Forwarder struct {
	id        string
	logger    *zap.Logger
	proxy     *httputil.ReverseProxy
	backends  *balancer
	transport *http.Transport

	ctx    context.Context //nolint:containedctx // ends the streams when the gateway stops
	cancel context.CancelFunc
	mu     sync.Mutex     // guards ended
	ended  bool           // no stream may begin
	wait   sync.WaitGroup // streams
}

// New returns a forwarder to backends, which need not be there yet.
func New(cfg Config, meter metric.Meter, logger *zap.Logger) (*Forwarder, error) {
	transport := newTransport(cfg)
	backends, err := newBalancer(cfg.Backends, transport, meter, logger)
	if err != nil {
		return nil, fmt.Errorf("create the metrics of forwarding: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &Forwarder{
		id: "pharos-" + rand.Text(), logger: logger, backends: backends, transport: transport, ctx: ctx, cancel: cancel,
	}
	f.proxy = &httputil.ReverseProxy{
		Rewrite:        f.rewrite,
		Transport:      backends,
		ModifyResponse: f.received,
		ErrorHandler:   f.refuse,
		BufferPool:     newBufferPool(),
		ErrorLog:       zap.NewStdLog(logger.WithOptions(zap.IncreaseLevel(zap.WarnLevel))),
	}
	return f, nil
}

// ServeHTTP implements http.Handler.
func (f *Forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(strings.Join(r.Header["Via"], ","), f.id) {
		f.refuseLoop(w)
		return
	}
	x := &exchange{ResponseWriter: w, stopping: f.ctx}
	if r.Body != nil && r.Body != http.NoBody {
		x.body = &requestBody{ReadCloser: r.Body}
		r = requestWithBody(r, x.body)
	}
	defer x.end()
	f.proxy.ServeHTTP(x, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
}

// requestWithBody returns a copy of r with another body.
func requestWithBody(r *http.Request, body io.ReadCloser) *http.Request {
	changed := new(http.Request)
	*changed = *r
	changed.Body = body
	return changed
}

// rewrite makes the request that a backend gets. Host stays what the client wrote, because the
// backend compares it with Origin and makes links of it. ReverseProxy has taken away what the
// client says of proxies; the address, host and scheme in its place are those that the front
// door has found.
func (f *Forwarder) rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host // the balancer chooses the server
	r.Out.URL.RawQuery = r.In.URL.RawQuery               // also what cannot be parsed: to say so is up to the backend
	r.Out.Host = r.In.Host
	r.SetXForwarded()
	r.Out.Header["Via"] = append(r.Out.Header["Via"], "1.1 "+f.id)
	if !strings.EqualFold(r.Out.Header.Get("Upgrade"), "websocket") {
		r.Out.Header.Del("Upgrade")
		r.Out.Header.Del("Connection")
	}
	r.Out.Header.Del("Traceparent") // the front door has read it, and believed it or not
	r.Out.Header.Del("Tracestate")
	propagation.TraceContext{}.Inject(r.In.Context(), propagation.HeaderCarrier(r.Out.Header))
}

// received looks at an answer before it is passed on. A stream ends with the gateway.
func (f *Forwarder) received(response *http.Response) error {
	response.Header.Del(frontdoor.ClosedHeader)
	switching := response.StatusCode == http.StatusSwitchingProtocols
	if !switching && !isEventStream(response.Header) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return errStopping()
	}
	if switching {
		backend, ok := response.Body.(io.ReadWriteCloser)
		if !ok {
			return fmt.Errorf("the connection to %s cannot be taken over", response.Request.URL.Host)
		}
		response.Body = newTunnel(f.ctx, backend)
	} else {
		response.Body = newEventBody(f.ctx, response.Body)
	}
	f.wait.Add(1)
	exchangeOf(response.Request.Context()).began(f.wait.Done)
	return nil
}

func isEventStream(header http.Header) bool {
	return httpguts.HeaderValuesContainsToken([]string{strings.ReplaceAll(header.Get("Content-Type"), ";", ",")}, "text/event-stream")
}

// EndStreams ends WebSockets and event streams, and waits until their clients know. Other
// requests go on.
func (f *Forwarder) EndStreams() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.cancel()
	f.wait.Wait()
}

// Close ends what is left when no request is in flight any more.
func (f *Forwarder) Close() {
	f.EndStreams()
	f.backends.close()
	f.transport.CloseIdleConnections()
}

// Checks are the backends by name, each with a function that asks it for a sign of life.
func (f *Forwarder) Checks() map[string]func(context.Context) error { return f.backends.checks() }

var _ http.Handler = (*Forwarder)(nil)

// closedByDoor says whether an answer is that of a server whose door is not open.
func closedByDoor(response *http.Response) bool {
	return response.StatusCode == http.StatusServiceUnavailable && response.Header.Get(frontdoor.ClosedHeader) != ""
}
