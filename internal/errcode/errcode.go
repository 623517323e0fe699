// Package errcode gives errors a code, and each code its HTTP and gRPC status.
//
// A code is decided once, where the error arises; the edges (HTTP handlers, gRPC
// interceptors, exporters) only look it up. The table in this file is the single
// place where codes become statuses.
package errcode

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
)

// Code names a class of errors. Codes are part of the API: clients see them in the
// `code` member of a problem document.
type Code string

// The codes, in the order of the table that maps them to statuses.
const (
	Invalid         Code = "invalid"                // the request is wrong and stays wrong
	Unauthenticated Code = "unauthenticated"        // no credential, or one that is not known
	Forbidden       Code = "forbidden"              // a known credential without the scope
	NotFound        Code = "not_found"              // no such thing
	Conflict        Code = "conflict"               // exists already, or changed meanwhile
	TooLarge        Code = "too_large"              // a body or a result over its limit
	Unsupported     Code = "unsupported_media_type" // a content type or encoding that is not taken
	Unprocessable   Code = "unprocessable"          // understood, and refused by its content (a query over its limits)
	RateLimited     Code = "rate_limited"           // too many requests; try again later
	Timeout         Code = "timeout"                // the work took longer than its limit
	Canceled        Code = "canceled"               // the client went away
	Unimplemented   Code = "unimplemented"          // not offered by this server
	Unavailable     Code = "unavailable"            // a dependency is away; try again
	OutOfSpace      Code = "out_of_space"           // the disk is full; try again when there is room
	Internal        Code = "internal"               // a fault of ours
)

// Error is an error with a code, and, for bad input, the field at fault and the fix.
type Error struct {
	Code       Code
	Message    string        // what was wrong, in a sentence without a final stop
	Field      string        // the field, parameter or header at fault; empty when there is none
	Fix        string        // what the caller can do; empty when the message says it
	RetryAfter time.Duration // when to try again; 0 when unknown
	Err        error         // the cause

	quiet bool // the message holds the text of Err already
}

// Error implements error.
func (e *Error) Error() string {
	msg := e.Message
	if e.Field != "" {
		msg = e.Field + ": " + msg
	}
	if e.Fix != "" {
		msg += " (" + e.Fix + ")"
	}
	if e.Err != nil && !e.quiet {
		msg += ": " + e.Err.Error()
	}
	return msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error with a code and a formatted message. A %w verb is honoured.
func New(code Code, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: wrapped.Error(), Err: errors.Unwrap(wrapped), quiet: true}
}

// InvalidField returns an Invalid error that names the field and the fix.
func InvalidField(field, message, fix string) *Error {
	return &Error{Code: Invalid, Field: field, Message: message, Fix: fix}
}

// Of returns the code of err: the one of the first *Error in its chain, Canceled or Timeout
// for the context errors, otherwise Internal. Of(nil) is the empty code.
func Of(err error) Code {
	var coded *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &coded):
		return coded.Code
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Internal
}

// statusClientClosedRequest is nginx's status for a client that went away; net/http has no name for it.
const statusClientClosedRequest = 499

type status struct {
	http      int
	grpc      codes.Code
	retryable bool
}

var statuses = map[Code]status{ //nolint:gochecknoglobals // a constant table
	Invalid:         {http.StatusBadRequest, codes.InvalidArgument, false},
	Unauthenticated: {http.StatusUnauthorized, codes.Unauthenticated, false},
	Forbidden:       {http.StatusForbidden, codes.PermissionDenied, false},
	NotFound:        {http.StatusNotFound, codes.NotFound, false},
	Conflict:        {http.StatusConflict, codes.AlreadyExists, false},
	TooLarge:        {http.StatusRequestEntityTooLarge, codes.InvalidArgument, false},
	Unsupported:     {http.StatusUnsupportedMediaType, codes.InvalidArgument, false},
	Unprocessable:   {http.StatusUnprocessableEntity, codes.FailedPrecondition, false},
	RateLimited:     {http.StatusTooManyRequests, codes.ResourceExhausted, true},
	Timeout:         {http.StatusServiceUnavailable, codes.DeadlineExceeded, true},
	Canceled:        {statusClientClosedRequest, codes.Canceled, false},
	Unimplemented:   {http.StatusNotFound, codes.Unimplemented, false},
	Unavailable:     {http.StatusServiceUnavailable, codes.Unavailable, true},
	OutOfSpace:      {http.StatusInsufficientStorage, codes.Unavailable, true},
	Internal:        {http.StatusInternalServerError, codes.Internal, false},
}

// HTTPStatus returns the HTTP status of err; 200 for nil.
func HTTPStatus(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return statuses[Of(err)].http
}

// GRPCCode returns the gRPC code of err; OK for nil.
func GRPCCode(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	return statuses[Of(err)].grpc
}

// Retryable says whether the same request can succeed later.
func Retryable(err error) bool {
	return err != nil && statuses[Of(err)].retryable
}

// RetryAfter returns when to try again: what the error says, else a second for retryable
// errors, else 0.
func RetryAfter(err error) time.Duration {
	var coded *Error
	if errors.As(err, &coded) && coded.RetryAfter > 0 {
		return coded.RetryAfter
	}
	if Retryable(err) {
		return time.Second
	}
	return 0
}
