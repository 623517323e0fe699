package ingestreceiver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/backend/frontdoor"
)

// benchMetrics returns the load of `make bench`: a hundred metrics of ten hosts.
func benchMetrics() pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	for host := range 10 {
		resource := metrics.ResourceMetrics().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", "bench")
		resource.Resource().Attributes().PutStr("host.name", fmt.Sprintf("host-%d", host))
		scope := resource.ScopeMetrics().AppendEmpty()
		for i := range 100 {
			metric := scope.Metrics().AppendEmpty()
			metric.SetName(fmt.Sprintf("bench.metric.number_%d", i))
			point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
			point.SetTimestamp(pcommon.NewTimestampFromTime(testTime()))
			point.SetDoubleValue(float64(i) * 1.1)
			point.Attributes().PutStr("cpu", "0")
			point.Attributes().PutStr("state", "user")
		}
	}
	return metrics
}

// discard is a response that nobody reads.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// run serves the same request again and again.
func run(b *testing.B, items int, path, contentType string, content []byte, headers ...string) {
	b.Helper()
	bed := start(b)
	bed.receiver.metrics, bed.receiver.logs = consumertest.NewNop(), consumertest.NewNop()
	handler := bed.mux[frontdoor.HTTP]
	check := httptest.NewRecorder()
	handler.ServeHTTP(check, post(path, contentType, content, headers...))
	require.Less(b, check.Code, 300, check.Body.String())

	req := post(path, contentType, content, headers...)
	reader := bytes.NewReader(content)
	writer := &discard{header: http.Header{}}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(content)
		req.Body = io.NopCloser(reader)
		handler.ServeHTTP(writer, req)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(items), "ns/item")
}

func BenchmarkOTLPMetrics(b *testing.B) {
	content := metricsProto(b, benchMetrics())
	b.Run("plain", func(b *testing.B) { run(b, 1000, "/v1/metrics", contentTypeProto, content) })
	b.Run("gzip", func(b *testing.B) {
		run(b, 1000, "/v1/metrics", contentTypeProto, gzipped(b, content), "Content-Encoding", "gzip")
	})
	b.Run("zstd", func(b *testing.B) {
		run(b, 1000, "/v1/metrics", contentTypeProto, zstded(b, content), "Content-Encoding", "zstd")
	})
}

func BenchmarkOTLPLogs(b *testing.B) {
	content := logsProto(b, testLogs(1000))
	b.Run("plain", func(b *testing.B) { run(b, 1000, "/v1/logs", contentTypeProto, content) })
	b.Run("gzip", func(b *testing.B) {
		run(b, 1000, "/v1/logs", contentTypeProto, gzipped(b, content), "Content-Encoding", "gzip")
	})
}

func BenchmarkJSON(b *testing.B) {
	var metrics, logs bytes.Buffer
	for i := range 500 {
		fmt.Fprintf(&metrics, `{"time":"2026-11-24T01:02:03.%03dZ","service":"checkout","instance_id":"i-%d","metric_name":"http_requests_total","value":%d.5,"labels":{"method":"GET","route":"/cart/{id}","status":"200"}}`+"\n", i, i%10, i)
		fmt.Fprintf(&logs, `{"time":1795482123%03d,"service":"checkout","instance_id":"i-%d","level":"info","message":"GET /cart/%d answered 200 in 12 ms","labels":{"method":"GET","route":"/cart/{id}"},"json":{"status":200,"ms":12.5}}`+"\n", i, i%10, i)
	}
	b.Run("metrics", func(b *testing.B) { run(b, 500, "/v1/ingest/metrics", "application/x-ndjson", metrics.Bytes()) })
	b.Run("logs", func(b *testing.B) { run(b, 500, "/v1/ingest/logs", "application/x-ndjson", logs.Bytes()) })
}

func BenchmarkRemoteWrite(b *testing.B) {
	first, second := &prompb.WriteRequest{}, &writev2.Request{}
	table := writev2.NewSymbolTable()
	for i := range 1000 {
		pairs := []string{"__name__", fmt.Sprintf("metric_%d", i/10), "host", fmt.Sprintf("h-%d", i%10), "job", "bench"}
		first.Timeseries = append(first.Timeseries, seriesV1(float64(i), pairs...))
		second.Timeseries = append(second.Timeseries, writev2.TimeSeries{
			LabelsRefs: table.SymbolizeLabels(labels.FromStrings(pairs...), nil), Samples: []writev2.Sample{{Timestamp: at, Value: float64(i)}},
		})
	}
	second.Symbols = table.Symbols()
	b.Run("v1", func(b *testing.B) {
		encoded, err := first.Marshal()
		require.NoError(b, err)
		run(b, 1000, "/api/v1/write", contentTypeProto, snapped(encoded))
	})
	b.Run("v2", func(b *testing.B) {
		encoded, err := second.Marshal()
		require.NoError(b, err)
		run(b, 1000, "/api/v1/write", typeV2, snapped(encoded))
	})
}
