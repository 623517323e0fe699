package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
	"github.com/pharos-obs/pharos/internal/process"
)

// readyTimeout bounds a readiness check, so that a probe gets an answer before it gives up.
const readyTimeout = 2 * time.Second

// operationsHandler serves /livez (the process runs), /readyz (it can serve requests),
// /metrics, and Go's profiles at /debug/pprof/.
func operationsHandler(p *process.Process) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { serveReady(w, r, p) })
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.Handle("GET /metrics", promhttp.HandlerFor(p, promhttp.HandlerOpts{}))
	return mux
}

// dependency is an entry of /readyz.
type dependency struct {
	Name     string `json:"name"`
	Status   string `json:"status"` // ok or down
	Required bool   `json:"required"`
	Message  string `json:"message,omitempty"`
}

// readiness is the answer of /readyz: a problem document where the process is not ready.
type readiness struct {
	*problem.Document
	State        string       `json:"state"` // ready, degraded or down
	Dependencies []dependency `json:"dependencies"`
}

func serveReady(w http.ResponseWriter, r *http.Request, p *process.Process) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	dependencies, err := p.Ready(ctx)
	answer, status := readiness{State: "ready", Dependencies: []dependency{}}, http.StatusOK
	for _, one := range dependencies {
		entry := dependency{Name: one.Name, Status: "ok", Required: one.Required}
		if one.Err != nil {
			answer.State = "degraded"
			entry.Status, entry.Message = "down", one.Err.Error()
		}
		answer.Dependencies = append(answer.Dependencies, entry)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		answer.State, answer.Document = "down", problem.Of(err)
		if answer.Code == string(errcode.Internal) {
			// What is required says why; it is no fault of this request.
			answer.Document = problem.Of(errcode.New(errcode.Unavailable, "%w", err))
		}
		status = answer.Status
		w.Header().Set("Content-Type", problem.ContentType)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) //nolint:errchkjson // strings; the client may be gone
}

// serveOperations starts the listener and returns how to stop it.
func serveOperations(ctx context.Context, addr string, p *process.Process, logger *zap.Logger) (func(context.Context) error, error) {
	if addr == "" {
		return func(context.Context) error { return nil }, nil
	}
	listener, err := p.Listen(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("service::telemetry::operations::endpoint: %w", err)
	}
	server := &http.Server{Handler: operationsHandler(p), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			logger.Error("The operations listener ended", zap.Error(err))
		}
	}()
	return func(ctx context.Context) error {
		// Shutdown knows the listener only once Serve has begun; the next configuration needs
		// the socket in any case.
		err := errors.Join(server.Shutdown(ctx), listener.Close())
		<-ended
		return err
	}, nil
}
