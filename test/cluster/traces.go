package cluster

import (
	"context"
	"net"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

// Span is what a role has said of a part of its work.
type Span struct {
	// Role is the one that it comes from, Name what it did.
	Role, Name string
	// Trace is what it belongs to; ID is its own, Parent that of the span around it or before it.
	Trace, ID, Parent string
	// Links are the other traces that it belongs to.
	Links []string
}

// Traces is a server that takes spans by OTLP, as an operator's has.
type Traces struct {
	ptraceotlp.UnimplementedGRPCServer
	// Address is where it listens.
	Address string

	mu    sync.Mutex
	spans []Span
}

// StartTraces starts one. It ends with the test.
func StartTraces(tb testing.TB) *Traces {
	tb.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen for traces: %v", err)
	}
	t, server := &Traces{Address: listener.Addr().String()}, grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, t)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends when it is stopped
	tb.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return t
}

// Trace makes every role of a cluster that has not started send its spans to t.
func (c *Cluster) Trace(t *Traces) {
	for _, role := range c.Front.Parts {
		role.Env = append(role.Env, "PHAROS_TRACES_ENDPOINT="+t.Address, "PHAROS_TRACES_INSECURE=true")
	}
}

// Export implements ptraceotlp.GRPCServer.
func (t *Traces) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, resource := range request.Traces().ResourceSpans().All() {
		role, _ := resource.Resource().Attributes().Get("pharos.role")
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				t.spans = append(t.spans, spanOf(role.AsString(), span))
			}
		}
	}
	return ptraceotlp.NewExportResponse(), nil
}

func spanOf(role string, span ptrace.Span) Span {
	s := Span{
		Role: role, Name: span.Name(),
		Trace: span.TraceID().String(), ID: span.SpanID().String(), Parent: span.ParentSpanID().String(),
	}
	for _, link := range span.Links().All() {
		s.Links = append(s.Links, link.TraceID().String())
	}
	return s
}

// Of returns the spans that have come of a trace so far.
func (t *Traces) Of(trace string) []Span {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []Span
	for i := range t.spans {
		if t.spans[i].Trace == trace {
			found = append(found, t.spans[i])
		}
	}
	return found
}
