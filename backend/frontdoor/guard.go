package frontdoor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// guard puts the middleware before a route, with the scope that it asks for.
func (d *Door) guard(listener Listener, route Route) http.Handler {
	return d.middleware(listener, route, func(r *http.Request) (context.Context, error) { return d.admit(r, route.Scope) })
}

// middleware is what every request passes, in the order in which it reads.
func (d *Door) middleware(listener Listener, route Route, admit func(*http.Request) (context.Context, error)) http.Handler {
	refuse := refusal(route.WriteError)
	if refuse == nil {
		refuse = func(w http.ResponseWriter, _ *http.Request, err error) { problem.Write(w, err) }
	}
	maxBody := route.MaxBody
	if maxBody == 0 {
		maxBody = d.cfg.MaxBody
	}
	counter := d.instr.forRoute(listener, route.Pattern)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := d.clockwork()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		ctx, span := d.beginHTTP(r, listener, route.Pattern)
		r = r.WithContext(ctx)
		defer func() {
			counter.done(context.WithoutCancel(ctx), recorder.status, d.clockwork().Sub(started))
			endHTTP(span, recorder.status)
		}()
		defer func() {
			if fault := recover(); fault != nil {
				d.panicked(fault, recorder, r, route.Pattern, refuse)
			}
		}()
		admitted, err := admit(r)
		if err != nil {
			closeUnread(recorder, r)
			refuse(recorder, r, err)
			return
		}
		identified(admitted, span)
		if r.Body != nil && r.ContentLength != 0 {
			if r.ContentLength > maxBody {
				closeUnread(recorder, r)
				refuse(recorder, r, tooLarge(maxBody))
				return
			}
			// MaxBytesReader closes the connection of a body that is too large, which it can do
			// by net/http's own writer only.
			r.Body = http.MaxBytesReader(w, timed(w, r.Body, started.Add(d.cfg.BodyTimeout)), maxBody)
		}
		route.Handler.ServeHTTP(recorder, r.WithContext(admitted))
	})
}

// panicked logs the fault of a handler and answers in its place. An answer that has begun
// is cut off, so that the client does not take it for a whole one.
func (d *Door) panicked(fault any, w *statusRecorder, r *http.Request, pattern string, refuse refusal) {
	if fault == http.ErrAbortHandler { //nolint:errorlint // it is compared the way net/http compares it
		panic(fault)
	}
	d.logger.Error("A handler panicked", zap.String("route", pattern), zap.Any("fault", fault), zap.Stack("stack"))
	if w.wrote {
		w.status = http.StatusInternalServerError
		panic(http.ErrAbortHandler)
	}
	refuse(w, r, errcode.New(errcode.Internal, "a handler panicked"))
}

// refusal answers a request that goes no further.
type refusal = func(w http.ResponseWriter, r *http.Request, err error)

// timed gives a body a deadline to arrive by. At its end the deadline goes, for the server
// watches the connection by reading from it, and would take a time-out for a client that left.
func timed(w http.ResponseWriter, body io.ReadCloser, deadline time.Time) io.ReadCloser {
	controller := http.NewResponseController(w)
	if controller.SetReadDeadline(deadline) != nil {
		return body // the connection has no deadlines, as in tests without a network
	}
	return &timedBody{ReadCloser: body, controller: controller}
}

type timedBody struct {
	io.ReadCloser
	controller *http.ResponseController
}

// Read implements io.Reader.
func (t *timedBody) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = t.controller.SetReadDeadline(time.Time{}) // it was settable when it was set
	}
	return n, err
}

// closeUnread makes the server close the connection after the answer, when the body of a
// refused request is not worth reading.
func closeUnread(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
}

func tooLarge(limit int64) error {
	return &errcode.Error{
		Code: errcode.TooLarge, Field: "body",
		Message: "the request body is larger than the limit of " + byteSize(limit),
		Fix:     "send smaller batches",
	}
}

// admit authenticates a request and checks scope and rate. The context it returns carries
// principal and organisation; on a route without scope it may carry neither.
func (d *Door) admit(r *http.Request, scope auth.Scope) (context.Context, error) {
	credential, err := auth.CredentialFromRequest(r)
	return d.authorize(r.Context(), credential, err, scope, r.RemoteAddr)
}

// authorize is what HTTP and gRPC have in common. unusable says why the credential of the
// request cannot be taken.
func (d *Door) authorize(ctx context.Context, credential string, unusable error, scope auth.Scope, remote string) (context.Context, error) {
	if credential == "" && unusable == nil {
		unusable = errNoCredential()
	}
	if unusable != nil {
		return d.anonymous(ctx, unusable, scope, remote)
	}
	principal, err := d.auth.Authenticate(ctx, credential)
	if err != nil {
		return d.anonymous(ctx, err, scope, remote)
	}
	if err := d.limits.known(ctx, principal); err != nil {
		return nil, err
	}
	if scope != "" && !principal.Has(scope) {
		return nil, &errcode.Error{
			Code: errcode.Forbidden, Field: "Authorization",
			Message: "the credential lacks the scope " + string(scope),
			Fix:     "use an API key with that scope",
		}
	}
	return d.withOrg(auth.NewContext(ctx, principal), string(principal.OrgID)), nil
}

// anonymous handles a request whose caller is not known, for the reason that err gives. On a
// route for anybody it goes on, also while credentials cannot be checked. That they cannot is
// not the caller's fault, and does not count against its address.
func (d *Door) anonymous(ctx context.Context, err error, scope auth.Scope, remote string) (context.Context, error) {
	if code := errcode.Of(err); scope == "" || code == errcode.Unauthenticated || code == errcode.Forbidden {
		if limited := d.limits.anonymous(ctx, remote); limited != nil {
			return nil, limited
		}
	}
	if scope == "" {
		return ctx, nil
	}
	return nil, err
}

func errNoCredential() error {
	return &errcode.Error{
		Code: errcode.Unauthenticated, Field: "Authorization", Message: "the request carries no credential",
		Fix: "send `Authorization: Bearer <API key or token>` or `X-API-Key: <API key>`",
	}
}

// BodyError turns the error of reading a request body into one with a code: a body that is too
// large, too slow, or cut off.
func BodyError(err error) error {
	var large *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.As(err, &network) && network.Timeout():
		return &errcode.Error{
			Code: errcode.Invalid, Field: "body", Message: "the request body did not arrive in time",
			Fix: "send it faster or in smaller batches", Err: err,
		}
	}
	return &errcode.Error{Code: errcode.Invalid, Field: "body", Message: "the request body could not be read to its end", Err: err}
}

// statusRecorder remembers the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

// WriteHeader implements http.ResponseWriter. Of the informational answers only 101 is the
// last one.
func (s *statusRecorder) WriteHeader(status int) {
	if !s.wrote && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		s.status, s.wrote = status, true
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (s *statusRecorder) Write(b []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController, and with it WebSockets, reach the connection.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Flush implements http.Flusher for handlers that ask for it directly.
func (s *statusRecorder) Flush() { _ = s.FlushError() }

// FlushError is Flush for http.ResponseController, which tells of a client that went away.
func (s *statusRecorder) FlushError() error {
	s.wrote = true
	return http.NewResponseController(s.ResponseWriter).Flush()
}
