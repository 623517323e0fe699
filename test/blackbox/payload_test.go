package blackbox

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// otlpGauge makes a gauge of one service with n points, each of a series and value of its own.
func otlpGauge(service, name string, n int, at time.Time) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", service)
	resource.Resource().Attributes().PutStr("service.instance.id", "i-1")
	metric := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName(name)
	metric.SetDescription("Help of " + name)
	points := metric.SetEmptyGauge().DataPoints()
	for i := range n {
		point := points.AppendEmpty()
		point.SetTimestamp(pcommon.NewTimestampFromTime(at))
		point.SetDoubleValue(float64(i))
		point.Attributes().PutStr("n", fmt.Sprint(i))
	}
	return metrics
}

// otlpLogs makes n records of one service, a millisecond apart.
func otlpLogs(service string, n int, at time.Time) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", service)
	resource.Resource().Attributes().PutStr("service.instance.id", "i-1")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for i := range n {
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(i) * time.Millisecond)))
		record.SetSeverityNumber(plog.SeverityNumberError)
		record.SetSeverityText("ERROR")
		record.Body().SetStr(fmt.Sprintf("line %d of %s", i, service))
		record.Attributes().PutStr("n", fmt.Sprint(i))
	}
	return logs
}

// codec is an encoding of OTLP.
type codec struct{ name, contentType string }

var (
	protobuf = codec{"protobuf", "application/x-protobuf"}
	jsonCode = codec{"json", "application/json"}
)

func (c codec) metrics(t *testing.T, metrics pmetric.Metrics) []byte {
	t.Helper()
	request := pmetricotlp.NewExportRequestFromMetrics(metrics)
	encode := request.MarshalProto
	if c == jsonCode {
		encode = request.MarshalJSON
	}
	body, err := encode()
	require.NoError(t, err)
	return body
}

func (c codec) logs(t *testing.T, logs plog.Logs) []byte {
	t.Helper()
	request := plogotlp.NewExportRequestFromLogs(logs)
	encode := request.MarshalProto
	if c == jsonCode {
		encode = request.MarshalJSON
	}
	body, err := encode()
	require.NoError(t, err)
	return body
}

func gzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, err := writer.Write(body)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return out.Bytes()
}

func zstded(t *testing.T, body []byte) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	defer encoder.Close()
	return encoder.EncodeAll(body, nil)
}

// compress encodes a body and returns the headers that say so.
func compress(t *testing.T, encoding, contentType string, body []byte) ([]byte, map[string]string) {
	t.Helper()
	header := map[string]string{"Content-Type": contentType}
	switch encoding {
	case "gzip":
		body = gzipped(t, body)
	case "zstd":
		body = zstded(t, body)
	default:
		return body, header
	}
	header["Content-Encoding"] = encoding
	return body, header
}

// remoteWrite1 encodes a request of remote write 1.
func remoteWrite1(t *testing.T, request *prompb.WriteRequest) ([]byte, map[string]string) {
	t.Helper()
	body, err := request.Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, body), map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0",
	}
}

// series makes a series of remote write 1.
func series(name, job string, samples ...prompb.Sample) prompb.TimeSeries {
	return prompb.TimeSeries{
		Labels:  []prompb.Label{{Name: "__name__", Value: name}, {Name: "job", Value: job}},
		Samples: samples,
	}
}
