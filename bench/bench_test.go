package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

func TestOTLPMetricBodies(t *testing.T) {
	templates, err := otlpMetricBodies(2, oneService)
	require.NoError(t, err)
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	l := otlpMetricLoad(&server{}, templates, begin)
	series := map[string]bool{}
	for n := range 4 {
		request := pmetricotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalProto(l.body(n, nil)))
		assert.Equal(t, samplesInBody, request.Metrics().DataPointCount())
		for _, r := range request.Metrics().ResourceMetrics().All() {
			host, _ := r.Resource().Attributes().Get("host.name")
			for i, m := range r.ScopeMetrics().At(0).Metrics().All() {
				series[host.Str()+m.Name()] = true
				point := firstPoint(m)
				require.Equal(t, begin.Add(time.Duration(n/2)*sampleSpacing).UnixNano(), point.Timestamp().AsTime().UnixNano())
				require.NotEqual(t, valueMark, point.DoubleValue(), i)
			}
		}
	}
	assert.Len(t, series, 2*samplesInBody)
	assert.Nil(t, l.body(2*241, nil), "more than an hour at 15 s is the future")
}

func firstPoint(m pmetric.Metric) pmetric.NumberDataPoint {
	if m.Type() == pmetric.MetricTypeSum {
		return m.Sum().DataPoints().At(0)
	}
	return m.Gauge().DataPoints().At(0)
}

func TestWalk(t *testing.T) {
	for series := range 100 {
		for step := 1; step < 100; step++ {
			if series%2 == 0 {
				require.GreaterOrEqual(t, walk(series, step)+10, walk(series, step-1), "a counter grows")
			} else {
				require.InDelta(t, 50, walk(series, step), 45)
			}
		}
	}
}

func TestRemoteWriteBodies(t *testing.T) {
	templates, err := remoteWriteBodies()
	require.NoError(t, err)
	require.Len(t, templates, bodies)
	at := time.Date(2026, 11, 24, 1, 2, 3, 456e6, time.UTC)
	body := append([]byte(nil), templates[3].body...)
	templates[3].setStamps(body, at)
	templates[3].setValues(body, func(i int) float64 { return float64(i) })
	plain, err := snappy.Decode(nil, snappy.Encode(nil, body))
	require.NoError(t, err)
	var request prompb.WriteRequest
	require.NoError(t, request.Unmarshal(plain))
	require.Len(t, request.Timeseries, samplesInBody)
	for i, series := range request.Timeseries {
		require.Equal(t, []prompb.Sample{{Value: float64(i), Timestamp: at.UnixMilli()}}, series.Samples)
	}
}

func TestOTLPLogBodies(t *testing.T) {
	templates, err := otlpLogBodies()
	require.NoError(t, err)
	before := time.Now()
	body := otlpLogLoad(&server{}, templates).body(0, nil)
	request := plogotlp.NewExportRequest()
	require.NoError(t, request.UnmarshalProto(body))
	traces, size := map[string]bool{}, 0
	for _, r := range request.Logs().ResourceLogs().All() {
		for _, record := range r.ScopeLogs().At(0).LogRecords().All() {
			traces[record.TraceID().String()] = true
			size += len(record.Body().Str()) + len(record.TraceID().String())
			require.WithinRange(t, record.Timestamp().AsTime(), before.Add(-time.Second), time.Now().Add(time.Second))
		}
	}
	assert.Len(t, traces, linesInBody, "each line has a trace id of its own")
	assert.InDelta(t, lineBytes, size/linesInBody, 24)
}

func TestTemplateCheck(t *testing.T) {
	broken := newTemplate([]byte("nothing to patch"))
	assert.ErrorContains(t, broken.check(1, 0, 0), "found 0 times, 0 values and 0 trace ids in a template: want 1, 0, 0")
}

// counting is a server that counts bodies and fails when told.
type counting struct {
	mu     sync.Mutex
	bodies [][]byte
	status int
	answer string
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies = append(c.bodies, body)
	w.WriteHeader(c.status)
	fmt.Fprint(w, c.answer)
}

func testLoad(url string, requests int) load {
	return load{
		url: url, key: "k", items: 1, headers: map[string]string{"Content-Type": protobufType},
		body: func(n int, buffer []byte) []byte {
			if n >= requests {
				return nil
			}
			return append(buffer[:0], byte(n))
		},
	}
}

func TestDrive(t *testing.T) {
	fake := &counting{status: http.StatusOK}
	s := httptest.NewServer(fake)
	defer s.Close()
	d, err := drive(t.Context(), testLoad(s.URL, 100), 4, time.Minute)
	require.NoError(t, err)
	assert.Equal(t, 100, d.requests)
	assert.Len(t, d.latencies, 100)
	seen := map[byte]bool{}
	for _, body := range fake.bodies {
		seen[body[0]] = true
	}
	assert.Len(t, seen, 100, "every request once")
}

func TestDriveFails(t *testing.T) {
	for _, fake := range []*counting{
		{status: http.StatusServiceUnavailable, answer: "busy"},
		{status: http.StatusOK, answer: "\x0a\x02\x08\x01"}, // a partial success
	} {
		s := httptest.NewServer(fake)
		_, err := drive(t.Context(), testLoad(s.URL, 1000), 2, time.Minute)
		require.ErrorContains(t, err, fmt.Sprint(fake.status))
		s.Close()
	}
}

func TestPercentile(t *testing.T) {
	var values []time.Duration
	assert.Zero(t, percentile(values, 0.5))
	for i := 1; i <= 100; i++ {
		values = append(values, time.Duration(i))
	}
	assert.Equal(t, time.Duration(50), percentile(values, 0.5))
	assert.Equal(t, time.Duration(95), percentile(values, 0.95))
	assert.Equal(t, time.Duration(100), percentile(values, 1))
	assert.Equal(t, time.Duration(1), percentile(values[:1], 0.99))
}

func TestUsage(t *testing.T) {
	cpu, err := parseCPUTime([]byte("1 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20"))
	require.NoError(t, err)
	assert.Equal(t, 2*time.Second, cpu)
	_, err = parseCPUTime([]byte("1 (a) S 1"))
	require.ErrorContains(t, err, "unknown format")
	_, err = cpuTime(-1)
	require.Error(t, err)

	cpu, err = cpuTime(os.Getpid())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, cpu, time.Duration(0))
	peak, err := memory(os.Getpid(), "VmHWM")
	require.NoError(t, err)
	assert.Greater(t, peak, int64(1e6))
	_, err = memory(os.Getpid(), "VmNone")
	require.ErrorContains(t, err, "VmNone")
}

func TestDiskUsage(t *testing.T) {
	dir := t.TempDir()
	block := filepath.Join(dir, "org", "01ABC")
	require.NoError(t, os.MkdirAll(block, 0o750))
	write := func(path, content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
	meta := `{"stats":{"numSamples":100}}`
	write(filepath.Join(block, "meta.json"), meta)
	write(filepath.Join(block, "index"), "12345")
	write(filepath.Join(dir, "org", "wal"), "1234567890")
	write(filepath.Join(dir, "meta.json"), "{}")

	size, err := diskUsage(dir)
	require.NoError(t, err)
	assert.Equal(t, int64(len(meta)+5+10+2), size)
	samples, size, err := blockUsage(dir)
	require.NoError(t, err)
	assert.Equal(t, int64(100), samples)
	assert.Equal(t, int64(len(meta)+5), size)
}

func TestReport(t *testing.T) {
	r := report{Machine: "a machine", Command: "go run ./bench", Results: []result{
		{Name: "start", ReadySeconds: 0.5, FirstSampleSeconds: 0.75, IdleBytes: 90e6, IdleCPUPercent: 1.5},
		{Name: "load", What: "much", Queries: []queryResult{{"sum", 1.25, 2}}},
	}}
	r.Results[1].fill(driven{requests: 2000, elapsed: 2 * time.Second, latencies: []time.Duration{time.Millisecond, 3 * time.Millisecond}}, 1000, time.Second, 200e6)
	assert.Equal(t, `Machine: a machine.
Command: `+"`go run ./bench`"+`.

| load | items | items/s | items per server CPU-second | p50 | p95 | p99 | peak RSS | disk bytes/item | in blocks |
|---|---|---|---|---|---|---|---|---|---|
| load: much | 2.00 M | 1.00 M | 2.00 M | 1.0 ms | 3.0 ms | 3.0 ms | 200 MB | 0.0 | - |

| start to ready | start to first host sample queryable | idle RSS | idle CPU, of one core |
|---|---|---|---|
| 0.50 s | 0.75 s | 90 MB | 1.5 % |

| query | p50 | p95 |
|---|---|---|
| sum | 1.2 ms | 2.0 ms |
`, r.markdown())
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--duration", "10ms"}, "--duration 10ms is too short: use at least 1s"},
		{[]string{"--senders", "0"}, "--senders 0: use at least 1"},
		{[]string{"--scenarios", "start,none"}, `there is no scenario "none"`},
		{[]string{"--fast"}, "fast"},
	} {
		require.ErrorContains(t, run(t.Context(), tt.args, io.Discard, io.Discard), tt.want)
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--help"}, &out, io.Discard))
	assert.Equal(t, usage, out.String())
}

func TestParseNumber(t *testing.T) {
	number, found := parseNumber([]byte(`{"data":{"result":[{"metric":{},"value":[1.5,"7"]}]}}`))
	assert.True(t, found)
	assert.InDelta(t, 7.0, number, 0)
	for _, body := range []string{"", "{}", `{"data":{"result":[]}}`, `{"data":{"result":[{"value":[1]}]}}`, `{"data":{"result":[{"value":[1,"x"]}]}}`} {
		_, found = parseNumber([]byte(body))
		assert.False(t, found, body)
	}
}

func TestServerThatEnds(t *testing.T) {
	o := &options{logFile: os.DevNull, peer: peer{command: "false", ready: "/"}}
	_, err := startServer(t.Context(), o, "")
	require.ErrorContains(t, err, "the server ended: exit status 1")
	_, err = startServer(t.Context(), &options{logFile: os.DevNull, binary: "/none"}, "")
	assert.ErrorContains(t, err, "start the server")
}

func TestQueriesAreChecked(t *testing.T) {
	fake := &counting{status: http.StatusOK, answer: `{"data":"host"}`}
	web := httptest.NewServer(fake)
	defer web.Close()
	s := &server{base: web.URL, key: "k"}
	latencies, err := ask(t.Context(), s, query{path: "/q", expect: "host"})
	require.NoError(t, err)
	assert.Len(t, latencies, queryRepeats)
	_, err = ask(t.Context(), s, query{path: "/q", body: "{}", expect: "other"})
	require.ErrorContains(t, err, "want 200 with other")
	_, err = ask(context.Background(), &server{base: "http://127.0.0.1:1"}, query{})
	assert.Error(t, err)
}
