package gatewayextension

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	// Registers the compressors that OTLP clients use, as the Collector's own receiver does.
	_ "github.com/mostynb/go-grpc-compression/nonclobbering/zstd"
	_ "google.golang.org/grpc/encoding/gzip"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/forward"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/internal/process"
)

var (
	_ extension.Extension                   = (*gateway)(nil)
	_ extensioncapabilities.Dependent       = (*gateway)(nil)
	_ extensioncapabilities.PipelineWatcher = (*gateway)(nil)
	_ frontdoor.Registrar                   = (*gateway)(nil)
)

const scopeName = "github.com/pharos-obs/pharos/extensions/gatewayextension"

// gateway is the front door on the network.
type gateway struct {
	cfg     *Config
	set     component.TelemetrySettings
	process *process.Process

	host      component.Host
	door      *frontdoor.Door
	forwarder *forward.Forwarder // nil when nothing is forwarded
	tls       *tls.Config
	caSHA256  string // of the CA in the certificate's chain
	http      []*http.Server
	grpc      *grpc.Server
	listeners map[string]net.Listener
	serving   sync.WaitGroup
}

// Dependencies implements extensioncapabilities.Dependent.
func (g *gateway) Dependencies() []component.ID {
	return slices.Collect(maps.Values(g.cfg.References()))
}

// Start implements component.Component. It listens, but answers 503 until Ready.
func (g *gateway) Start(ctx context.Context, host component.Host) (err error) {
	g.host = host
	authenticator, ok := host.GetExtensions()[g.cfg.Auth].(auth.Authenticator)
	if !ok {
		return fmt.Errorf("auth: there is no extension %q that checks credentials: add it to service::extensions", g.cfg.Auth)
	}
	shared, err := g.sharedBuckets(host)
	if err != nil {
		return err
	}
	if err := g.makeDoor(authenticator, shared); err != nil {
		return err
	}
	if g.cfg.encrypted() {
		certificate, err := tls.LoadX509KeyPair(g.cfg.TLS.CertFile, g.cfg.TLS.KeyFile)
		if err != nil {
			return fmt.Errorf("tls: read certificate %s and key %s: %w", g.cfg.TLS.CertFile, g.cfg.TLS.KeyFile, err)
		}
		g.caSHA256 = shownCA(certificate.Certificate)
		g.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	g.listeners = make(map[string]net.Listener)
	for name, endpoint := range g.cfg.endpoints() {
		listener, err := g.process.Listen(ctx, endpoint)
		if err != nil {
			return errors.Join(fmt.Errorf("%s::endpoint: %w", name, err), g.closeListeners())
		}
		g.listeners[name] = listener
	}
	g.serveHTTP("http", frontdoor.HTTP)
	g.serveHTTP("otlp_http", frontdoor.OTLPHTTP)
	return nil
}

// sharedBuckets returns what other servers count requests in too; nil when each counts by itself.
// Those that forward and those that serve have different ones, for the requests of many callers
// pass both.
func (g *gateway) sharedBuckets(host component.Host) (frontdoor.SharedBuckets, error) {
	if g.cfg.Limits.Shared == (component.ID{}) {
		return nil, nil
	}
	found, ok := host.GetExtensions()[g.cfg.Limits.Shared].(interface {
		Buckets(kind string) frontdoor.SharedBuckets
	})
	if !ok {
		return nil, fmt.Errorf("limits::shared: there is no extension %q that counts requests: add it to service::extensions", g.cfg.Limits.Shared)
	}
	if len(g.cfg.Backend.URL) > 0 {
		return found.Buckets("forwarding"), nil
	}
	return found.Buckets("serving"), nil
}

// makeDoor makes the front door, and what stands behind it for requests that are not served here.
func (g *gateway) makeDoor(authenticator auth.Authenticator, shared frontdoor.SharedBuckets) error {
	proxies, err := g.cfg.proxies()
	if err != nil {
		return err
	}
	if g.forwarder, err = g.newForwarder(); err != nil {
		return err
	}
	g.door, err = frontdoor.New(frontdoor.Config{
		MaxBody:            int64(g.cfg.Limits.MaxBody),
		BodyTimeout:        g.cfg.Limits.BodyTimeout,
		RequestsPerSecond:  g.cfg.Limits.RequestsPerSecond,
		Burst:              g.cfg.Limits.Burst,
		AnonymousPerSecond: g.cfg.Limits.AnonymousPerSecond,
		AnonymousBurst:     g.cfg.Limits.AnonymousBurst,
		Shared:             shared,
		TrustedProxies:     proxies,
		Tracer:             g.set.TracerProvider.Tracer(scopeName),
	}, authenticator, orgcontext.With, g.set.MeterProvider.Meter(scopeName), g.set.Logger)
	if err != nil {
		return err
	}
	if g.forwarder != nil {
		g.door.Forward(g.forwarder)
		g.door.OnClose(g.forwarder.EndStreams)
	}
	return nil
}

func (g *gateway) serveHTTP(name string, routes frontdoor.Listener) {
	listener, ok := g.listeners[name]
	if !ok {
		return
	}
	server := &http.Server{
		Handler:           g.door.Handler(routes),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		TLSConfig:         g.tls.Clone(), // each server adds its protocols
		ErrorLog:          zap.NewStdLog(g.set.Logger.WithOptions(zap.IncreaseLevel(zap.WarnLevel))),
	}
	g.http = append(g.http, server)
	g.serving.Go(func() {
		var err error
		if g.tls != nil {
			err = server.ServeTLS(listener, "", "")
		} else {
			err = server.Serve(listener)
		}
		g.report(name, err)
	})
}

// report tells the Collector of a listener that ended by itself.
func (g *gateway) report(name string, err error) {
	if err == nil || errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return
	}
	componentstatus.ReportStatus(g.host, componentstatus.NewFatalErrorEvent(fmt.Errorf("serve %s: %w", name, err)))
}

// Handle implements frontdoor.Registrar.
func (g *gateway) Handle(routes ...frontdoor.Route) error { return g.door.Handle(routes...) }

// HandleGRPC implements frontdoor.Registrar.
func (g *gateway) HandleGRPC(scope auth.Scope, register func(grpc.ServiceRegistrar)) error {
	return g.door.HandleGRPC(scope, register)
}

// CASHA256 is the fingerprint of the CA that it shows with its certificate, by which an agent knows
// it; empty without TLS, and where clients have to know the CA already.
func (g *gateway) CASHA256() string { return g.caSHA256 }

// shownCA is the fingerprint of the last certificate of a chain, when that has signed itself.
func shownCA(chain [][]byte) string {
	last, err := x509.ParseCertificate(chain[len(chain)-1])
	if err != nil || last.CheckSignature(last.SignatureAlgorithm, last.RawTBSCertificate, last.Signature) != nil {
		return ""
	}
	sum := sha256.Sum256(last.Raw)
	return hex.EncodeToString(sum[:])
}

// Ports are where it listens, by the setting of the listener.
func (g *gateway) Ports() map[string]int {
	ports := make(map[string]int, len(g.listeners))
	for name, listener := range g.listeners {
		if address, ok := listener.Addr().(*net.TCPAddr); ok {
			ports[name] = address.Port
		}
	}
	return ports
}

// Checks are what this server passes requests on to, by name, each with a function that says
// whether it is there. Without it ingest goes on, so it is no condition for readiness.
func (g *gateway) Checks() map[string]func(context.Context) error {
	if g.forwarder == nil {
		return nil
	}
	return g.forwarder.Checks()
}

// OnClose registers work for the moment when the front door closes.
func (g *gateway) OnClose(work func()) { g.door.OnClose(work) }

// Ready implements extensioncapabilities.PipelineWatcher: everything has started.
func (g *gateway) Ready() error {
	if listener, ok := g.listeners["otlp_grpc"]; ok {
		var options []grpc.ServerOption
		if g.tls != nil {
			options = append(options, grpc.Creds(credentials.NewTLS(g.tls.Clone())))
		}
		server, err := g.door.GRPCServer(options...)
		if err != nil {
			return err
		}
		g.grpc = server
		g.serving.Go(func() { g.report("otlp_grpc", server.Serve(listener)) })
	}
	g.door.Open()
	return nil
}

// NotReady implements extensioncapabilities.PipelineWatcher. It lets requests in flight end
// while the pipelines still run, so that nothing is lost that may be acknowledged.
func (g *gateway) NotReady() error {
	if g.door == nil {
		return nil // another extension did not start, so that this one was never asked to
	}
	g.door.Close()
	ctx, cancel := context.WithTimeout(context.Background(), g.cfg.ShutdownTimeout)
	defer cancel()
	return g.stop(ctx)
}

func (g *gateway) stop(ctx context.Context) error {
	var errs []error
	if g.grpc != nil {
		stopped := make(chan struct{})
		go func() {
			g.grpc.GracefulStop()
			close(stopped)
		}()
		select {
		case <-stopped:
		case <-ctx.Done():
			g.grpc.Stop()
		}
		g.grpc = nil
	}
	for _, server := range g.http {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, server.Close())
		}
	}
	g.http = nil
	return errors.Join(append(errs, g.closeListeners())...)
}

func (g *gateway) closeListeners() error {
	var errs []error
	for _, listener := range g.listeners {
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	g.listeners = nil
	return errors.Join(errs...)
}

// Shutdown implements component.Component.
func (g *gateway) Shutdown(ctx context.Context) error {
	var err error
	if g.door != nil {
		err = g.stop(ctx)
		g.serving.Wait()
	}
	if g.forwarder != nil {
		g.forwarder.Close()
	}
	return err
}
