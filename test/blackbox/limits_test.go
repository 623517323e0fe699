package blackbox

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/pharos-obs/pharos/test/server"
)

// TestLimits goes over the limits that bound one caller, with small ones.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := server.Start(t, "--config", overlay(t, quiet+`
extensions:
  storage: { metrics: { max_series: 20 } }
  gateway: { limits: { body_timeout: 500ms, requests_per_second: 5, burst: 10 } }
`))
	admin := clientOf(s)
	slow, _ := createKey(t, admin, "slow", "ingest")
	many, _ := createKey(t, admin, "many", "ingest")
	eager, _ := createKey(t, admin, "eager", "query")

	t.Run("slow body", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		reader, writer := io.Pipe()
		defer writer.Close()
		go func() { _, _ = writer.Write([]byte(`{"service":`)) }()
		got, err := admin.with(slow).try(ctx, http.MethodPost, "/v1/ingest/logs", reader, jsonHeader)
		require.NoError(t, err)
		assert.Equal(t, http.StatusServiceUnavailable, got.status)
		assert.Contains(t, got.String(), "the body did not arrive in time")
		assert.NotEmpty(t, got.header.Get("Retry-After"))
	})
	t.Run("too many series", func(t *testing.T) {
		t.Parallel()
		body := protobuf.metrics(t, otlpGauge("many", "bb.many", 50, time.Now()))
		got := admin.with(many).send(t, http.MethodPost, "/v1/metrics", body, map[string]string{"Content-Type": protobuf.contentType})
		require.Equal(t, http.StatusOK, got.status, "%s", got)
		answered := pmetricotlp.NewExportResponse()
		require.NoError(t, answered.UnmarshalProto(got.body))
		stored := admin.number(t, "count(bb_many)")
		assert.InDelta(t, 50-stored, answered.PartialSuccess().RejectedDataPoints(), 0, "what was refused is said")
		assert.LessOrEqual(t, stored, 20.0)
		assert.NotEmpty(t, answered.PartialSuccess().ErrorMessage())
	})
	t.Run("too many requests", func(t *testing.T) {
		t.Parallel()
		var refused answer
		for range 50 {
			if got := admin.with(eager).get(t, "/api/v1/labels"); got.status == http.StatusTooManyRequests {
				refused = got
				break
			}
		}
		require.Equal(t, http.StatusTooManyRequests, refused.status)
		assert.NotEmpty(t, refused.header.Get("Retry-After"))
	})
}
