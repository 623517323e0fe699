package problem

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestWrite(t *testing.T) {
	recorder := httptest.NewRecorder()
	Write(recorder, errcode.InvalidField("step", "is zero", "use a duration such as 15s"))

	assert.Equal(t, http.StatusBadRequest, recorder.Code)
	assert.Equal(t, ContentType, recorder.Header().Get("Content-Type"))
	assert.Empty(t, recorder.Header().Get("Retry-After"))
	var doc Document
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &doc))
	assert.Equal(t, Document{
		Type: "about:blank", Title: "Bad Request", Status: 400,
		Detail: "is zero", Code: "invalid", Field: "step", Fix: "use a duration such as 15s",
	}, doc)
}

func TestWriteRetryAfter(t *testing.T) {
	recorder := httptest.NewRecorder()
	Write(recorder, errcode.New(errcode.OutOfSpace, "the disk is full"))
	assert.Equal(t, http.StatusInsufficientStorage, recorder.Code)
	assert.Equal(t, "1", recorder.Header().Get("Retry-After"))
}

func TestInternalErrorsStayInside(t *testing.T) {
	assert.NotContains(t, Of(errors.New("open /secret/path")).Detail, "secret")
	assert.NotContains(t, Of(errcode.New(errcode.Internal, "open /secret/path")).Detail, "secret")
}
