package query

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/promql"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// parseError turns an error of creating a query into one with a code.
func (e *Engine) parseError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return e.executionError(err)
	}
	return &errcode.Error{Code: errcode.Invalid, Field: "query", Message: err.Error()}
}

// executionError turns an error of running a query into one with a code.
func (e *Engine) executionError(err error) error {
	var (
		canceled promql.ErrQueryCanceled
		timeout  promql.ErrQueryTimeout
		samples  promql.ErrTooManySamples
		stored   promql.ErrStorage
	)
	switch {
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return errcode.New(errcode.Canceled, "the client went away: %w", err)
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		return &errcode.Error{
			Code:    errcode.Timeout,
			Message: fmt.Sprintf("%s; the limit is %s", err, e.config.Timeout),
			Fix:     "ask for a shorter time range, a longer step or fewer series",
		}
	case errors.As(err, &samples):
		return &errcode.Error{
			Code:    errcode.Unprocessable,
			Message: fmt.Sprintf("%s; the limit is %d (max_samples)", err, e.config.MaxSamples),
			Fix:     "ask for a shorter time range, a longer step or fewer series",
		}
	case errors.As(err, &stored):
		return storageError(stored.Err)
	}
	return &errcode.Error{Code: errcode.Unprocessable, Field: "query", Message: err.Error()}
}

// storageError keeps the code of a store's error; one without a code is ours.
func storageError(err error) error {
	return fmt.Errorf("read the metrics: %w", err)
}

func (e *Engine) tooManySeries(count int) error {
	return &errcode.Error{
		Code:    errcode.Unprocessable,
		Message: fmt.Sprintf("the answer has %d series, more than the limit of %d (max_series)", count, e.config.MaxSeries),
		Fix:     "narrow the selector by labels, or aggregate with sum by (...) or topk",
	}
}
