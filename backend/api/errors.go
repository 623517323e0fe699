package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// overrideErrors makes huma write every error as a problem document of ours. The variables
// are huma's only hook; the same functions are set once for the process.
//
//nolint:gochecknoglobals // it guards the globals of another package
var overrideErrors = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false // every list of ours is an array, also an empty one
	huma.NewError = func(status int, message string, causes ...error) huma.StatusError {
		return problem.Of(codedError(status, message, causes))
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, causes ...error) huma.StatusError {
		err := codedError(status, message, causes)
		if wait := errcode.RetryAfter(err); wait > 0 {
			ctx.SetHeader("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		}
		if slot, ok := ctx.Context().Value(errorSlotKey{}).(*errorSlot); ok {
			slot.err = err
		}
		return problem.Of(err)
	}
})

// codedError turns what huma found wrong, or what a handler returned, into an error with a code.
func codedError(status int, message string, causes []error) error {
	if len(causes) > 0 {
		if detail, ok := causes[0].(huma.ErrorDetailer); ok {
			return fromDetail(status, detail.ErrorDetail(), len(causes)-1)
		}
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](causes[0]); ok {
			return errcode.New(errcode.TooLarge, "the body is larger than %d bytes", tooLarge.Limit)
		}
		return causes[0]
	}
	return errcode.New(codeOf(status), "%s", message)
}

// fromDetail names the field and the fix of the first thing that huma's validation found.
func fromDetail(status int, detail *huma.ErrorDetail, more int) error {
	message := detail.Message
	if more > 0 {
		message += " (and " + strconv.Itoa(more) + " more)"
	}
	field := detail.Location
	for _, prefix := range []string{"body.", "query.", "path.", "header."} {
		field = strings.TrimPrefix(field, prefix)
	}
	if name, missing := strings.CutPrefix(detail.Message, "expected required property "); missing {
		name, _, _ = strings.Cut(name, " ")
		field = strings.TrimPrefix(field+"."+name, "body.")
	}
	return &errcode.Error{Code: codeOf(status), Field: field, Message: message, Fix: fixOf(detail, field)}
}

func fixOf(detail *huma.ErrorDetail, field string) string {
	switch message := detail.Message; {
	case strings.HasPrefix(message, "unexpected property"), strings.HasPrefix(message, "unknown query parameter"):
		return "remove it; /v1/openapi.json lists what is taken"
	case strings.HasPrefix(message, "expected required property"), strings.HasPrefix(message, "required "):
		return "add it"
	case detail.Location == "body":
		return "send valid JSON with Content-Type application/json"
	case strings.HasPrefix(message, "expected "):
		return "send " + strings.TrimPrefix(message, "expected ")
	}
	return "correct " + field + "; /v1/openapi.json describes it"
}

// codeOf returns the code for a status of huma's. Its 422 for a request that does not match
// the schema is our 400.
func codeOf(status int) errcode.Code {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return errcode.TooLarge
	case http.StatusUnsupportedMediaType:
		return errcode.Unsupported
	case http.StatusRequestTimeout:
		return errcode.Timeout
	case http.StatusUnauthorized:
		return errcode.Unauthenticated
	case http.StatusForbidden:
		return errcode.Forbidden
	case http.StatusNotFound:
		return errcode.NotFound
	case http.StatusConflict:
		return errcode.Conflict
	}
	if status >= http.StatusInternalServerError {
		return errcode.Internal
	}
	return errcode.Invalid
}

type errorSlotKey struct{}

// errorSlot carries the error of a request from where it is turned into an answer to the log.
type errorSlot struct{ err error }

// logErrors logs the error of a request once: those of ours as errors, the client's for
// debugging.
func (a *API) logErrors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slot := &errorSlot{}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), errorSlotKey{}, slot)))
		if slot.err == nil {
			return
		}
		fields := []zap.Field{zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(slot.err)}
		if errcode.HTTPStatus(slot.err) >= http.StatusInternalServerError {
			a.deps.Logger.Error("Request failed", fields...)
		} else {
			a.deps.Logger.Debug("Request refused", fields...)
		}
	})
}
