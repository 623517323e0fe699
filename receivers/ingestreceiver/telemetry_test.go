package ingestreceiver

import (
	"context"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// counted returns a counter's values by its attributes.
func counted(t *testing.T, bed *testbed, name string) map[string]int64 {
	t.Helper()
	got, err := bed.meters.GetMetric(name)
	require.NoError(t, err)
	encode := attribute.DefaultEncoder()
	values := map[string]int64{}
	switch data := got.Data.(type) {
	case metricdata.Sum[int64]:
		for _, point := range data.DataPoints {
			values[point.Attributes.Encoded(encode)] = point.Value
		}
	case metricdata.Histogram[float64]:
		for _, point := range data.DataPoints {
			values[point.Attributes.Encoded(encode)] = int64(point.Count)
		}
	}
	return values
}

func TestCountersBeginAtZero(t *testing.T) {
	assert.Equal(t, map[string]int64{
		"protocol=otlp_grpc,signal=metrics": 0, "protocol=otlp_http,signal=metrics": 0, "protocol=json,signal=metrics": 0,
		"protocol=remote_write,signal=metrics": 0, "protocol=otlp_grpc,signal=logs": 0, "protocol=otlp_http,signal=logs": 0, "protocol=json,signal=logs": 0,
	}, counted(t, start(t), "pharos_ingest_accepted_items"))
}

func TestOwnMetrics(t *testing.T) {
	bed := start(t)
	bed.onMetrics = func(ctx context.Context, _ pmetric.Metrics) error {
		for range 1005 {
			rejection.FromContext(ctx).Add(rejection.Item{Reason: "too_old", Message: "old"})
		}
		return nil
	}
	bed.do(frontdoor.HTTP, post("/v1/metrics", contentTypeProto, metricsProto(t, testMetrics(2000))))
	bed.do(frontdoor.HTTP, post("/v1/logs", contentTypeProto, logsProto(t, testLogs(7))))
	bed.do(frontdoor.HTTP, post("/v1/logs", contentTypeProto, []byte("garbage")))
	bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/logs", "["+goodLog+`,{},{"service":"a"}]`))

	accepted := counted(t, bed, "pharos_ingest_accepted_items")
	maps.DeleteFunc(accepted, func(_ string, count int64) bool { return count == 0 })
	assert.Equal(t, map[string]int64{
		"protocol=otlp_http,signal=metrics": 995, "protocol=otlp_http,signal=logs": 7, "protocol=json,signal=logs": 1,
	}, accepted)
	assert.Equal(t, map[string]int64{
		"protocol=otlp_http,reason=too_old,signal=metrics":  1000,
		"protocol=otlp_http,reason=unlisted,signal=metrics": 5,
		"protocol=json,reason=missing_field,signal=logs":    2,
	}, counted(t, bed, "pharos_ingest_rejected_items"))
	assert.Equal(t, map[string]int64{
		"outcome=ok,protocol=otlp_http,signal=metrics": 1, "outcome=ok,protocol=otlp_http,signal=logs": 1,
		"outcome=invalid,protocol=otlp_http,signal=logs": 1, "outcome=ok,protocol=json,signal=logs": 1,
	}, counted(t, bed, "pharos_ingest_request_duration"))
}
