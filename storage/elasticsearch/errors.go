package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// retryAfter is when callers come again while the server is away.
const retryAfter = 2 * time.Second

func errClosed() error { return errcode.New(errcode.Unavailable, "log store is closed") }

func unavailable(format string, args ...any) *errcode.Error {
	err := errcode.New(errcode.Unavailable, format, args...)
	err.RetryAfter = retryAfter
	return err
}

// failure is an error as the server describes it.
type failure struct {
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`
	RootCause []failure `json:"root_cause"`
	CausedBy  *failure  `json:"caused_by"`
}

// longestReason bounds what of the server's texts gets into messages: they may quote documents.
const longestReason = 400

// String returns the innermost reason that the server gives.
func (f *failure) String() string {
	inner := f
	if len(f.RootCause) > 0 {
		inner = &f.RootCause[0]
	}
	text := inner.Type + ": " + inner.Reason
	if cause := inner.CausedBy; cause != nil {
		for cause.CausedBy != nil {
			cause = cause.CausedBy
		}
		text += ": " + cause.Reason
	}
	return strings.ToValidUTF8(text[:min(len(text), longestReason)], "")
}

// is says whether the failure or one of its causes has the type.
func (f *failure) is(name string) bool {
	if f == nil {
		return false
	}
	for i := range f.RootCause {
		if f.RootCause[i].is(name) {
			return true
		}
	}
	return f.Type == name || f.CausedBy.is(name)
}

// full says whether the server has no disk left: it blocks its indices then.
func (f *failure) full() bool {
	return strings.Contains(f.Reason, "flood-stage") || strings.Contains(f.Reason, "read-only-allow-delete")
}

func outOfSpace(reason string) *errcode.Error {
	return &errcode.Error{
		Code: errcode.OutOfSpace, Message: "Elasticsearch takes no more logs: " + reason,
		Fix: "free some disk on its nodes, or lower the retention", RetryAfter: 10 * time.Second,
	}
}

// explainTransport gives an error without an answer its code.
func explainTransport(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask Elasticsearch: %w", ctx.Err())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return unavailable("Elasticsearch has not answered in time: %w", err)
	}
	return unavailable("Elasticsearch is away: %w", err)
}

// explainStatus gives an answer that is an error its code.
func explainStatus(status int, body []byte) error {
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	cause := &failure{}
	if json.Unmarshal(body, &answer) != nil || json.Unmarshal(answer.Error, cause) != nil || cause.Type == "" {
		cause = &failure{Type: http.StatusText(status), Reason: strings.TrimSpace(string(body))}
	}
	return explainFailure(status, cause)
}

func explainFailure(status int, cause *failure) error {
	switch {
	case cause.full():
		return outOfSpace(cause.String())
	case cause.is("too_many_buckets_exception"):
		return &errcode.Error{Code: errcode.Unprocessable, Message: "the answer has more buckets than Elasticsearch makes", Fix: "use a longer step or a shorter time range"}
	case cause.is("too_many_clauses"), cause.is("too_many_nested_clauses"):
		return &errcode.Error{Code: errcode.Unprocessable, Message: "the filter has more conditions than Elasticsearch takes", Fix: "use fewer"}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		err := unavailable("Elasticsearch refuses the store: %s", cause)
		err.Fix = "check its username and password or api_key, and their rights on the indices"
		return err
	case status == http.StatusRequestEntityTooLarge:
		return errcode.New(errcode.TooLarge, "Elasticsearch takes no request of this size: %s", cause)
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return unavailable("Elasticsearch is busy or not whole: %s", cause)
	}
	return errcode.New(errcode.Internal, "Elasticsearch answers %d: %s", status, cause)
}
