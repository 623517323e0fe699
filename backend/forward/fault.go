package forward

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// reason is why a backend gave no answer.
type reason string

const (
	reasonAway    reason = "away"    // it could not be reached
	reasonClosed  reason = "closed"  // it is starting or stopping
	reasonBroken  reason = "broken"  // the connection broke before the answer
	reasonTimeout reason = "timeout" // the answer did not begin in time
	reasonClient  reason = "client"  // the client went away, or its body did not arrive
)

// fault is an attempt without an answer that is of use.
type fault struct {
	backend  string
	reason   reason
	reached  bool           // a connection was there, so the request may have arrived
	response *http.Response // of a closed door
	err      error
}

// Error implements error.
func (f *fault) Error() string {
	text := "backend " + f.backend + ": "
	switch {
	case f.err != nil:
		return text + f.err.Error()
	case f.reason == reasonClosed:
		return text + "the server is starting or stopping"
	}
	return text + string(f.reason)
}

// Unwrap returns the cause.
func (f *fault) Unwrap() error { return f.err }

func (f *fault) classify(request *http.Request) reason {
	var network net.Error
	switch {
	case f.response != nil:
		return reasonClosed
	case request.Context().Err() != nil || bodyError(request) != nil:
		return reasonClient
	case !f.reached:
		return reasonAway
	case errors.As(f.err, &network) && network.Timeout():
		return reasonTimeout
	}
	return reasonBroken
}

// mayGoOn says whether another backend may be asked. A query that took too long on one would
// on the next.
func (f *fault) mayGoOn(request *http.Request) bool {
	bodiless := request.Body == nil || request.Body == http.NoBody
	switch f.reason {
	case reasonAway:
		return true // the body has not been touched
	case reasonClosed:
		return bodiless
	case reasonBroken:
		return bodiless && safe(request.Method)
	}
	return false
}

// safe says whether a method only reads.
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// retryAfter is when a client may ask again for a backend that is away.
const retryAfter = 2 * time.Second

// refuse answers a request that no backend has answered.
func (f *Forwarder) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var fault *fault
	if !errors.As(err, &fault) {
		if errcode.Of(err) == errcode.Internal {
			f.logger.Warn("A request could not be forwarded", zap.String("path", r.URL.Path), zap.Error(err))
		}
		problem.Write(w, err)
		return
	}
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // the rest of the body is not worth reading
	}
	switch fault.reason {
	case reasonClient:
		if unread := bodyError(r); unread != nil && r.Context().Err() == nil {
			problem.Write(w, frontdoor.BodyError(unread))
			return
		}
		problem.Write(w, context.Canceled)
	case reasonTimeout:
		problem.WriteAs(w, http.StatusGatewayTimeout, &errcode.Error{
			Code: errcode.Timeout, Message: "the backend did not answer in time", RetryAfter: retryAfter,
			Fix: "ask for less at once, or raise gateway::backend::timeout",
		})
	case reasonBroken:
		f.logger.Warn("A backend gave no answer", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(fault))
		refuseBroken(w, r.Method)
	default:
		problem.Write(w, &errcode.Error{Code: errcode.Unavailable, Message: "the backend is away", RetryAfter: retryAfter})
	}
}

// refuseBroken answers a request that may have been carried out. Only what merely reads is told
// to come again.
func refuseBroken(w http.ResponseWriter, method string) {
	broken := &errcode.Error{Code: errcode.Unavailable, Message: "the connection to the backend broke before its answer", RetryAfter: retryAfter}
	if safe(method) {
		problem.WriteAs(w, http.StatusBadGateway, broken)
		return
	}
	broken.Fix = "look whether it did what was asked before you try again"
	doc := problem.Of(broken)
	doc.Status, doc.Title = http.StatusBadGateway, http.StatusText(http.StatusBadGateway)
	problem.WriteDocument(w, doc)
}

func (f *Forwarder) refuseLoop(w http.ResponseWriter) {
	f.logger.Error("A request came back to the gateway that forwarded it: backend::url leads to a gateway and not to a backend")
	problem.WriteAs(w, http.StatusLoopDetected, errcode.New(errcode.Internal, "the gateway forwards to itself"))
}

func errStopping() error {
	return errcode.New(errcode.Unavailable, "the server is starting or stopping")
}
