package errcode

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
)

func TestStatuses(t *testing.T) {
	tests := []struct {
		err       error
		code      Code
		http      int
		grpc      codes.Code
		retryable bool
	}{
		{nil, "", http.StatusOK, codes.OK, false},
		{New(Invalid, "bad"), Invalid, http.StatusBadRequest, codes.InvalidArgument, false},
		{fmt.Errorf("append: %w", New(OutOfSpace, "disk full")), OutOfSpace, http.StatusInsufficientStorage, codes.Unavailable, true},
		{context.Canceled, Canceled, 499, codes.Canceled, false},
		{fmt.Errorf("query: %w", context.DeadlineExceeded), Timeout, http.StatusServiceUnavailable, codes.DeadlineExceeded, true},
		{errors.New("boom"), Internal, http.StatusInternalServerError, codes.Internal, false},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.err), func(t *testing.T) {
			assert.Equal(t, tt.code, Of(tt.err))
			assert.Equal(t, tt.http, HTTPStatus(tt.err))
			assert.Equal(t, tt.grpc, GRPCCode(tt.err))
			assert.Equal(t, tt.retryable, Retryable(tt.err))
		})
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	for code, s := range statuses {
		assert.NotZero(t, s.http, code)
		assert.NotZero(t, s.grpc, code)
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("no space left on device")
	wrapped := New(OutOfSpace, "write segment: %w", cause)
	require.ErrorIs(t, wrapped, cause)
	assert.Contains(t, wrapped.Error(), "write segment: no space left on device")

	field := InvalidField("step", "is zero", "use a duration such as 15s")
	assert.Equal(t, "step: is zero (use a duration such as 15s)", field.Error())
}

func TestRetryAfter(t *testing.T) {
	assert.Equal(t, 5*time.Second, RetryAfter(&Error{Code: Unavailable, RetryAfter: 5 * time.Second}))
	assert.Equal(t, time.Second, RetryAfter(New(Unavailable, "away")))
	assert.Zero(t, RetryAfter(New(Invalid, "bad")))
}
