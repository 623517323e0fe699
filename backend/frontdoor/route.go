// Package frontdoor is the way in: the listeners and the middleware that every request
// passes, whichever port it came to. It authenticates, checks the scope, limits rate and
// body, counts, and hands the request to the handler that was registered for it.
package frontdoor

import (
	"net/http"

	"google.golang.org/grpc"

	"github.com/pharos-obs/pharos/backend/auth"
)

// Listener names a port of the front door.
type Listener string

// The listeners.
const (
	HTTP     Listener = "http"      // 8080: dashboard, API, ingest, OTLP/HTTP
	OTLPHTTP Listener = "otlp_http" // 4318: OTLP/HTTP alone
)

// Route is an HTTP handler and what a request must bring to reach it.
type Route struct {
	// Pattern is a net/http.ServeMux pattern, with its method: "POST /v1/ingest/logs".
	Pattern string
	// Listeners are the ports it is served on; empty means HTTP alone.
	Listeners []Listener
	// Scope is what the credential must carry. Empty means that anybody may call.
	Scope auth.Scope
	// MaxBody limits the request body as it comes over the wire, in bytes; 0 means the front
	// door's default. A larger one is answered with 413.
	MaxBody int64
	// WriteError answers a request that the middleware refuses; nil means a problem document.
	// OTLP wants a google.rpc.Status instead.
	WriteError func(w http.ResponseWriter, r *http.Request, err error)
	// Handler serves the request. Its context carries the principal (auth.FromContext) and the
	// organisation for the Collector (orgcontext.From).
	Handler http.Handler
}

// Registrar takes routes and services. Parts find it as an extension of the Collector and
// register at Start, before the first request is served.
type Registrar interface {
	// Handle registers routes. A pattern that clashes with another is an error.
	Handle(routes ...Route) error
	// HandleGRPC registers gRPC services on the OTLP/gRPC port; all their methods ask for scope.
	HandleGRPC(scope auth.Scope, register func(grpc.ServiceRegistrar)) error
}
