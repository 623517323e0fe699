package timescale

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// The states of PostgreSQL that mean something here.
const (
	uniqueViolation      = "23505"
	checkViolation       = "23514" // also: no partition for a row
	deadlockDetected     = "40P01"
	serializationFailure = "40001"
	diskFull             = "53100"
	lockNotAvailable     = "55P03"
)

// state returns the state that the server gave an error; empty when it is not of the server.
func state(err error) string {
	if known, ok := errors.AsType[*pgconn.PgError](err); ok {
		return known.Code
	}
	return ""
}

// coded gives an error of the driver its code, and says what was being done; nil stays nil.
func coded(doing string, err error) error {
	var known *errcode.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", doing, err)
	}
	code := state(err)
	switch {
	case code == diskFull:
		return &errcode.Error{Code: errcode.OutOfSpace, Message: doing + ": the disk of the metric database is full", Fix: "give it room, or shorten retention", Err: err}
	case strings.HasPrefix(code, "22"), strings.HasPrefix(code, "54"):
		return &errcode.Error{Code: errcode.Invalid, Message: doing + ": the metric database refuses the data", Err: err}
	case code == "", strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "40"),
		code == lockNotAvailable, code == "25006", strings.HasPrefix(code, "28"), code == "3D000":
		return &errcode.Error{Code: errcode.Unavailable, Message: doing + ": the metric database cannot be used", Fix: "see whether PostgreSQL runs and takes this connection", Err: err}
	}
	if strings.HasPrefix(code, "42") || strings.HasPrefix(code, "3F") {
		return &errcode.Error{Code: errcode.Unavailable, Message: doing + ": the tables of the metric database cannot be used", Fix: "see whether `pharos migrate status` finds them and this account may use them", Err: err}
	}
	return &errcode.Error{Code: errcode.Internal, Message: doing, Err: err}
}

func errClosed() error { return errcode.New(errcode.Unavailable, "the metric store is closed") }
