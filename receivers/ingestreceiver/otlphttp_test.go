package ingestreceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/rejection"
)

func testTime() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 4_000_000, time.UTC) }

// testMetrics returns a gauge with as many points as asked for.
func testMetrics(points int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	metric := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("queue.length")
	gauge := metric.SetEmptyGauge()
	for i := range points {
		point := gauge.DataPoints().AppendEmpty()
		point.SetTimestamp(pcommon.NewTimestampFromTime(testTime()))
		point.SetDoubleValue(float64(i))
		point.Attributes().PutStr("host", fmt.Sprintf("host-%d", i))
		point.Attributes().PutStr("region", "eu-west-1")
	}
	return metrics
}

// testLogs returns records that have a time.
func testLogs(records int) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	scope := resource.ScopeLogs().AppendEmpty()
	for i := range records {
		record := scope.LogRecords().AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(testTime()))
		record.SetSeverityText("INFO")
		record.SetSeverityNumber(plog.SeverityNumberInfo)
		record.Body().SetStr(fmt.Sprintf("GET /cart/%d answered 200 in 12 ms for a customer with a basket of things", i))
		record.Attributes().PutStr("http.request.method", "GET")
		record.Attributes().PutInt("http.response.status_code", 200)
		record.Attributes().PutStr("url.path", "/cart")
	}
	return logs
}

func metricsProto(tb testing.TB, metrics pmetric.Metrics) []byte {
	tb.Helper()
	encoded, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	require.NoError(tb, err)
	return encoded
}

func logsProto(tb testing.TB, logs plog.Logs) []byte {
	tb.Helper()
	encoded, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(tb, err)
	return encoded
}

func gzipped(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, err := writer.Write(data)
	require.NoError(tb, err)
	require.NoError(tb, writer.Close())
	return out.Bytes()
}

func zstded(tb testing.TB, data []byte) []byte {
	tb.Helper()
	writer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	require.NoError(tb, err)
	defer func() { require.NoError(tb, writer.Close()) }()
	return writer.EncodeAll(data, nil)
}

func post(path, contentType string, body []byte, headers ...string) *http.Request {
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, bytes.NewReader(body))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

func statusIn(t *testing.T, answer *httptest.ResponseRecorder) *spb.Status {
	t.Helper()
	message := &spb.Status{}
	if answer.Header().Get("Content-Type") == contentTypeJSON {
		require.NoError(t, protojson.Unmarshal(answer.Body.Bytes(), message))
	} else {
		require.Equal(t, contentTypeProto, answer.Header().Get("Content-Type"))
		require.NoError(t, proto.Unmarshal(answer.Body.Bytes(), message))
	}
	return message
}

func TestOTLPHTTPAcceptsEveryEncoding(t *testing.T) {
	metrics, logs := testMetrics(3), testLogs(2)
	metricsJSON, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalJSON()
	require.NoError(t, err)
	logsJSON, err := plogotlp.NewExportRequestFromLogs(logs).MarshalJSON()
	require.NoError(t, err)
	formats := []struct {
		contentType   string
		metrics, logs []byte
		answer        string
	}{
		{"application/x-protobuf", metricsProto(t, metrics), logsProto(t, logs), ""},
		{"application/json", metricsJSON, logsJSON, "{}"},
		{"application/json; charset=utf-8", metricsJSON, logsJSON, "{}"},
	}
	compressions := map[string]func(testing.TB, []byte) []byte{
		"":         func(_ testing.TB, data []byte) []byte { return data },
		"identity": func(_ testing.TB, data []byte) []byte { return data },
		"gzip":     gzipped,
		"zstd":     zstded,
	}
	for _, listener := range []frontdoor.Listener{frontdoor.HTTP, frontdoor.OTLPHTTP} {
		for _, format := range formats {
			for encoding, compress := range compressions {
				t.Run(string(listener)+" "+format.contentType+" "+encoding, func(t *testing.T) {
					bed := start(t)
					for path, content := range map[string][]byte{"/v1/metrics": format.metrics, "/v1/logs": format.logs} {
						answer := bed.do(listener, post(path, format.contentType, compress(t, content), "Content-Encoding", encoding))
						require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
						assert.Equal(t, format.answer, answer.Body.String())
						assert.Equal(t, strings.Split(format.contentType, ";")[0], answer.Header().Get("Content-Type"))
					}
					require.Len(t, bed.metrics, 1)
					assert.Equal(t, metrics, bed.metrics[0])
					require.Len(t, bed.logs, 1)
					assert.Equal(t, 2, bed.logs[0].LogRecordCount())
				})
			}
		}
	}
}

func TestOTLPHTTPEmptyRequests(t *testing.T) {
	bed := start(t)
	assert.Equal(t, http.StatusOK, bed.do(frontdoor.HTTP, post("/v1/metrics", contentTypeProto, nil)).Code)
	assert.Equal(t, http.StatusOK, bed.do(frontdoor.HTTP, post("/v1/logs", contentTypeJSON, []byte("{}"))).Code)
	assert.Empty(t, bed.metrics)
	assert.Empty(t, bed.logs)
}

func TestOTLPHTTPRefusals(t *testing.T) {
	good := metricsProto(t, testMetrics(1))
	bomb := bytes.Repeat([]byte{0}, 3<<20)
	tests := []struct {
		name    string
		request *http.Request
		status  int
		code    codes.Code
		message string
	}{
		{"protobuf garbage", post("/v1/metrics", contentTypeProto, []byte("hello")), 400, codes.InvalidArgument, "body: the body is not OTLP in protobuf"},
		{"JSON garbage", post("/v1/logs", contentTypeJSON, []byte(`{"resourceLogs": 1}`)), 400, codes.InvalidArgument, "body: the body is not OTLP in JSON"},
		{"cut short", post("/v1/metrics", contentTypeProto, good[:len(good)-3]), 400, codes.InvalidArgument, "not OTLP in protobuf"},
		{"not gzip", post("/v1/metrics", contentTypeProto, good, "Content-Encoding", "gzip"), 400, codes.InvalidArgument, "not valid gzip"},
		{"gzip cut short", post("/v1/metrics", contentTypeProto, gzipped(t, good)[:20], "Content-Encoding", "gzip"), 400, codes.InvalidArgument, "not valid gzip"},
		{"not zstd", post("/v1/metrics", contentTypeProto, good, "Content-Encoding", "zstd"), 400, codes.InvalidArgument, "not valid zstd"},
		{"unknown encoding", post("/v1/metrics", contentTypeProto, good, "Content-Encoding", "br"), 415, codes.InvalidArgument, `Content-Encoding: "br" is not supported here; use gzip, zstd or identity`},
		{"two encodings", post("/v1/metrics", contentTypeProto, good, "Content-Encoding", "gzip, gzip"), 415, codes.InvalidArgument, "not supported here"},
		{"unknown type", post("/v1/metrics", "text/plain", good), 415, codes.InvalidArgument, `Content-Type: "text/plain" is not supported here; use application/x-protobuf or application/json`},
		{"no type", post("/v1/metrics", "", good), 415, codes.InvalidArgument, "Content-Type: is missing"},
		{"gzip bomb", post("/v1/metrics", contentTypeProto, gzipped(t, bomb), "Content-Encoding", "gzip"), 413, codes.InvalidArgument, "larger than the 2097152 bytes allowed"},
		{"zstd bomb", post("/v1/logs", contentTypeProto, zstded(t, bomb), "Content-Encoding", "zstd"), 413, codes.InvalidArgument, "larger than the 2097152 bytes allowed"},
		{"large over the wire", post("/v1/metrics", contentTypeProto, bomb[:testWireLimit+1]), 413, codes.InvalidArgument, "larger than the 1048576 bytes allowed"},
		{"traces", post("/v1/traces", contentTypeProto, nil), 404, codes.Unimplemented, "traces are not stored yet"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t, func(cfg *Config) { cfg.MaxBodyDecompressed = 2 << 20 })
			answer := bed.do(frontdoor.OTLPHTTP, test.request)
			assert.Equal(t, test.status, answer.Code)
			message := statusIn(t, answer)
			assert.Equal(t, test.code, codes.Code(message.GetCode()))
			assert.Contains(t, message.GetMessage(), test.message)
			assert.Empty(t, answer.Header().Get("Retry-After"))
			assert.Empty(t, bed.metrics)
		})
	}
}

func TestOTLPHTTPPipelineErrors(t *testing.T) {
	tests := []struct {
		name       string
		err        error
		status     int
		code       codes.Code
		retryAfter string
	}{
		{"transient", errors.New("connection refused"), 503, codes.Unavailable, "1"},
		{"permanent", consumererror.NewPermanent(errors.New("no such thing")), 400, codes.InvalidArgument, ""},
		{"invalid", errcode.InvalidField("time", "bad", "mend it"), 400, codes.InvalidArgument, ""},
		{"coded and permanent", consumererror.NewPermanent(errcode.New(errcode.Forbidden, "no")), 403, codes.PermissionDenied, ""},
		{"disk full", &errcode.Error{Code: errcode.OutOfSpace, Message: "disk full", RetryAfter: 30 * time.Second}, 503, codes.Unavailable, "30"},
		{"rate", &errcode.Error{Code: errcode.RateLimited, Message: "slow down", RetryAfter: 1500 * time.Millisecond}, 429, codes.ResourceExhausted, "2"},
		{"next hop away", status.Error(codes.Unavailable, "away"), 503, codes.Unavailable, "1"},
		{"next hop refuses", status.Error(codes.InvalidArgument, "bad"), 400, codes.InvalidArgument, ""},
		{"canceled elsewhere", context.Canceled, 503, codes.Unavailable, "1"},
		{"ours", errcode.New(errcode.Internal, "secret path"), 500, codes.Internal, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t)
			bed.onMetrics = func(context.Context, pmetric.Metrics) error { return fmt.Errorf("write: %w", test.err) }
			answer := bed.do(frontdoor.HTTP, post("/v1/metrics", contentTypeProto, metricsProto(t, testMetrics(1))))
			assert.Equal(t, test.status, answer.Code)
			message := statusIn(t, answer)
			assert.Equal(t, test.code, codes.Code(message.GetCode()))
			assert.Equal(t, test.retryAfter, answer.Header().Get("Retry-After"))
			assert.NotContains(t, message.GetMessage(), "secret")
			assert.Equal(t, test.retryAfter != "", len(message.GetDetails()) == 1, "RetryInfo")
		})
	}
}

func TestOTLPHTTPPartialSuccess(t *testing.T) {
	bed := start(t)
	refuse := func(ctx context.Context) {
		rejection.FromContext(ctx).Add(rejection.Item{Reason: "too_old", Message: "the time is too old\xff"})
		rejection.FromContext(ctx).Add(rejection.Item{Reason: "too_old", Message: "the time is too old"})
	}
	bed.onMetrics = func(ctx context.Context, _ pmetric.Metrics) error { refuse(ctx); return nil }
	bed.onLogs = func(ctx context.Context, _ plog.Logs) error { refuse(ctx); return nil }

	answer := bed.do(frontdoor.HTTP, post("/v1/metrics", contentTypeProto, metricsProto(t, testMetrics(5))))
	require.Equal(t, http.StatusOK, answer.Code)
	metrics := pmetricotlp.NewExportResponse()
	require.NoError(t, metrics.UnmarshalProto(answer.Body.Bytes()))
	assert.EqualValues(t, 2, metrics.PartialSuccess().RejectedDataPoints())
	assert.Equal(t, "the time is too old? (and 1 more)", metrics.PartialSuccess().ErrorMessage())

	answer = bed.do(frontdoor.HTTP, post("/v1/logs", contentTypeProto, logsProto(t, testLogs(1))))
	require.Equal(t, http.StatusOK, answer.Code)
	logs := plogotlp.NewExportResponse()
	require.NoError(t, logs.UnmarshalProto(answer.Body.Bytes()))
	assert.EqualValues(t, 1, logs.PartialSuccess().RejectedLogRecords(), "never more than there were")
}

func TestPipelineSeesTheOrganisation(t *testing.T) {
	bed := start(t)
	seen := ""
	bed.onMetrics = func(ctx context.Context, _ pmetric.Metrics) error { seen, _ = orgcontext.From(ctx); return nil }
	bed.do(frontdoor.HTTP, post("/v1/metrics", contentTypeProto, metricsProto(t, testMetrics(1))))
	assert.Equal(t, testOrg, seen)
}

func TestCanceledRequest(t *testing.T) {
	bed := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	bed.onMetrics = func(ctx context.Context, _ pmetric.Metrics) error { cancel(); return ctx.Err() }
	answer := bed.do(frontdoor.HTTP, post("/v1/metrics", contentTypeProto, metricsProto(t, testMetrics(1))).WithContext(ctx))
	assert.Equal(t, 499, answer.Code)
}
