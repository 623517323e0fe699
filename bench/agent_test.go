package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// The sink counts what each kind of agent sends.
func TestSink(t *testing.T) {
	s, err := newSink(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()

	metrics := pmetric.NewMetrics()
	points := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge().DataPoints()
	points.AppendEmpty()
	points.AppendEmpty()
	otlpMetrics, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	require.NoError(t, err)
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	otlpLogs, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	write, err := (&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{Samples: make([]prompb.Sample, 3)}}}).Marshal()
	require.NoError(t, err)
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	for _, one := range []struct {
		path, encoding string
		body           []byte
	}{
		{"/v1/metrics", "", otlpMetrics},
		{"/v1/logs", "zstd", encoder.EncodeAll(otlpLogs, nil)},
		{"/api/v1/write", "snappy", snappy.Encode(nil, write)},
		{"/lines", "", []byte(`{"metrics":[{"name":"line"},{"name":"line"}]}`)},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.address+one.path, bytes.NewReader(one.body))
		require.NoError(t, err)
		request.Header.Set("Content-Encoding", one.encoding)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode, one.path)
	}
	require.NoError(t, s.problem())
	assert.EqualValues(t, 5, s.points.Load())
	assert.EqualValues(t, 3, s.lines.Load())
	assert.NotZero(t, s.firstPoint.Load())
	assert.Greater(t, s.wire(), int64(len(otlpMetrics)+len(write)))

	response, err := http.Post("http://"+s.address+"/v1/logs", "", strings.NewReader("no"))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.ErrorContains(t, s.problem(), "/v1/logs")
}

func TestAgentLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Millisecond)
	defer cancel()
	count := writeLog(ctx, path)
	require.NoError(t, count.err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, count.lines, int64(bytes.Count(content, []byte("\n"))))
	assert.GreaterOrEqual(t, len(content), agentLogBytes/20)
}

// Every agent is told where to send, and gets a configuration of its own.
func TestAgentPlaces(t *testing.T) {
	o := &agentOptions{binary: "a", nodeExporter: "b", vmagent: "c", telegraf: "d", otelcol: "e"}
	names := map[string]int{}
	for _, maker := range o.makers() {
		p, err := maker(o, place{dir: t.TempDir(), sink: "127.0.0.1:1", file: "/var/log/access.log"})
		require.NoError(t, err)
		names[p.name] = len(p.processes)
	}
	assert.Equal(t, map[string]int{"pharos-agent": 1, "node_exporter + vmagent": 2, "telegraf": 1, "otelcol": 1}, names)
	assert.Len(t, (&agentOptions{binary: "a", nodeExporter: "b"}).makers(), 1, "node_exporter alone sends nothing")
}

func TestAgentReport(t *testing.T) {
	figures := []agentFigures{
		{name: "pharos-agent", quarter: 20 << 20, half: 20 << 20, end: 22 << 20, peak: 30 << 20, anonymous: 7 << 20, cpu: time.Second, elapsed: 1000 * time.Second, points: 10, bytes: 25, lines: 5, logs: true, size: 29 << 20, first: time.Second},
		{name: "other", half: 20 << 20, end: 40 << 20, cpu: 500 * time.Millisecond, elapsed: 1000 * time.Second, points: 10, calls: 5000},
	}
	table := agentTable(figures, 5)
	assert.Contains(t, table, "| pharos-agent | 20.0, 20.0, 22.0 | 7.0 | 30.0 | 1.00 | 0.10 % | not counted |")
	assert.Contains(t, table, "| 5 of 5 | 1.00 s |")
	assert.Contains(t, table, "| other | 0.0, 20.0, 40.0 | 0.0 | 0.0 | 0.50 | 0.05 % | 5.0 |")
	var f findings
	hold(&f, agentRuns()[0], figures, 0)
	missed := []string{}
	for _, one := range f {
		if !*one.Met {
			missed = append(missed, one.What)
		}
	}
	assert.Equal(t, []string{"growth of RSS in the second half, host", "CPU beside other, host"}, missed)
}

func TestAgentFlags(t *testing.T) {
	o, err := parse([]string{"--agent"}, &bytes.Buffer{})
	require.NoError(t, err)
	assert.Equal(t, 8*time.Minute, o.duration)
	o, err = parse([]string{"--agent", "--duration", "20s"}, &bytes.Buffer{})
	require.NoError(t, err)
	assert.Equal(t, 20*time.Second, o.duration)
	err = run(t.Context(), []string{"--agent", "--agent-binary", "/nowhere", "--duration", "1s"}, &bytes.Buffer{}, &bytes.Buffer{})
	var missing *os.PathError
	require.ErrorAs(t, err, &missing)
}
