package blackbox

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/golang/snappy"
	_ "github.com/mostynb/go-grpc-compression/nonclobbering/zstd" // registers the compressor
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"

	"github.com/pharos-obs/pharos/test/server"
)

func otlpOverHTTP(t *testing.T, s *server.Server) {
	t.Helper()
	at := time.Now()
	var services []string
	for listener, address := range map[string]string{"8080": s.HTTP, "4318": s.OTLPHTTP} {
		c := newClient(address, s.Bootstrap.APIKey)
		for _, code := range []codec{protobuf, jsonCode} {
			for _, encoding := range []string{"plain", "gzip", "zstd"} {
				service := fmt.Sprintf("otlp-%s-%s-%s", listener, code.name, encoding)
				body, header := compress(t, encoding, code.contentType, code.metrics(t, otlpGauge(service, "bb.otlp.http", 7, at)))
				got := c.send(t, http.MethodPost, "/v1/metrics", body, header)
				require.Equal(t, http.StatusOK, got.status, "%s: %s", service, got)
				assert.Equal(t, code.contentType, got.header.Get("Content-Type"))
				body, header = compress(t, encoding, code.contentType, code.logs(t, otlpLogs(service, 11, at)))
				got = c.send(t, http.MethodPost, "/v1/logs", body, header)
				require.Equal(t, http.StatusOK, got.status, "%s: %s", service, got)
				services = append(services, service)
			}
		}
	}
	out := clientOf(s)
	for _, service := range services {
		assert.InDelta(t, 7, out.number(t, fmt.Sprintf(`count(bb_otlp_http{service=%q, job=%q, instance="i-1"})`, service, service)), 0, service)
		assert.InDelta(t, 21, out.number(t, fmt.Sprintf(`sum(bb_otlp_http{service=%q})`, service)), 0, service)
		assert.Len(t, out.logsOf(t, service), 11, service)
	}
}

func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // the server may be gone
	return conn
}

func otlpOverGRPC(t *testing.T, s *server.Server) {
	t.Helper()
	conn := dial(t, s.GRPC)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+s.Bootstrap.APIKey)
	for name, options := range map[string][]grpc.CallOption{
		"plain": nil, "gzip": {grpc.UseCompressor(gzip.Name)}, "zstd": {grpc.UseCompressor("zstd")},
	} {
		service := "otlp-grpc-" + name
		answer, err := pmetricotlp.NewGRPCClient(conn).Export(ctx, pmetricotlp.NewExportRequestFromMetrics(otlpGauge(service, "bb.otlp.grpc", 7, time.Now())), options...)
		require.NoError(t, err, service)
		assert.Zero(t, answer.PartialSuccess().RejectedDataPoints())
		assert.Empty(t, answer.PartialSuccess().ErrorMessage())
		logAnswer, err := plogotlp.NewGRPCClient(conn).Export(ctx, plogotlp.NewExportRequestFromLogs(otlpLogs(service, 11, time.Now())), options...)
		require.NoError(t, err, service)
		assert.Zero(t, logAnswer.PartialSuccess().RejectedLogRecords())

		assert.InDelta(t, 7, clientOf(s).number(t, fmt.Sprintf(`count(bb_otlp_grpc{service=%q})`, service)), 0, service)
		assert.Len(t, clientOf(s).logsOf(t, service), 11, service)
	}
}

func jsonMetrics(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now().UTC().Truncate(time.Millisecond)
	item := func(n int) string {
		return fmt.Sprintf(`{"time":%q,"service":"json-in","instance_id":"i-%d","metric_name":"bb_json","value":%d,"labels":{"region":"eu"}}`,
			at.Format(time.RFC3339Nano), n, n)
	}
	for name, body := range map[string]struct{ contentType, encoding, content string }{
		"object":    {"application/json", "plain", item(1)},
		"array":     {"application/json", "plain", "[" + item(2) + "," + item(3) + "]"},
		"lines":     {"application/x-ndjson", "plain", item(4) + "\n" + item(5) + "\n\n" + item(6)},
		"gzip":      {"application/json", "gzip", "[" + item(7) + "," + item(8) + "]"},
		"zstd line": {"application/x-ndjson", "zstd", item(9) + "\n" + item(10) + "\n"},
	} {
		content, header := compress(t, body.encoding, body.contentType, []byte(body.content))
		got := c.send(t, http.MethodPost, "/v1/ingest/metrics", content, header)
		require.Equal(t, http.StatusOK, got.status, "%s: %s", name, got)
	}
	assert.InDelta(t, 10, c.number(t, `count(bb_json{service="json-in",job="json-in",region="eu"})`), 0)
	assert.InDelta(t, 55, c.number(t, `sum(bb_json{service="json-in"})`), 0)
	assert.InDelta(t, 4, c.number(t, `bb_json{instance="i-4"}`), 0)
}

func jsonLogs(t *testing.T, s *server.Server) {
	t.Helper()
	c := clientOf(s)
	at := time.Now()
	item := func(n int) string {
		return fmt.Sprintf(`{"time":%d,"service":"json-logs","instance_id":"i-1","level":"warn","message":"item %d","labels":{"n":"%d"},"json":{"latency":%d}}`,
			at.UnixMilli(), n, n, n*100)
	}
	for name, body := range map[string]struct{ contentType, encoding, content string }{
		"object": {"application/json", "plain", item(1)},
		"array":  {"application/json", "gzip", "[" + item(2) + "," + item(3) + "]"},
		"lines":  {"application/x-ndjson", "plain", item(4) + "\n" + item(5)},
	} {
		content, header := compress(t, body.encoding, body.contentType, []byte(body.content))
		got := c.send(t, http.MethodPost, "/v1/ingest/logs", content, header)
		require.Equal(t, http.StatusOK, got.status, "%s: %s", name, got)
	}
	records := c.logsOf(t, "json-logs")
	require.Len(t, records, 5)
	for _, record := range records {
		assert.Equal(t, at.UnixMilli(), record.Time.UnixMilli())
		assert.Equal(t, "warn", record.Level)
		assert.Equal(t, "i-1", record.InstanceID)
		assert.Equal(t, "item "+record.Labels["n"], record.Message)
		assert.NotEmpty(t, record.ID)
	}
	assert.Len(t, c.searchAll(t, map[string]any{"query": "latency:>250", "service": "json-logs", "from": "now-1h", "to": "now+1m"}), 3)
}

func remoteWriteVersion1(t *testing.T, s *server.Server) {
	t.Helper()
	now := time.Now().UnixMilli()
	native := &histogram.Histogram{
		Schema: 1, Count: 6, Sum: 12.5, ZeroThreshold: 0.001, ZeroCount: 1,
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 2}}, PositiveBuckets: []int64{2, 1},
	}
	withExemplar := series("bb_rw1_total", "rw1", prompb.Sample{Timestamp: now - 2000, Value: 1}, prompb.Sample{Timestamp: now - 1000, Value: 2})
	withExemplar.Exemplars = []prompb.Exemplar{{Labels: []prompb.Label{{Name: "trace_id", Value: "abc123"}}, Value: 2, Timestamp: now - 1000}}
	histograms := series("bb_rw1_seconds", "rw1")
	histograms.Histograms = []prompb.Histogram{prompb.FromIntHistogram(now-1000, native)}
	body, header := remoteWrite1(t, &prompb.WriteRequest{
		Timeseries: []prompb.TimeSeries{withExemplar, series("bb_rw1_gauge", "rw1", prompb.Sample{Timestamp: now - 1000, Value: 42}), histograms},
		Metadata:   []prompb.MetricMetadata{{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "bb_rw1_total", Help: "Counts.", Unit: "things"}},
	})
	c := clientOf(s)
	got := c.send(t, http.MethodPost, "/api/v1/write", body, header)
	require.Equal(t, http.StatusNoContent, got.status, "%s", got)

	found := c.query(t, `bb_rw1_gauge`)
	require.Len(t, found, 1)
	assert.Equal(t, map[string]string{"__name__": "bb_rw1_gauge", "job": "rw1"}, found[0].Metric, "remote write is stored as it was sent")
	assert.Equal(t, "42", found[0].Value)
	assert.InDelta(t, 2, c.number(t, `sum(count_over_time(bb_rw1_total[1m]))`), 0)
	assert.InDelta(t, 6, c.number(t, `histogram_count(bb_rw1_seconds)`), 0)
	assert.InDelta(t, 12.5, c.number(t, `histogram_sum(bb_rw1_seconds)`), 0)
	assertExemplar(t, c, "bb_rw1_total", "abc123")
	assertMetadata(t, c, "bb_rw1_total", "counter", "Counts.")
}

func remoteWriteVersion2(t *testing.T, s *server.Server) {
	t.Helper()
	now := time.Now().UnixMilli()
	symbols := writev2.NewSymbolTable()
	refs := func(name string) []uint32 {
		return []uint32{symbols.Symbolize("__name__"), symbols.Symbolize(name), symbols.Symbolize("job"), symbols.Symbolize("rw2")}
	}
	native := &histogram.Histogram{
		Schema: 1, Count: 3, Sum: 4.5, ZeroThreshold: 0.001,
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 2}}, PositiveBuckets: []int64{2, -1},
	}
	request := writev2.Request{Timeseries: []writev2.TimeSeries{
		{
			LabelsRefs: refs("bb_rw2_total"),
			Samples:    []writev2.Sample{{Timestamp: now - 2000, Value: 5}, {Timestamp: now - 1000, Value: 6}},
			Exemplars: []writev2.Exemplar{{
				LabelsRefs: []uint32{symbols.Symbolize("trace_id"), symbols.Symbolize("def456")}, Value: 6, Timestamp: now - 1000,
			}},
			Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_COUNTER, HelpRef: symbols.Symbolize("Counts two.")},
		},
		{LabelsRefs: refs("bb_rw2_seconds"), Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, now-1000, native)}},
	}}
	request.Symbols = symbols.Symbols()
	encoded, err := request.Marshal()
	require.NoError(t, err)
	c := clientOf(s)
	got := c.send(t, http.MethodPost, "/api/v1/write", snappy.Encode(nil, encoded), map[string]string{
		"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "Content-Encoding": "snappy",
		"X-Prometheus-Remote-Write-Version": "2.0.0",
	})
	require.Equal(t, http.StatusNoContent, got.status, "%s", got)
	assert.Equal(t, "2", got.header.Get("X-Prometheus-Remote-Write-Samples-Written"))
	assert.Equal(t, "1", got.header.Get("X-Prometheus-Remote-Write-Histograms-Written"))
	assert.Equal(t, "1", got.header.Get("X-Prometheus-Remote-Write-Exemplars-Written"))

	assert.InDelta(t, 2, c.number(t, `sum(count_over_time(bb_rw2_total{job="rw2"}[1m]))`), 0)
	assert.InDelta(t, 3, c.number(t, `histogram_count(bb_rw2_seconds)`), 0)
	assertExemplar(t, c, "bb_rw2_total", "def456")
	assertMetadata(t, c, "bb_rw2_total", "counter", "Counts two.")
}

func assertExemplar(t *testing.T, c client, metric, trace string) {
	t.Helper()
	now := time.Now().Unix()
	got := c.get(t, fmt.Sprintf("/api/v1/query_exemplars?query=%s&start=%d&end=%d", metric, now-60, now+60))
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var decoded struct {
		Data []struct {
			SeriesLabels map[string]string
			Exemplars    []struct{ Labels map[string]string }
		}
	}
	got.decode(t, &decoded)
	require.Len(t, decoded.Data, 1, "%s", got)
	require.Len(t, decoded.Data[0].Exemplars, 1, "%s", got)
	assert.Equal(t, metric, decoded.Data[0].SeriesLabels["__name__"])
	assert.Equal(t, map[string]string{"trace_id": trace}, decoded.Data[0].Exemplars[0].Labels)
}

func assertMetadata(t *testing.T, c client, metric, kind, help string) {
	t.Helper()
	got := c.get(t, "/api/v1/metadata?metric="+metric)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var decoded struct {
		Data map[string][]struct{ Type, Help, Unit string }
	}
	got.decode(t, &decoded)
	require.Len(t, decoded.Data[metric], 1, "%s", got)
	assert.Equal(t, kind, decoded.Data[metric][0].Type)
	assert.Equal(t, help, decoded.Data[metric][0].Help)
}
