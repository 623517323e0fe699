package timescale

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want errcode.Code
	}{
		{nil, ""},
		{errors.New("connection reset"), errcode.Unavailable},
		{&pgconn.PgError{Code: diskFull}, errcode.OutOfSpace},
		{&pgconn.PgError{Code: "53300"}, errcode.Unavailable}, // too many connections
		{&pgconn.PgError{Code: "57P01"}, errcode.Unavailable}, // the server ends
		{&pgconn.PgError{Code: "25006"}, errcode.Unavailable}, // read-only
		{&pgconn.PgError{Code: "28P01"}, errcode.Unavailable}, // password
		{&pgconn.PgError{Code: deadlockDetected}, errcode.Unavailable},
		{&pgconn.PgError{Code: "22P05"}, errcode.Invalid},     // text that can't be held
		{&pgconn.PgError{Code: "54000"}, errcode.Invalid},     // too long for an index
		{&pgconn.PgError{Code: "42501"}, errcode.Unavailable}, // not allowed
		{&pgconn.PgError{Code: "42P01"}, errcode.Unavailable}, // no such table
		{&pgconn.PgError{Code: "XX001"}, errcode.Internal},
		{fmt.Errorf("wait: %w", context.DeadlineExceeded), errcode.Timeout},
		{context.Canceled, errcode.Canceled},
		{errClosed(), errcode.Unavailable},
	} {
		assert.Equal(t, c.want, errcode.Of(coded("write", c.err)), "%v", c.err)
	}
}
