package frontdoor

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"github.com/pharos-obs/pharos/backend/auth"
)

// traceParent is the header of a trace context, in both forms that its name has.
const (
	traceParent     = "Traceparent"
	traceParentGRPC = "traceparent"
)

// contextOf returns the trace that a request says it belongs to.
func contextOf(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return propagation.TraceContext{}.Extract(ctx, carrier)
}

// begin starts the span of a request. It goes on with the trace that a trusted proxy has put into
// the context. The trace of anybody else would let clients choose what is sampled and join what
// does not belong together: a new one begins, with a link to it.
func (d *Door) begin(ctx context.Context, name string, carrier propagation.TextMapCarrier, said bool, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...)}
	if !trace.SpanContextFromContext(ctx).IsValid() {
		options = append(options, trace.WithNewRoot())
		if said {
			options = append(options, trace.WithLinks(trace.LinkFromContext(contextOf(context.Background(), carrier))))
		}
	}
	return d.cfg.Tracer.Start(ctx, name, options...)
}

// beginHTTP starts the span of a request to a route.
func (d *Door) beginHTTP(r *http.Request, listener Listener, pattern string) (context.Context, trace.Span) {
	name, route := pattern, pattern
	if method, path, found := strings.Cut(pattern, " "); found {
		route = path
	} else {
		name = r.Method + " " + method
	}
	return d.begin(r.Context(), name, propagation.HeaderCarrier(r.Header), len(r.Header[traceParent]) > 0,
		attribute.String("http.request.method", r.Method), attribute.String("http.route", route),
		attribute.String("pharos.listener", string(listener)))
}

// beginCall starts the span of a gRPC call. Method has no slash before it.
func (d *Door) beginCall(ctx context.Context, method string) (context.Context, trace.Span) {
	md, _ := metadata.FromIncomingContext(ctx)
	carrier := metadataCarrier(md)
	said := len(md[traceParentGRPC]) > 0
	if said && d.cfg.TrustedProxies.trustsCaller(ctx) {
		ctx = contextOf(ctx, carrier)
	}
	return d.begin(ctx, method, carrier, said,
		attribute.String("rpc.system.name", "grpc"), attribute.String("rpc.method", method))
}

// identified says in the span whose request it is.
func identified(ctx context.Context, span trace.Span) {
	if !span.IsRecording() {
		return
	}
	if principal, ok := auth.FromContext(ctx); ok {
		span.SetAttributes(attribute.String("pharos.org.id", string(principal.OrgID)))
	}
}

// endHTTP ends the span of a request. Only what is this server's fault makes it an error.
func endHTTP(span trace.Span, status int) {
	if span.IsRecording() {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
	}
	span.End()
}

// endCall ends the span of a gRPC call.
func endCall(span trace.Span, code string, err error) {
	if span.IsRecording() {
		span.SetAttributes(attribute.String("rpc.response.status_code", code))
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
	}
	span.End()
}

// metadataCarrier reads a trace context from the metadata of a call.
type metadataCarrier metadata.MD

// Get implements propagation.TextMapCarrier.
func (m metadataCarrier) Get(key string) string {
	if values := metadata.MD(m).Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (m metadataCarrier) Set(key, value string) { metadata.MD(m).Set(key, value) }

// Keys implements propagation.TextMapCarrier.
func (m metadataCarrier) Keys() []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}
