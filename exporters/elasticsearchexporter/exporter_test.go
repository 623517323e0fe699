package elasticsearchexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

const (
	acme  = "6d9a2a3e-0000-4000-8000-00000000000a"
	other = "6d9a2a3e-0000-4000-8000-00000000000b"
)

// statusHost notes what parts say of themselves.
type statusHost struct {
	component.Host
	events chan *componentstatus.Event
}

func (h statusHost) Report(event *componentstatus.Event) { h.events <- event }

// started is a running exporter and how to look at it.
type started struct {
	exporter.Logs
	cfg    *Config
	events chan *componentstatus.Event
	reader *sdkmetric.ManualReader
}

func start(tb testing.TB, cfg *Config) started {
	tb.Helper()
	set := exportertest.NewNopSettings(NewFactory().Type())
	set.Logger = zaptest.NewLogger(tb)
	reader := sdkmetric.NewManualReader()
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	created, err := NewFactory().CreateLogs(tb.Context(), set, cfg)
	require.NoError(tb, err)
	host := statusHost{componenttest.NewNopHost(), make(chan *componentstatus.Event, 100)}
	require.NoError(tb, created.Start(tb.Context(), host))
	tb.Cleanup(func() { assert.NoError(tb, created.Shutdown(context.Background())) })
	return started{created, cfg, host.events, reader}
}

// ready waits until the exporter takes logs.
func (s started) ready(tb testing.TB) {
	tb.Helper()
	require.Eventually(tb, func() bool { return s.ConsumeLogs(inOrg(tb.Context(), acme), plog.NewLogs()) == nil }, time.Minute, 10*time.Millisecond)
}

// lines makes records of a batch.
func lines(batch string, at time.Time, messages ...string) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i, message := range messages {
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		record.Body().SetStr(message)
		if batch != "" {
			record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, i))
		}
	}
	return logs
}

func inOrg(ctx context.Context, org string) context.Context { return orgcontext.With(ctx, org) }

// stored counts what an organisation has, by the cluster's own count.
func (s started) stored(tb testing.TB, org string) int {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, s.cfg.Endpoints[0]+"/"+s.cfg.IndexPrefix+"-*/_count?q=org_id:"+org, nil)
	require.NoError(tb, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(tb, err)
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var answer struct{ Count int }
	require.NoError(tb, json.NewDecoder(response.Body).Decode(&answer))
	return answer.Count
}

// counted reads the sum of one of the exporter's own metrics over all attributes.
func (s started) counted(tb testing.TB, name string) int64 {
	tb.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(tb, s.reader.Collect(tb.Context(), &all))
	sum := int64(0)
	for _, scope := range all.ScopeMetrics {
		for _, metric := range scope.Metrics {
			if metric.Name != name {
				continue
			}
			switch data := metric.Data.(type) {
			case metricdata.Sum[int64]:
				for _, point := range data.DataPoints {
					sum += point.Value
				}
			case metricdata.Histogram[float64]:
				for _, point := range data.DataPoints {
					sum += int64(point.Count)
				}
			}
		}
	}
	return sum
}

func TestStores(t *testing.T) {
	exp := start(t, onServer(t, "stores"))
	exp.ready(t)
	now := time.Now()
	require.NoError(t, exp.ConsumeLogs(inOrg(t.Context(), acme), lines("batch", now, "a", "b")))
	require.NoError(t, exp.ConsumeLogs(inOrg(t.Context(), acme), lines("batch", now, "a", "b")), "a retry")
	require.NoError(t, exp.ConsumeLogs(inOrg(t.Context(), other), lines("batch", now, "a")))
	assert.Equal(t, [2]int{2, 1}, [2]int{exp.stored(t, acme), exp.stored(t, other)})
	for name, want := range map[string]int64{
		"pharos_elasticsearch_records":         3,
		"pharos_elasticsearch_duplicates":      2,
		"pharos_elasticsearch_retries":         0,
		"pharos_elasticsearch_refused_records": 0,
	} {
		assert.Equal(t, want, exp.counted(t, name), name)
	}
	assert.Positive(t, exp.counted(t, "pharos_elasticsearch_bytes"))
	assert.GreaterOrEqual(t, exp.counted(t, "pharos_elasticsearch_write_duration"), int64(3))
}

func TestOrganisation(t *testing.T) {
	cfg := onServer(t, "organisation")
	exp := start(t, cfg)
	exp.ready(t)
	err := exp.ConsumeLogs(t.Context(), lines("batch", time.Now(), "a"))
	require.ErrorContains(t, err, "set default_org of the elasticsearch exporter")
	assert.True(t, consumererror.IsPermanent(err))
	assert.False(t, exp.Capabilities().MutatesData)

	own := *cfg
	own.DefaultOrg = other
	ours := start(t, &own)
	ours.ready(t)
	assert.True(t, ours.Capabilities().MutatesData)
	require.NoError(t, ours.ConsumeLogs(t.Context(), lines("", time.Now(), "a")), "ids are made where there are none")
	require.NoError(t, ours.ConsumeLogs(inOrg(t.Context(), acme), lines("batch", time.Now(), "a", "b")))
	assert.Equal(t, [2]int{2, 1}, [2]int{ours.stored(t, acme), ours.stored(t, other)})
}

// TestRefusedRecordsAreReported holds that the others of the batch are stored.
func TestRefusedRecordsAreReported(t *testing.T) {
	exp := start(t, onServer(t, "refused"))
	exp.ready(t)
	now := time.Now()
	batch := func() plog.Logs {
		logs := lines("good", now, "a", "b")
		lines("old", now.AddDate(0, -1, 0), "c").ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
		lines("ahead", now.Add(time.Hour), "d").ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
		return logs
	}
	report := &rejection.Report{}
	require.NoError(t, exp.ConsumeLogs(rejection.NewContext(inOrg(t.Context(), acme), report), batch()))
	assert.Equal(t, 2, exp.stored(t, acme))
	reasons := map[string]string{}
	for _, item := range report.Items() {
		reasons[item.Key] = item.Reason
	}
	assert.Equal(t, map[string]string{"old-0": "too_old", "ahead-0": "too_far_in_future"}, reasons)

	// Without a report the error says it, after the others are stored.
	err := exp.ConsumeLogs(inOrg(t.Context(), other), batch())
	require.ErrorContains(t, err, "older than the log store takes")
	assert.True(t, consumererror.IsPermanent(err))
	assert.Equal(t, 2, exp.stored(t, other))
	assert.EqualValues(t, 4, exp.counted(t, "pharos_elasticsearch_refused_records"))

	err = exp.ConsumeLogs(inOrg(t.Context(), acme), lines("", now, "without an id"))
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
	assert.True(t, consumererror.IsPermanent(err))
}

// TestManyRefusedRecords are more than a report lists.
func TestManyRefusedRecords(t *testing.T) {
	exp := start(t, onServer(t, "many"))
	exp.ready(t)
	report := &rejection.Report{}
	report.Add(rejection.Item{Reason: "of somebody else"})
	require.NoError(t, exp.ConsumeLogs(rejection.NewContext(inOrg(t.Context(), acme), report), lines("old", time.Now().AddDate(0, -1, 0), make([]string, 1500)...)))
	assert.Equal(t, 1501, report.Count())
	assert.EqualValues(t, 1500, exp.counted(t, "pharos_elasticsearch_refused_records"))
}

// TestClusterGoneAndBack starts before its cluster, and sees it go.
func TestClusterGoneAndBack(t *testing.T) {
	cfg := onServer(t, "gone")
	cfg.RetryFor = 0
	server.Kill()
	exp := start(t, cfg)
	for round := range 2 {
		logs := lines(fmt.Sprintf("round%d", round), time.Now(), "a", "b")
		err := exp.ConsumeLogs(inOrg(t.Context(), acme), logs)
		assert.Equal(t, errcode.Unavailable, errcode.Of(err), "%v", err)
		assert.False(t, consumererror.IsPermanent(err))
		event := <-exp.events
		assert.Equal(t, componentstatus.StatusRecoverableError, event.Status())
		require.Error(t, event.Err())
		require.NoError(t, server.Start(t.Context()))
		require.Eventually(t, func() bool { return exp.ConsumeLogs(inOrg(t.Context(), acme), logs) == nil }, time.Minute, 50*time.Millisecond)
		assert.Equal(t, componentstatus.StatusOK, (<-exp.events).Status())
		assert.Equal(t, 2*(1+round), exp.stored(t, acme))
		if round == 0 {
			server.Kill()
		}
	}
}

func TestLifecycle(t *testing.T) {
	set := exportertest.NewNopSettings(NewFactory().Type())
	created, err := NewFactory().CreateLogs(t.Context(), set, configOf(nowhere))
	require.NoError(t, err)
	require.NoError(t, created.Shutdown(t.Context()), "shut down without start")
	cfg := configOf(nowhere)
	cfg.Endpoints = nil
	created, err = NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.ErrorContains(t, created.Start(t.Context(), componenttest.NewNopHost()), "endpoints: is empty")
	require.NoError(t, created.Shutdown(t.Context()))
	exp := start(t, configOf(nowhere))
	assert.Equal(t, errcode.Unavailable, errcode.Of(exp.ConsumeLogs(inOrg(t.Context(), acme), lines("batch", time.Now(), "a"))))
}
