package blackbox

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/test/server"
)

// partlyBadInput sends batches in which some items are wrong: the others are stored, and the
// answer says which were not.
func partlyBadInput(t *testing.T, s *server.Server) {
	t.Helper()
	t.Run("JSON metrics", func(t *testing.T) { partOfJSONMetrics(t, clientOf(s)) })
	t.Run("JSON logs", func(t *testing.T) { partOfJSONLogs(t, clientOf(s)) })
	t.Run("OTLP", func(t *testing.T) { partOfOTLP(t, s) })
	t.Run("delta temporality", func(t *testing.T) { deltaTemporality(t, clientOf(s)) })
	t.Run("remote write", func(t *testing.T) { partOfRemoteWrite(t, clientOf(s)) })
	t.Run("gRPC", func(t *testing.T) { refusedOverGRPC(t, s) })
}

type jsonAnswer struct {
	Accepted int
	Rejected []struct {
		Index        int
		Field, Error string
	}
}

// places returns the index and field of what was rejected.
func (a jsonAnswer) places() map[int]string {
	found := map[int]string{}
	for _, one := range a.Rejected {
		found[one.Index] = one.Field
	}
	return found
}

func partOfJSONMetrics(t *testing.T, c client) {
	t.Helper()
	old := time.Now().Add(-48 * time.Hour).Unix()
	got := c.postJSON(t, "/v1/ingest/metrics", []any{
		map[string]any{"service": "part", "metric_name": "bb_part", "value": 1, "labels": map[string]string{"n": "0"}},
		map[string]any{"service": "part", "metric_name": "bb_part"},
		map[string]any{"service": "part", "metric_name": "bb_part", "value": 1, "labels": map[string]string{"n": "2"}, "time": old},
		map[string]any{"metric_name": "bb_part", "value": 1},
		map[string]any{"service": "part", "metric_name": "bb_part", "value": 1, "labels": map[string]string{"n": "4"}},
	})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var decoded jsonAnswer
	got.decode(t, &decoded)
	assert.Equal(t, 2, decoded.Accepted)
	assert.Equal(t, map[int]string{1: "value", 2: "time", 3: "service"}, decoded.places())
	assert.InDelta(t, 2, c.number(t, `count(bb_part{n=~"0|4"})`), 0)
	assert.InDelta(t, 2, c.number(t, `count(bb_part)`), 0)
}

func partOfJSONLogs(t *testing.T, c client) {
	t.Helper()
	body := `{"service":"part-logs","message":"first"}` + "\n" +
		`this is no JSON` + "\n" +
		`{"service":"part-logs","message":"third","time":"2090-01-01T00:00:00Z"}` + "\n" +
		`{"service":"part-logs","message":"fourth"}` + "\n"
	got := c.send(t, http.MethodPost, "/v1/ingest/logs", []byte(body), map[string]string{"Content-Type": "application/x-ndjson"})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var decoded jsonAnswer
	got.decode(t, &decoded)
	assert.Equal(t, 2, decoded.Accepted)
	assert.Equal(t, map[int]string{1: "", 2: "time"}, decoded.places())
	var messages []string
	for _, record := range c.logsOf(t, "part-logs") {
		messages = append(messages, record.Message)
	}
	assert.ElementsMatch(t, []string{"first", "fourth"}, messages)
}

func partOfOTLP(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	metrics := otlpGauge("part-otlp", "bb.part.otlp", 5, time.Now())
	points := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints()
	points.At(1).SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-48 * time.Hour)))
	points.At(3).SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(time.Hour)))
	got := c.send(t, http.MethodPost, "/v1/metrics", protobuf.metrics(t, metrics), map[string]string{"Content-Type": protobuf.contentType})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	answered := pmetricotlp.NewExportResponse()
	require.NoError(t, answered.UnmarshalProto(got.body))
	assert.Equal(t, int64(2), answered.PartialSuccess().RejectedDataPoints())
	assert.Contains(t, answered.PartialSuccess().ErrorMessage(), "older than the 24h0m0s")
	assert.InDelta(t, 3, c.number(t, `count(bb_part_otlp)`), 0)

	logs := otlpLogs("part-otlp", 5, time.Now())
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	records.At(2).SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(time.Hour)))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", c.key)
	logAnswer, err := plogotlp.NewGRPCClient(dial(t, s.GRPC)).Export(ctx, plogotlp.NewExportRequestFromLogs(logs))
	require.NoError(t, err)
	assert.Equal(t, int64(1), logAnswer.PartialSuccess().RejectedLogRecords())
	assert.Contains(t, logAnswer.PartialSuccess().ErrorMessage(), "ahead of the server's clock")
	assert.Len(t, c.logsOf(t, "part-otlp"), 4)
}

func deltaTemporality(t *testing.T, c client) {
	t.Helper()
	metrics := otlpGauge("delta", "bb.delta.gauge", 1, time.Now())
	sum := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().AppendEmpty()
	sum.SetName("bb.delta")
	sum.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	sum.Sum().SetIsMonotonic(true)
	point := sum.Sum().DataPoints().AppendEmpty()
	point.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	point.SetIntValue(1)
	got := c.send(t, http.MethodPost, "/v1/metrics", jsonCode.metrics(t, metrics), jsonHeader)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	answered := pmetricotlp.NewExportResponse()
	require.NoError(t, answered.UnmarshalJSON(got.body))
	assert.Equal(t, int64(1), answered.PartialSuccess().RejectedDataPoints())
	assert.Contains(t, answered.PartialSuccess().ErrorMessage(), "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "it names the setting of the SDK")
	assert.InDelta(t, 1, c.number(t, `count(bb_delta_gauge)`), 0)
	assert.Empty(t, c.query(t, `{__name__=~"bb_delta|bb_delta_total"}`))
}

func partOfRemoteWrite(t *testing.T, c client) {
	t.Helper()
	now := time.Now()
	body, header := remoteWrite1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
		series("bb_part_write", "a", prompb.Sample{Timestamp: now.UnixMilli(), Value: 1}),
		series("", "nameless", prompb.Sample{Timestamp: now.UnixMilli(), Value: 1}),
		series("bb_part_write", "b", prompb.Sample{Timestamp: now.Add(-48 * time.Hour).UnixMilli(), Value: 1}, prompb.Sample{Timestamp: now.UnixMilli(), Value: 1}),
	}})
	got := c.send(t, http.MethodPost, "/api/v1/write", body, header)
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.Contains(t, string(got.body), "2 refused, the rest was stored")
	assert.InDelta(t, 2, c.number(t, `sum(count_over_time(bb_part_write[3d]))`), 0)
}

func refusedOverGRPC(t *testing.T, s *server.Server) {
	t.Helper()
	conn := dial(t, s.GRPC)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+s.Bootstrap.APIKey)
	_, err := ptraceotlp.NewGRPCClient(conn).Export(ctx, ptraceotlp.NewExportRequest())
	require.Equal(t, codes.Unimplemented, status.Code(err), "%v", err)
	require.ErrorContains(t, err, "traces are not stored yet")

	large := otlpLogs("fault", 1, time.Now())
	large.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr(string(make([]byte, 40<<20)))
	_, err = plogotlp.NewGRPCClient(conn).Export(ctx, plogotlp.NewExportRequestFromLogs(large))
	assert.Equal(t, codes.ResourceExhausted, status.Code(err), "%v", err)
}
