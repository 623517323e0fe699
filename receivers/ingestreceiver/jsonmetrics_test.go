package ingestreceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/internal/problem"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
)

// samples prints what the sink got, a line a sample: name{labels} value @milliseconds.
func samples(t *testing.T, batches []pmetric.Metrics) []string {
	t.Helper()
	var lines []string
	for _, metrics := range batches {
		scope := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0)
		require.Equal(t, series.ScopeName, scope.Scope().Name())
		for _, metric := range scope.Metrics().All() {
			for _, point := range metric.Gauge().DataPoints().All() {
				labels, err := json.Marshal(point.Attributes().AsRaw())
				require.NoError(t, err)
				lines = append(lines, fmt.Sprintf("%s%s %v @%d", metric.Name(), labels, point.DoubleValue(), rejection.Milliseconds(point.Timestamp())))
			}
		}
	}
	return lines
}

func jsonPost(path, body string, headers ...string) *http.Request {
	return post(path, contentTypeJSON, []byte(body), headers...)
}

func decodeAnswer(t *testing.T, answer *httptest.ResponseRecorder) jsonAnswer {
	t.Helper()
	require.Contains(t, answer.Header().Get("Content-Type"), contentTypeJSON, answer.Body.String())
	var decoded jsonAnswer
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &decoded))
	return decoded
}

func TestJSONMetricsAccepts(t *testing.T) {
	const full = `{"time": "2026-11-24T01:02:03.004Z", "service": "checkout", "instance_id": "i-1", "metric_name": "queue_length", "value": 3.5, "labels": {"region": "eu", "empty": ""}}`
	const fullSample = `queue_length{"instance":"i-1","job":"checkout","region":"eu","service":"checkout"} 3.5 @1795482123004`
	const small = `{"service":"a","metric_name":"up","value":1,"time":1795482123}`
	const smallSample = `up{"job":"a","service":"a"} 1 @1795482123000`
	tests := []struct {
		name, contentType, body string
		want                    []string
	}{
		{"one object", "application/json", full, []string{fullSample}},
		{"one object over several lines", "application/json", "{\n  \"service\": \"a\",\n  \"metric_name\": \"up\",\n  \"value\": 1,\n  \"time\": 1795482123\n}\n", []string{smallSample}},
		{"array", "application/json; charset=utf-8", "[" + full + ",\n" + small + "]", []string{fullSample, smallSample}},
		{"NDJSON", "application/x-ndjson", full + "\n\r\n\n" + small + "\n", []string{fullSample, smallSample}},
		{"NDJSON called JSON", "application/json", full + "\n" + small, []string{fullSample, smallSample}},
		{"JSON lines", "application/jsonl", small, []string{smallSample}},
		{"empty array", "application/json", " [ ] ", nil},
		{"no time is now", "application/json", `{"service":"a","metric_name":"up","value":-1e3}`, []string{`up{"job":"a","service":"a"} -1000 @1795482123004`}},
		{"null is not sent", "application/json", `{"service":"a","metric_name":"up","value":0,"time":null,"instance_id":null,"labels":null}`, []string{`up{"job":"a","service":"a"} 0 @1795482123004`}},
		{"labels that repeat fields", "application/json", `{"service":"a","metric_name":"up","value":1,"time":1795482123,"labels":{"job":"a","service":"","instance":"x"}}`, []string{`up{"instance":"x","job":"a","service":"a"} 1 @1795482123000`}},
		{"escapes", "application/json", `{"service":"\u00fcber","metric_name":"\u0075p","value":1,"time":1795482123,"labels":{"p":"C:\\x\n"}}`, []string{`up{"job":"über","p":"C:\\x\n","service":"über"} 1 @1795482123000`}},
		{"metric name with a colon", "application/json", `{"service":"a","metric_name":"job:rate:5m","value":1,"time":1795482123}`, []string{`job:rate:5m{"job":"a","service":"a"} 1 @1795482123000`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t)
			bed.receiver.now = testTime
			answer := bed.do(frontdoor.HTTP, post("/v1/ingest/metrics", test.contentType, []byte(test.body)))
			require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
			assert.JSONEq(t, fmt.Sprintf(`{"accepted":%d,"rejected":[]}`, len(test.want)), answer.Body.String())
			assert.Equal(t, test.want, samples(t, bed.metrics))
		})
	}
}

func TestJSONTimes(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err)
		return parsed.UTC()
	}
	good := map[string]time.Time{
		"2026-11-24T01:02:03Z":                at("2026-11-24T01:02:03Z"),
		"2026-11-24T02:02:03.123456789+01:00": at("2026-11-24T01:02:03.123456789Z"),
		"1795482123":                          at("2026-11-24T01:02:03Z"),
		"1795482123.123456789":                at("2026-11-24T01:02:03.123456789Z"),
		"1795482123.004":                      at("2026-11-24T01:02:03.004Z"),
		"1795482123004":                       at("2026-11-24T01:02:03.004Z"),
		"1795482123004.5":                     at("2026-11-24T01:02:03.0045Z"),
		"1.795482123e9":                       at("2026-11-24T01:02:03Z"),
		"1.5e9":                               at("2017-07-14T02:40:00Z"),
		"99999999999":                         {}, // the year 5138
		"100000000000":                        at("1973-03-03T09:46:40Z"),
	}
	for text, want := range good {
		got, err := parseTime("time", text)
		if want.IsZero() {
			assert.ErrorContains(t, err, "outside the years", text)
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, want, got.UTC(), text)
	}
	bad := map[string]string{
		"2026-11-24T01:02:03":       `"2026-11-24T01:02:03" has no time zone; append Z`,
		"2026-11-24 01:02:03.5":     "has no time zone",
		"yesterday":                 `"yesterday" is not a time; send RFC 3339`,
		"":                          "is not a time",
		"NaN":                       "neither seconds nor milliseconds",
		"1795482123004000":          "neither seconds nor milliseconds",
		"-5":                        "outside the years 1970 to 2261",
		"0":                         "outside the years",
		"1e400":                     "is not a time",
		"0001-01-01T00:00:00Z":      "outside the years",
		"2026-13-24T01:02:03Z":      "is not a time",
		"9999-12-31T23:59:59Z":      "outside the years",
		"2026-11-24T01:02:03+25:00": "is not a time",
	}
	for text, want := range bad {
		_, err := parseTime("time", text)
		assert.ErrorContains(t, err, want, text)
	}
}

// refusedItem is an item with the field and a part of the message it is refused with.
type refusedItem struct{ name, item, field, message string }

// refusedMetrics are items that are refused, by field and message.
func refusedMetrics() []refusedItem {
	return []refusedItem{
		{"no service", `{"metric_name":"up","value":1}`, "service", "is missing"},
		{"empty service", `{"service":"","metric_name":"up","value":1}`, "service", "is missing"},
		{"no name", `{"service":"a","value":1}`, "metric_name", "is missing"},
		{"no value", `{"service":"a","metric_name":"up"}`, "value", "is missing"},
		{"null value", `{"service":"a","metric_name":"up","value":null}`, "value", "is missing"},
		{"NaN", `{"service":"a","metric_name":"up","value":"NaN"}`, "value", "must be a number (NaN and Inf cannot be sent), is a string"},
		{"Inf", `{"service":"a","metric_name":"up","value":"Infinity"}`, "value", "must be a number"},
		{"number too large", `{"service":"a","metric_name":"up","value":1e999}`, "value", "1e999 is too large"},
		{"value is true", `{"service":"a","metric_name":"up","value":true}`, "value", "is a boolean"},
		{"service is a number", `{"service":7,"metric_name":"up","value":1}`, "service", "must be a string, is a number"},
		{"service is an object", `{"service":{"a":1},"metric_name":"up","value":1}`, "service", "must be a string, is an object"},
		{"unknown field", `{"service":"a","metric_name":"up","value":1,"host":"h"}`, "host", "is not a field; known are time, service, instance_id, metric_name, value and labels; put anything else into labels"},
		{"field of another case", `{"Service":"a","metric_name":"up","value":1}`, "Service", "is not a field"},
		{"field twice", `{"service":"a","metric_name":"up","value":1,"value":2}`, "value", "is there twice"},
		{"name with a dot", `{"service":"a","metric_name":"queue.length","value":1}`, "metric_name", `"queue.length" is not a metric name`},
		{"name with a digit first", `{"service":"a","metric_name":"9lives","value":1}`, "metric_name", "not beginning with a digit"},
		{"labels are an array", `{"service":"a","metric_name":"up","value":1,"labels":["x"]}`, "labels", "must be an object, is an array"},
		{"label is a number", `{"service":"a","metric_name":"up","value":1,"labels":{"code":200}}`, "labels", `the value of "code" must be a string, is a number; put it in quotes`},
		{"label name with a dash", `{"service":"a","metric_name":"up","value":1,"labels":{"a-b":"x"}}`, "labels", `"a-b" is not a label name`},
		{"label name with a colon", `{"service":"a","metric_name":"up","value":1,"labels":{"a:b":"x"}}`, "labels", "is not a label name"},
		{"label name is empty", `{"service":"a","metric_name":"up","value":1,"labels":{"":"x"}}`, "labels", "is not a label name"},
		{"reserved label", `{"service":"a","metric_name":"up","value":1,"labels":{"__name__":"x"}}`, "labels", "begins with __, which is reserved"},
		{"label twice", `{"service":"a","metric_name":"up","value":1,"labels":{"x":"1","x":"2"}}`, "labels", `"x" is there twice`},
		{"label against a field", `{"service":"a","metric_name":"up","value":1,"labels":{"job":"b"}}`, "labels", `"job" is set by the field service`},
		{"time without a zone", `{"service":"a","metric_name":"up","value":1,"time":"2026-11-24T01:02:03"}`, "time", "has no time zone"},
		{"time in microseconds", `{"service":"a","metric_name":"up","value":1,"time":1795482123004000}`, "time", "neither seconds nor milliseconds"},
		{"time is an object", `{"service":"a","metric_name":"up","value":1,"time":{}}`, "time", "must be a string or a number, is an object"},
		{"invalid UTF-8 in a label", "{\"service\":\"a\",\"metric_name\":\"up\",\"value\":1,\"labels\":{\"x\":\"\xff\"}}", "labels", "is not valid UTF-8"},
		{"invalid UTF-8 in a label's name", "{\"service\":\"a\",\"metric_name\":\"up\",\"value\":1,\"labels\":{\"\xff\":\"x\"}}", "labels", "is not valid UTF-8"},
		{"invalid UTF-8 in the service", "{\"service\":\"\xc3(\",\"metric_name\":\"up\",\"value\":1}", "service", "is not valid UTF-8"},
		{"an array in the array", `[{"service":"a"}]`, "", "an item must be an object, this is an array"},
		{"a string", `"up 1"`, "", "this is a string"},
		{"null", `null`, "", "this is null"},
	}
}

const goodMetric = `{"service":"a","metric_name":"good","value":1,"labels":{"l":"v"}}`

func TestJSONMetricsRefusesItems(t *testing.T) {
	for _, test := range refusedMetrics() {
		t.Run(test.name, func(t *testing.T) {
			bodies := map[string]string{
				"array": "[" + goodMetric + "," + test.item + "," + goodMetric + "]",
				"lines": goodMetric + "\n" + test.item + "\n" + goodMetric,
			}
			for form, body := range bodies {
				bed := start(t)
				answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", body))
				require.Equal(t, http.StatusOK, answer.Code, form+": "+answer.Body.String())
				decoded := decodeAnswer(t, answer)
				assert.Equal(t, 2, decoded.Accepted, form)
				require.Len(t, decoded.Rejected, 1, form)
				assert.Equal(t, 1, decoded.Rejected[0].Index, form)
				assert.Equal(t, test.field, decoded.Rejected[0].Field, form)
				assert.Contains(t, decoded.Rejected[0].Error, test.message, form)
				assert.Len(t, samples(t, bed.metrics), 2, form)
			}
			bed := start(t)
			answer := bed.do(frontdoor.HTTP, post("/v1/ingest/metrics", "application/x-ndjson", []byte(test.item)))
			assert.Equal(t, http.StatusBadRequest, answer.Code, "nothing was accepted")
			assert.Zero(t, decodeAnswer(t, answer).Accepted)
			assert.Empty(t, bed.metrics)
		})
	}
}

func TestJSONSyntaxErrors(t *testing.T) {
	whole := []struct{ name, body, detail string }{
		{"empty", "", "the body is empty"},
		{"blank", " \n ", "the body is empty"},
		{"array cut short", "[" + goodMetric + ",", "line 1, column 68: it ends too early"},
		{"array with a broken item", "[\n" + goodMetric + ",\n{\"service\" \"a\"}\n]", "line 3, column 12"},
		{"array with something after it", "[" + goodMetric + "] x", "invalid character 'x'"},
		{"two arrays", "[" + goodMetric + "][]", "something after the end"},
		{"comma after the last item", "[" + goodMetric + ",]", "column 67: invalid character"},
		{"object cut short", `{"service":"a",`, "it ends too early"},
		{"object over lines", "{\n\"service\": \"a\",\n\"value\": 01\n}", "line 3, column 11"},
		{"not JSON", "up 1", "line 1, column 1: invalid character 'u'"},
		{"control character", "[{\"service\":\"a\nb\"}]", "invalid character '\\n' in string"},
	}
	for _, test := range whole {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t)
			answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", test.body))
			require.Equal(t, http.StatusBadRequest, answer.Code)
			require.Equal(t, problem.ContentType, answer.Header().Get("Content-Type"))
			var document problem.Document
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &document))
			assert.Equal(t, "body", document.Field)
			assert.Contains(t, document.Detail, test.detail)
			assert.Empty(t, bed.metrics)
		})
	}
}

func TestBrokenLineCostsOneItem(t *testing.T) {
	for _, broken := range []string{`{"service":"a","metric`, `garbage`, goodMetric + goodMetric, `{"service":"a",}`, `{"service":"a"]`} {
		bed := start(t)
		answer := bed.do(frontdoor.HTTP, post("/v1/ingest/metrics", "application/x-ndjson", []byte(goodMetric+"\n\n"+broken+"\n"+goodMetric+"\n")))
		require.Equal(t, http.StatusOK, answer.Code)
		decoded := decodeAnswer(t, answer)
		assert.Equal(t, 2, decoded.Accepted)
		require.Len(t, decoded.Rejected, 1)
		assert.Equal(t, 1, decoded.Rejected[0].Index)
		assert.Contains(t, decoded.Rejected[0].Error, "line 3, column ")
	}
}

func TestJSONContentTypes(t *testing.T) {
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/x-protobuf"} {
		answer := start(t).do(frontdoor.HTTP, post("/v1/ingest/metrics", contentType, []byte(goodMetric)))
		assert.Equal(t, http.StatusUnsupportedMediaType, answer.Code)
		assert.Contains(t, answer.Body.String(), "use application/json or application/x-ndjson")
	}
	answer := start(t).do(frontdoor.OTLPHTTP, jsonPost("/v1/ingest/metrics", goodMetric))
	assert.Equal(t, http.StatusNotFound, answer.Code, "4318 is for OTLP alone")
}

func TestJSONCompressed(t *testing.T) {
	bed := start(t)
	assert.Equal(t, 200, bed.do(frontdoor.HTTP, post("/v1/ingest/metrics", contentTypeJSON, gzipped(t, []byte(goodMetric)), "Content-Encoding", "gzip")).Code)
	assert.Equal(t, 200, bed.do(frontdoor.HTTP, post("/v1/ingest/metrics", contentTypeJSON, zstded(t, []byte(goodMetric)), "Content-Encoding", "zstd")).Code)
	bomb := gzipped(t, bytes.Repeat([]byte(" "), 65<<20))
	assert.Equal(t, http.StatusRequestEntityTooLarge, bed.do(frontdoor.HTTP, post("/v1/ingest/metrics", contentTypeJSON, bomb, "Content-Encoding", "gzip")).Code)
}

// refuse adds a rejection for every sample with the value, and removes it.
func refuse(ctx context.Context, metrics pmetric.Metrics, value float64) {
	for _, metric := range metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		metric.Gauge().DataPoints().RemoveIf(func(point pmetric.NumberDataPoint) bool {
			if point.DoubleValue() != value {
				return false
			}
			rejection.FromContext(ctx).Add(rejection.Item{
				Key: rejection.SeriesKey(metric.Name(), point.Attributes()), Time: rejection.Milliseconds(point.Timestamp()),
				Field: "time", Reason: "too_old", Message: "the time is too old",
			})
			return true
		})
	}
}

func TestJSONMetricsRefusedLater(t *testing.T) {
	item := func(service string, value int, at string) string {
		return fmt.Sprintf(`{"service":%q,"metric_name":"up","value":%d,"time":%s}`, service, value, at)
	}
	body := strings.Join([]string{item("a", 1, "1795482123"), item("b", 2, "1795482123"), `{}`, item("a", 2, "1795482124"), item("a", 1, "1795482124.0004")}, "\n")
	bed := start(t)
	bed.onMetrics = func(ctx context.Context, metrics pmetric.Metrics) error { refuse(ctx, metrics, 2); return nil }
	answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", body))
	require.Equal(t, http.StatusOK, answer.Code)
	decoded := decodeAnswer(t, answer)
	assert.Equal(t, 2, decoded.Accepted)
	require.Len(t, decoded.Rejected, 3)
	assert.Equal(t, jsonRejection{1, "time", "the time is too old"}, decoded.Rejected[0])
	assert.Equal(t, 2, decoded.Rejected[1].Index)
	assert.Equal(t, "service", decoded.Rejected[1].Field)
	assert.Equal(t, 4, decoded.Rejected[2].Index, "the later one of two at the same millisecond")

	bed.onMetrics = func(ctx context.Context, metrics pmetric.Metrics) error { refuse(ctx, metrics, 1); return nil }
	answer = bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", item("a", 1, "1795482123")))
	assert.Equal(t, http.StatusBadRequest, answer.Code, "all were refused")

	bed.onMetrics = func(context.Context, pmetric.Metrics) error { return errors.New("away") }
	answer = bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", body))
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
	assert.Equal(t, "1", answer.Header().Get("Retry-After"))
}

func TestManyRejectionsAreCounted(t *testing.T) {
	answer := start(t).do(frontdoor.HTTP, post("/v1/ingest/metrics", "application/x-ndjson", []byte(strings.Repeat("{}\n", maxListed+5))))
	decoded := decodeAnswer(t, answer)
	assert.Len(t, decoded.Rejected, maxListed)
	assert.Equal(t, 5, decoded.Unlisted)
}

func TestTooManyItems(t *testing.T) {
	for _, body := range []string{strings.Repeat("{}\n", maxItems+1), "[" + strings.Repeat("{},", maxItems) + "{}]"} {
		answer := start(t).do(frontdoor.HTTP, jsonPost("/v1/ingest/metrics", body))
		assert.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
		assert.Contains(t, answer.Body.String(), "more than 100000 items")
	}
}

func FuzzJSONMetrics(f *testing.F) {
	f.Add([]byte(goodMetric), false)
	f.Add([]byte("["+goodMetric+"]"), false)
	for _, refused := range refusedMetrics() {
		f.Add([]byte(refused.item+"\n"+goodMetric), true)
		f.Add([]byte("["+refused.item+","+goodMetric+"]"), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, lines bool) {
		items := newMetricItems(testTime())
		rejected := 0
		total, err := decodeItems(body, lines, items, func(_ int, bad *itemError) {
			rejected++
			assert.NotEmpty(t, bad.message)
			assert.NotEmpty(t, bad.reason)
		})
		if err != nil {
			return
		}
		assert.Equal(t, total, rejected+items.builder.Len(), "every item is stored or refused")
		places, err := metricPlaces(body, lines, testTime())
		require.NoError(t, err)
		found := 0
		for _, same := range places {
			found += len(same)
		}
		assert.Equal(t, items.builder.Len(), found)
	})
}
