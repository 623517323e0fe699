package promapi

import (
	"net/http"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// errorType is Prometheus' name for a class of errors.
type errorType string

const (
	errorBadData      errorType = "bad_data"
	errorExecution    errorType = "execution"
	errorTimeout      errorType = "timeout"
	errorCanceled     errorType = "canceled"
	errorInternal     errorType = "internal"
	errorUnavailable  errorType = "unavailable"
	errorNotFound     errorType = "not_found"
	errorUnauthorized errorType = "unauthorized" // not one of Prometheus', which has no users
	errorTooMany      errorType = "too_many_requests"
)

// classify returns status and type as Prometheus has them, and for the codes that Prometheus
// does not know the status of errcode.
func classify(err error) (int, errorType) {
	switch errcode.Of(err) {
	case errcode.Invalid:
		return http.StatusBadRequest, errorBadData
	case errcode.Unprocessable:
		return http.StatusUnprocessableEntity, errorExecution
	case errcode.Timeout:
		return http.StatusServiceUnavailable, errorTimeout
	case errcode.Canceled:
		return errcode.HTTPStatus(err), errorCanceled
	case errcode.Unavailable, errcode.OutOfSpace:
		return errcode.HTTPStatus(err), errorUnavailable
	case errcode.NotFound:
		return http.StatusNotFound, errorNotFound
	case errcode.Unauthenticated, errcode.Forbidden:
		return errcode.HTTPStatus(err), errorUnauthorized
	case errcode.RateLimited:
		return errcode.HTTPStatus(err), errorTooMany
	case errcode.TooLarge, errcode.Unsupported, errcode.Conflict, errcode.Unimplemented:
		return errcode.HTTPStatus(err), errorBadData
	case errcode.Internal:
	}
	return http.StatusInternalServerError, errorInternal
}
