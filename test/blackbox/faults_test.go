package blackbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// errorsDocument is what the server is held to.
const errorsDocument = "../../docs/errors.md"

// faultRow is a row of the table of bad input.
type faultRow struct {
	name   string
	status int
	says   string
}

// faultRows reads the table of bad input in docs/errors.md.
func faultRows(t *testing.T) []faultRow {
	t.Helper()
	document, err := os.ReadFile(errorsDocument)
	require.NoError(t, err)
	_, section, found := strings.Cut(string(document), "## Bad input\n")
	require.True(t, found)
	var rows []faultRow
	for _, match := range regexp.MustCompile("(?m)^\\| ([a-z0-9-]+) \\| .* \\| (\\d+) \\| `(.*)` \\|$").FindAllStringSubmatch(section, -1) {
		status, err := strconv.Atoi(match[2])
		require.NoError(t, err)
		if match[1] != "anything" {
			rows = append(rows, faultRow{match[1], status, match[3]})
		}
	}
	return rows
}

// badInput sends everything that docs/errors.md lists, and nothing that it does not.
func badInput(t *testing.T, s *server.Server) {
	t.Helper()
	cases := faultCases(t, s)
	for _, row := range faultRows(t) {
		send, ok := cases[row.name]
		delete(cases, row.name)
		if !assert.True(t, ok, "docs/errors.md lists %s, which nobody sends", row.name) {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			got := send(t)
			assert.Equal(t, row.status, got.status, "%s", got)
			assert.Contains(t, got.String(), row.says)
			assert.NotEmpty(t, got.header.Get("Content-Type"))
		})
	}
	for name := range cases {
		assert.Fail(t, "docs/errors.md does not list "+name)
	}
	assert.Empty(t, clientOf(s).query(t, `{job="fault"}`), "nothing of it is stored")
	assert.Empty(t, clientOf(s).logsOf(t, "fault"))
}

// faultCase sends something wrong.
type faultCase func(t *testing.T) answer

func faultCases(t *testing.T, s *server.Server) map[string]faultCase {
	t.Helper()
	cases := map[string]faultCase{}
	addJSONFaults(cases, clientOf(s))
	addBodyFaults(cases, clientOf(s))
	addProtocolFaults(cases, clientOf(s))
	addQueryFaults(cases, clientOf(s))
	return cases
}

func addJSONFaults(cases map[string]faultCase, c client) {
	for name, body := range map[string]string{
		"json-cut":        `{"service":`,
		"json-empty":      ``,
		"json-no-object":  `"hello"`,
		"json-nan":        `{"service":"fault","metric_name":"m","value":NaN}`,
		"json-no-service": `{"metric_name":"m","value":1}`,
	} {
		cases[name] = metricFault(c, body)
	}
	for name, members := range map[string]string{
		"json-nan-text":         `"metric_name":"m","value":"NaN"`,
		"json-infinite":         `"metric_name":"m","value":1e999`,
		"json-value-type":       `"metric_name":"m","value":"1"`,
		"json-labels-type":      `"metric_name":"m","value":1,"labels":["a"]`,
		"json-label-value-type": `"metric_name":"m","value":1,"labels":{"a":1}`,
		"json-no-name":          `"value":1`,
		"json-no-value":         `"metric_name":"m"`,
		"json-unknown-field":    `"metric_name":"m","value":1,"colour":"red"`,
		"json-field-twice":      `"metric_name":"m","value":1,"value":2`,
		"json-metric-name":      `"metric_name":"a-b","value":1`,
		"json-label-name":       `"metric_name":"m","value":1,"labels":{"a-b":"c"}`,
		"json-label-reserved":   `"metric_name":"m","value":1,"labels":{"__name__":"c"}`,
		"json-label-derived":    `"metric_name":"m","value":1,"labels":{"job":"other"}`,
		"json-labels-many":      `"metric_name":"m","value":1,"labels":` + manyLabels(100),
		"json-label-long":       `"metric_name":"m","value":1,"labels":{"a":"` + strings.Repeat("x", 5000) + `"}`,
		"json-time-zone":        `"metric_name":"m","value":1,"time":"2026-11-24T01:00:00"`,
		"json-time-text":        `"metric_name":"m","value":1,"time":"yesterday"`,
		"json-future":           `"metric_name":"m","value":1,"time":` + strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10),
		"json-old":              `"metric_name":"m","value":1,"time":` + strconv.FormatInt(time.Now().Add(-48*time.Hour).Unix(), 10),
		"json-utf8":             "\"metric_name\":\"m\",\"value\":1,\"labels\":{\"a\":\"\xff\xfe\"}",
	} {
		cases[name] = metricFault(c, `{"service":"fault",`+members+`}`)
	}
	cases["json-no-message"] = logFault(c, `{"service":"fault"}`)
	cases["message-large"] = logFault(c, `{"service":"fault","message":"`+strings.Repeat("x", 1<<20+1)+`"}`)
}

func manyLabels(n int) string {
	var labels []string
	for i := range n {
		labels = append(labels, fmt.Sprintf(`"l%d":"x"`, i))
	}
	return "{" + strings.Join(labels, ",") + "}"
}

var jsonHeader = map[string]string{"Content-Type": "application/json"}

func metricFault(c client, body string) faultCase {
	return func(t *testing.T) answer {
		t.Helper()
		return c.send(t, http.MethodPost, "/v1/ingest/metrics", []byte(body), jsonHeader)
	}
}

func logFault(c client, body string) faultCase {
	return func(t *testing.T) answer {
		t.Helper()
		return c.send(t, http.MethodPost, "/v1/ingest/logs", []byte(body), jsonHeader)
	}
}

// fault sends a body with headers.
func fault(c client, method, path, body string, header map[string]string) faultCase {
	return func(t *testing.T) answer {
		t.Helper()
		return c.send(t, method, path, []byte(body), header)
	}
}

func addBodyFaults(cases map[string]faultCase, c client) {
	const path = "/v1/ingest/logs"
	line := `{"service":"fault","message":"m"}`
	typed := func(encoding string) map[string]string {
		return map[string]string{"Content-Type": "application/json", "Content-Encoding": encoding}
	}
	cases["content-type-none"] = fault(c, http.MethodPost, path, line, nil)
	cases["content-type"] = fault(c, http.MethodPost, path, line, map[string]string{"Content-Type": "text/plain"})
	cases["content-encoding"] = fault(c, http.MethodPost, path, line, typed("br"))
	cases["gzip-broken"] = fault(c, http.MethodPost, path, line, typed("gzip"))
	cases["gzip-cut"] = func(t *testing.T) answer {
		t.Helper()
		body := gzipped(t, []byte(line))
		return c.send(t, http.MethodPost, path, body[:len(body)-6], typed("gzip"))
	}
	cases["body-100mb"] = func(t *testing.T) answer {
		t.Helper()
		return c.sendLarge(t, path, &http.Request{ContentLength: 100e6})
	}
	cases["body-100mb-chunked"] = func(t *testing.T) answer {
		t.Helper()
		return c.sendLarge(t, path, &http.Request{ContentLength: -1})
	}
	cases["bomb-gzip"] = func(t *testing.T) answer {
		t.Helper()
		return c.send(t, http.MethodPost, path, gzipped(t, make([]byte, 1<<30)), typed("gzip"))
	}
	cases["bomb-zstd"] = func(t *testing.T) answer {
		t.Helper()
		return c.send(t, http.MethodPost, path, zstded(t, make([]byte, 1<<30)), typed("zstd"))
	}
	cases["bomb-snappy"] = func(t *testing.T) answer {
		t.Helper()
		return c.send(t, http.MethodPost, "/api/v1/write", []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61}, writeHeader(""))
	}
}

// sendLarge sends spaces, of a length that is said before or not. The server may answer and
// close before it has read them, so that only the answer counts.
func (c client) sendLarge(t *testing.T, path string, shape *http.Request) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	body := io.LimitReader(spaces{}, 100e6)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, io.NopCloser(body))
	require.NoError(t, err)
	request.ContentLength = shape.ContentLength
	request.Header.Set("X-API-Key", c.key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Expect", "100-continue")
	transport := &http.Transport{ExpectContinueTimeout: 5 * time.Second}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, content}
}

// spaces is an endless body.
type spaces struct{}

// Read implements io.Reader.
func (spaces) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{' '}, len(p)))
	return len(p), nil
}

func writeHeader(proto string) map[string]string {
	contentType := "application/x-protobuf"
	if proto != "" {
		contentType += ";proto=" + proto
	}
	return map[string]string{"Content-Type": contentType, "Content-Encoding": "snappy"}
}

func addProtocolFaults(cases map[string]faultCase, c client) {
	proto := map[string]string{"Content-Type": "application/x-protobuf"}
	cases["otlp-protobuf"] = fault(c, http.MethodPost, "/v1/metrics", "\x0a\xff\xff", proto)
	cases["otlp-json"] = fault(c, http.MethodPost, "/v1/logs", `{"resourceLogs":[`, jsonHeader)
	cases["otlp-content-type"] = fault(c, http.MethodPost, "/v1/logs", `{}`, map[string]string{"Content-Type": "text/plain"})
	cases["otlp-traces"] = fault(c, http.MethodPost, "/v1/traces", `{}`, jsonHeader)
	cases["otlp-no-key"] = fault(c.with(""), http.MethodPost, "/v1/logs", `{}`, jsonHeader)

	const write = "/api/v1/write"
	cases["write-snappy"] = fault(c, http.MethodPost, write, "not snappy at all", writeHeader(""))
	cases["write-protobuf"] = fault(c, http.MethodPost, write, string(snappy.Encode(nil, []byte("\x0a\xff\xff"))), writeHeader(""))
	cases["write-version"] = fault(c, http.MethodPost, write, string(snappy.Encode(nil, nil)), writeHeader("io.prometheus.write.v9.Request"))
	now := time.Now().UnixMilli()
	for name, one := range map[string]prompb.TimeSeries{
		"write-no-name":     {Labels: []prompb.Label{{Name: "job", Value: "fault"}}, Samples: []prompb.Sample{{Timestamp: now, Value: 1}}},
		"write-label-twice": {Labels: []prompb.Label{{Name: "__name__", Value: "m"}, {Name: "job", Value: "fault"}, {Name: "job", Value: "fault"}}, Samples: []prompb.Sample{{Timestamp: now, Value: 1}}},
		"write-histogram": {Labels: []prompb.Label{{Name: "__name__", Value: "m"}, {Name: "job", Value: "fault"}}, Histograms: []prompb.Histogram{{
			Timestamp: now, Count: &prompb.Histogram_CountInt{CountInt: 1}, ZeroCount: &prompb.Histogram_ZeroCountInt{ZeroCountInt: 9},
		}}},
	} {
		cases[name] = func(t *testing.T) answer {
			t.Helper()
			body, header := remoteWrite1(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{one}})
			return c.send(t, http.MethodPost, write, body, header)
		}
	}
}

func addQueryFaults(cases map[string]faultCase, c client) {
	get := func(path string) faultCase { return fault(c, http.MethodGet, path, "", nil) }
	search := func(body string) faultCase { return fault(c, http.MethodPost, "/v1/query/logs", body, jsonHeader) }
	cases["no-key"] = fault(c.with(""), http.MethodGet, "/v1/query/series", "", nil)
	cases["unknown-key"] = fault(c.with("phk_aaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"), http.MethodGet, "/v1/query/series", "", nil)
	cases["key-scope"] = func(t *testing.T) answer {
		t.Helper()
		key, _ := createKey(t, c, "faults", "query")
		return c.with(key).get(t, "/v1/metrics/platform")
	}
	cases["promql"] = get("/api/v1/query?query=sum(")
	cases["promql-points"] = get("/api/v1/query_range?query=up&start=0&end=100000000&step=1")
	cases["promql-order"] = get("/api/v1/query_range?query=up&start=1&end=0&step=1")
	cases["query-no-metric"] = get("/v1/query/metrics")
	cases["query-time-zone"] = get("/v1/query/metrics?metric=up&from=2026-01-01T00:00:00")
	cases["query-aggregation"] = get("/v1/query/metrics?metric=up&agg=median")
	cases["query-range-promql"] = fault(c, http.MethodPost, "/v1/query/range", `{"query":"sum("}`, jsonHeader)
	cases["query-range-points"] = fault(c, http.MethodPost, "/v1/query/range", `{"query":"up","points":9000}`, jsonHeader)
	cases["delete-all"] = fault(c, http.MethodDelete, "/v1/admin/data", `{"signal":"metrics","selector":"{job=~\".*\"}","from":0,"to":"now"}`, jsonHeader)
	cases["delete-range"] = fault(c, http.MethodDelete, "/v1/admin/data", `{"signal":"logs","query":"*"}`, jsonHeader)
	cases["export-limit"] = get("/v1/query/logs/export?limit=5000000")
	cases["query-parameter"] = get("/v1/query/series?colour=red")
	cases["filter"] = search(`{"query":"(a"}`)
	cases["filter-limit"] = search(`{"limit":1000000}`)
	cases["filter-cursor"] = search(`{"cursor":"x"}`)
	cases["filter-field"] = search(`{"colour":"red"}`)
	cases["path"] = get("/v1/nothing")
	cases["method"] = fault(c, http.MethodDelete, "/v1/ingest/logs", "", nil)
}
