package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

var began = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

// emitted returns what the shop reports from one minute to another.
func emitted(t *testing.T, s *shop, from, to int) (encodedMetrics, encodedLogs []byte) {
	t.Helper()
	metrics, logs := s.emit(began.Add(time.Duration(from)*time.Minute), began.Add(time.Duration(to)*time.Minute))
	encodedMetrics, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(metrics)
	require.NoError(t, err)
	encodedLogs, err = (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return encodedMetrics, encodedLogs
}

// TestResumedRunIsTheSame is why nothing is doubled: what a later run sends continues the first.
func TestResumedRunIsTheSame(t *testing.T) {
	whole := newShop(1, began, 4, defaultEnvironment)
	whole.emit(began, began.Add(40*time.Minute))
	wantMetrics, wantLogs := emitted(t, whole, 40, 42)

	resumed := newShop(1, began, 4, defaultEnvironment)
	resumed.advance(began.Add(40 * time.Minute))
	gotMetrics, gotLogs := emitted(t, resumed, 40, 42)
	assert.Equal(t, wantMetrics, gotMetrics)
	assert.Equal(t, wantLogs, gotLogs)

	other := newShop(2, began, 4, defaultEnvironment)
	otherMetrics, otherLogs := emitted(t, other, 0, 1)
	first := newShop(1, began, 4, defaultEnvironment)
	firstMetrics, firstLogs := emitted(t, first, 0, 1)
	assert.NotEqual(t, firstMetrics, otherMetrics, "another seed")
	assert.NotEqual(t, firstLogs, otherLogs)
}

func TestTrouble(t *testing.T) {
	s := newShop(1, began, 4, defaultEnvironment)
	tests := []struct {
		minutes float64
		want    float64
	}{{0, 0}, {34, 0}, {35, 0}, {35.5, 0.5}, {36, 1}, {44, 1}, {44.5, 0.5}, {45, 0}, {59, 0}, {60 + 40, 1}}
	for _, tt := range tests {
		assert.InDelta(t, tt.want, s.trouble(began.Add(time.Duration(tt.minutes*float64(time.Minute)))), 1e-9, tt.minutes)
	}
	from, to, found := s.incidentIn(began, began.Add(time.Hour))
	assert.True(t, found)
	assert.Equal(t, "08:35 08:45", from.Format("15:04")+" "+to.Format("15:04"))
	from, _, found = s.incidentIn(began, began.Add(150*time.Minute))
	assert.True(t, found)
	assert.Equal(t, "09:35", from.Format("15:04"))
	_, _, found = s.incidentIn(began, began.Add(20*time.Minute))
	assert.False(t, found)
}

// failuresOf counts the log lines of a service with a level.
func failuresOf(logs plog.Logs, service, level string) (lines int, traces map[string]bool) {
	traces = map[string]bool{}
	for _, r := range logs.ResourceLogs().All() {
		name, _ := r.Resource().Attributes().Get("service.name")
		for _, record := range r.ScopeLogs().At(0).LogRecords().All() {
			if name.Str() == service && record.SeverityText() == level {
				lines++
				if !record.TraceID().IsEmpty() {
					traces[record.TraceID().String()] = true
				}
			}
		}
	}
	return lines, traces
}

func TestIncidentShows(t *testing.T) {
	s := newShop(1, began, 4, defaultEnvironment)
	_, calm := s.emit(began, began.Add(35*time.Minute))
	before := s.clone()
	_, bad := s.emit(began.Add(35*time.Minute), began.Add(45*time.Minute))

	calmErrors, _ := failuresOf(calm, "payments", "ERROR")
	badErrors, payments := failuresOf(bad, "payments", "ERROR")
	_, checkout := failuresOf(bad, "checkout", "ERROR")
	assert.Greater(t, badErrors, 200)
	assert.Less(t, calmErrors, 60)
	shared := 0
	for trace := range checkout {
		if payments[trace] {
			shared++
		}
	}
	assert.Greater(t, shared, 50, "the same traces failed in both")
	cartBefore, _ := failuresOf(calm, "cart", "WARN")
	cartDuring, _ := failuresOf(bad, "cart", "WARN")
	assert.Less(t, cartDuring, cartBefore+20, "cart does not need payments")

	const charge = "payments-1POST/charge200"
	slow := meanSince(before.requests[charge], s.requests[charge])
	usual := before.requests[charge].sum / float64(before.requests[charge].count)
	assert.Greater(t, slow, 8*usual)
}

func meanSince(before, after *histogram) float64 {
	return (after.sum - before.sum) / float64(after.count-before.count)
}

func TestHistogram(t *testing.T) {
	h := newHistogram([]float64{0.1, 1})
	h.observe(1000, lognormal{0.1, 0.5})
	assert.Equal(t, []uint64{500, 500, 0}, h.counts)
	assert.Equal(t, uint64(1000), h.count)
	assert.InDelta(t, 113, h.sum, 1)
	copied := h.clone()
	copied.observe(1, lognormal{5, 0.1})
	assert.Equal(t, uint64(0), h.counts[2])
	assert.Equal(t, uint64(1), copied.counts[2])
}

// fakeServer keeps what it is sent once a key, and knows how to answer the two queries.
type fakeServer struct {
	mu           sync.Mutex
	keys         map[string]bool
	points       int
	lines        int
	busy         int // answers 503 this many times
	forbidden    bool
	reject       int64
	start, until float64
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("X-API-Key") != "secret" {
		http.Error(w, `{"code":"unauthenticated"}`, http.StatusUnauthorized)
		return
	}
	if r.URL.Path == "/api/v1/query" {
		f.query(w, r)
		return
	}
	if f.busy > 0 {
		f.busy--
		w.Header().Set("Retry-After", "1")
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	unpacked, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, _ := io.ReadAll(unpacked)
	key := r.URL.Path + r.Header.Get("Idempotency-Key")
	known := f.keys[key]
	f.keys[key] = true
	switch r.URL.Path {
	case "/v1/metrics":
		f.metrics(w, body, known)
	case "/v1/logs":
		f.logs(w, body, known)
	}
}

func (f *fakeServer) metrics(w http.ResponseWriter, body []byte, known bool) {
	request := pmetricotlp.NewExportRequest()
	_ = request.UnmarshalProto(body)
	if !known {
		f.points += request.Metrics().DataPointCount()
	}
	for _, m := range request.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		switch m.Name() {
		case startMetric:
			f.start = m.Gauge().DataPoints().At(0).DoubleValue()
		case untilMetric:
			f.until = m.Gauge().DataPoints().At(0).DoubleValue()
		}
	}
	response := pmetricotlp.NewExportResponse()
	if f.reject > 0 {
		response.PartialSuccess().SetRejectedDataPoints(f.reject)
		response.PartialSuccess().SetErrorMessage("too old")
	}
	answer, _ := response.MarshalProto()
	_, _ = w.Write(answer)
}

func (f *fakeServer) logs(w http.ResponseWriter, body []byte, known bool) {
	request := plogotlp.NewExportRequest()
	_ = request.UnmarshalProto(body)
	if !known {
		f.lines += request.Logs().LogRecordCount()
	}
	answer, _ := plogotlp.NewExportResponse().MarshalProto()
	_, _ = w.Write(answer)
}

func (f *fakeServer) query(w http.ResponseWriter, r *http.Request) {
	if f.forbidden {
		http.Error(w, `{"code":"forbidden"}`, http.StatusForbidden)
		return
	}
	value := f.start
	if strings.Contains(r.URL.Query().Get("query"), "seed_sent_until{seed=\"1\"}") {
		value = f.until
	}
	if value == 0 {
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
		return
	}
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1.5,"%.0f"]}]}}`, value)
}

func newFake(t *testing.T) (*fakeServer, *seeder, *bytes.Buffer) {
	t.Helper()
	fake := &fakeServer{keys: map[string]bool{}}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	out := &bytes.Buffer{}
	c := newClient(server.URL+"/", "secret")
	c.pause = func(context.Context, time.Duration) error { return nil }
	return fake, &seeder{client: c, seed: 1, hosts: 4, env: defaultEnvironment, out: out, now: func() time.Time { return began.Add(10*time.Second + time.Hour) }}, out
}

func TestFillTwice(t *testing.T) {
	fake, s, out := newFake(t)
	fake.busy = 3
	require.NoError(t, s.fill(t.Context(), time.Hour))
	points, lines := fake.points, fake.lines
	assert.Greater(t, points, 10000)
	assert.Greater(t, lines, 3000)
	assert.Contains(t, out.String(), fmt.Sprintf("Accepted %d data points", points-2*60), "the notes of progress are not counted")
	assert.Contains(t, out.String(), fmt.Sprintf("and %d log lines", lines))
	assert.Contains(t, out.String(), "Look at the service payments from "+began.Add(35*time.Minute).Local().Format(time.TimeOnly))

	again := &seeder{client: s.client, seed: 1, hosts: 4, env: defaultEnvironment, out: out, now: s.now}
	require.NoError(t, again.fill(t.Context(), time.Hour))
	assert.Equal(t, points, fake.points)
	assert.Contains(t, out.String(), "Nothing to do")

	later := &seeder{client: s.client, seed: 1, hosts: 4, env: defaultEnvironment, out: out, now: func() time.Time { return began.Add(65 * time.Minute) }}
	require.NoError(t, later.fill(t.Context(), time.Hour))
	assert.Equal(t, points+points/60*5, fake.points, "five more minutes")
}

func TestFillWithoutQueryScope(t *testing.T) {
	fake, s, out := newFake(t)
	fake.forbidden = true
	require.NoError(t, s.fill(t.Context(), time.Hour))
	points, lines := fake.points, fake.lines
	assert.Contains(t, out.String(), "may not query")
	again := &seeder{client: s.client, seed: 1, hosts: 4, env: defaultEnvironment, out: out, now: s.now}
	require.NoError(t, again.fill(t.Context(), time.Hour))
	assert.Equal(t, points, fake.points, "the same keys")
	assert.Equal(t, lines, fake.lines)
}

func TestRejected(t *testing.T) {
	fake, s, _ := newFake(t)
	fake.reject = 2
	assert.ErrorContains(t, s.fill(t.Context(), 2*time.Minute), "8 items were rejected: too old")
}

func TestServerStaysAway(t *testing.T) {
	fake, s, _ := newFake(t)
	fake.busy = 1000
	require.ErrorContains(t, s.fill(t.Context(), time.Minute), "503")
	assert.Equal(t, 1000-attempts, fake.busy)

	s.client.key = "wrong"
	assert.ErrorContains(t, s.fill(t.Context(), time.Minute), "401")
}

func TestParse(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bootstrap.json"), []byte(`{"url":"http://a:1","api_key":"k"}`), 0o600))
	none := func(string) string { return "" }
	o, err := parse([]string{"--data-dir", dir, "--duration", "2h"}, none, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, options{url: "http://a:1", key: "k", dataDir: dir, seed: 1, duration: 2 * time.Hour, hosts: 8, env: "production"}, o)

	env := map[string]string{"PHAROS_URL": "http://b", "PHAROS_API_KEY": "x"}
	o, err = parse(nil, func(name string) string { return env[name] }, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "http://b x", o.url+" "+o.key)

	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--duration", "25h"}, "--duration 25h0m0s is out of range: use 15s to 23h0m0s"},
		{[]string{"--data-dir", filepath.Join(dir, "none")}, "start the server with `pharos up`"},
		{[]string{"--hosts", "0"}, "--hosts 0 is out of range: use 1 to 2000"},
		{[]string{"now"}, `"now" is not a flag`},
		{[]string{"--speed"}, "speed"},
	} {
		_, err := parse(tt.args, none, io.Discard)
		require.ErrorContains(t, err, tt.want)
	}
	var help bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--help"}, none, &help))
	assert.Equal(t, usage, help.String())
}
