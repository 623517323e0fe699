package timescaleexporter

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/test/servers"
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
	exporter.Metrics
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
	created, err := NewFactory().CreateMetrics(tb.Context(), set, cfg)
	require.NoError(tb, err)
	host := statusHost{componenttest.NewNopHost(), make(chan *componentstatus.Event, 100)}
	require.NoError(tb, created.Start(tb.Context(), host))
	tb.Cleanup(func() { assert.NoError(tb, created.Shutdown(context.Background())) })
	return started{created, cfg, host.events, reader}
}

// gauges makes a sample of each of some series.
func gauges(at time.Time, labels ...string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("temperature")
	points := metric.SetEmptyGauge().DataPoints()
	for _, label := range labels {
		point := points.AppendEmpty()
		point.SetTimestamp(pcommon.NewTimestampFromTime(at))
		point.SetDoubleValue(21)
		point.Attributes().PutStr("room", label)
	}
	return md
}

func inOrg(ctx context.Context, org string) context.Context { return orgcontext.With(ctx, org) }

// samples counts what an organisation has in the wide view.
func (s started) samples(tb testing.TB, org string) (n int) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), s.cfg.DSN)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, conn.Close(tb.Context())) }()
	require.NoError(tb, conn.QueryRow(tb.Context(), "SELECT count(*) FROM "+s.cfg.Schema+".metrics WHERE org_id = $1 AND metric_name = 'temperature'", org).Scan(&n))
	return n
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
			case metricdata.Gauge[int64]:
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
	exp := start(t, onPostgreSQL(t))
	now := time.Now()
	require.NoError(t, exp.ConsumeMetrics(inOrg(t.Context(), acme), gauges(now, "a", "b")))
	require.NoError(t, exp.ConsumeMetrics(inOrg(t.Context(), acme), gauges(now, "a", "b")), "a retry")
	require.NoError(t, exp.ConsumeMetrics(inOrg(t.Context(), other), gauges(now, "a")))
	assert.Equal(t, [2]int{2, 1}, [2]int{exp.samples(t, acme), exp.samples(t, other)})
	// Another writer has another value for one of them, and a sample that is new.
	second := *exp.cfg
	conflicting := gauges(now, "a", "c")
	conflicting.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0).SetDoubleValue(22)
	again := start(t, &second)
	require.NoError(t, again.ConsumeMetrics(inOrg(t.Context(), acme), conflicting))
	assert.Equal(t, 3, exp.samples(t, acme))

	for name, want := range map[string][2]int64{
		"pharos_timescale_rows":             {3, 1},
		"pharos_timescale_series_created":   {3, 1},
		"pharos_timescale_duplicates":       {2, 1},
		"pharos_timescale_conflicts":        {0, 1},
		"pharos_timescale_repeated_batches": {1, 1},
		"pharos_timescale_write_duration":   {3, 1},
		"pharos_db_connections_max":         {4, 4},
		"pharos_timescale_rollup_buckets":   {0, 0},
	} {
		assert.Equal(t, want, [2]int64{exp.counted(t, name), again.counted(t, name)}, name)
	}
	assert.Positive(t, exp.counted(t, "pharos_db_connections"))
	assert.Empty(t, exp.events, "nothing was wrong")
}

func TestOrganisation(t *testing.T) {
	cfg := onPostgreSQL(t)
	exp := start(t, cfg)
	err := exp.ConsumeMetrics(t.Context(), gauges(time.Now(), "a"))
	require.ErrorContains(t, err, "set default_org of the timescale exporter")
	assert.True(t, consumererror.IsPermanent(err))
	err = exp.ConsumeMetrics(inOrg(t.Context(), "acme"), gauges(time.Now(), "a"))
	require.ErrorContains(t, err, "not an organisation's id")
	assert.True(t, consumererror.IsPermanent(err))
	own := *cfg
	own.DefaultOrg = other
	ours := start(t, &own)
	require.NoError(t, ours.ConsumeMetrics(t.Context(), gauges(time.Now(), "a")))
	require.NoError(t, ours.ConsumeMetrics(inOrg(t.Context(), acme), gauges(time.Now(), "a", "b")))
	assert.Equal(t, [2]int{2, 1}, [2]int{exp.samples(t, acme), exp.samples(t, other)})
}

// TestRefusedSamplesAreReported holds that the others of the batch are stored.
func TestRefusedSamplesAreReported(t *testing.T) {
	cfg := onPostgreSQL(t)
	cfg.MaxSeries = 3
	exp := start(t, cfg)
	now := time.Now()
	batch := gauges(now, "good", "zero\x00byte")
	gauges(now.Add(-100*24*time.Hour), "old").ResourceMetrics().MoveAndAppendTo(batch.ResourceMetrics())
	gauges(now.Add(3*time.Hour), "ahead").ResourceMetrics().MoveAndAppendTo(batch.ResourceMetrics())
	report := &rejection.Report{}
	require.NoError(t, exp.ConsumeMetrics(rejection.NewContext(inOrg(t.Context(), acme), report), batch))
	assert.Equal(t, 1, exp.samples(t, acme))
	reasons := map[string]int{}
	for _, item := range report.Items() {
		reasons[item.Reason]++
	}
	assert.Equal(t, map[string]int{"label_invalid": 1, "too_old": 2}, reasons)

	// Without a report the error says it, after the others are stored.
	err := exp.ConsumeMetrics(inOrg(t.Context(), acme), gauges(now, "good", "more", "most", "too many"))
	require.ErrorContains(t, err, "raise the limit")
	assert.True(t, consumererror.IsPermanent(err))
	assert.Equal(t, 3, exp.samples(t, acme))
	assert.EqualValues(t, 4, exp.counted(t, "pharos_timescale_refused_items"))
	require.NoError(t, exp.ConsumeMetrics(inOrg(t.Context(), other), gauges(now, "a", "b")), "another organisation has a limit of its own")
	assert.Equal(t, 2, exp.samples(t, other))
}

// TestManyRefusedSamples are more than a report lists.
func TestManyRefusedSamples(t *testing.T) {
	exp := start(t, onPostgreSQL(t))
	rooms := make([]string, 1500)
	for i := range rooms {
		rooms[i] = strconv.Itoa(i)
	}
	report := &rejection.Report{}
	report.Add(rejection.Item{Reason: "of somebody else"})
	require.NoError(t, exp.ConsumeMetrics(rejection.NewContext(inOrg(t.Context(), acme), report), gauges(time.Now().Add(-100*24*time.Hour), rooms...)))
	assert.Equal(t, 1501, report.Count())
	assert.EqualValues(t, 1500, exp.counted(t, "pharos_timescale_refused_items"))
}

// TestDatabaseGoneAndBack starts before its database, and sees it go.
func TestDatabaseGoneAndBack(t *testing.T) {
	server := servers.Run(t, servers.StartPostgreSQL)
	server.Kill()
	exp := start(t, configOf(server.DSN("postgres")))
	for round := range 2 {
		sample, at := strconv.Itoa(round), time.Now()
		send := func() error { return exp.ConsumeMetrics(inOrg(t.Context(), acme), gauges(at, sample)) }
		var err error
		// What the killed one leaves behind takes a moment to end.
		require.Eventually(t, func() bool { err = send(); return err != nil }, time.Minute, 10*time.Millisecond)
		assert.Equal(t, errcode.Unavailable, errcode.Of(err), "%v", err)
		assert.False(t, consumererror.IsPermanent(err))
		event := <-exp.events
		assert.Equal(t, componentstatus.StatusRecoverableError, event.Status())
		require.Error(t, event.Err())
		require.Eventually(t, func() bool { return server.Start(t.Context()) == nil }, time.Minute, 100*time.Millisecond)
		require.Eventually(t, func() bool { return send() == nil }, time.Minute, 50*time.Millisecond)
		assert.Equal(t, componentstatus.StatusOK, (<-exp.events).Status())
		assert.Equal(t, 1+round, exp.samples(t, acme))
		server.Kill()
	}
}

func TestLifecycle(t *testing.T) {
	set := exportertest.NewNopSettings(NewFactory().Type())
	created, err := NewFactory().CreateMetrics(t.Context(), set, configOf(nowhere))
	require.NoError(t, err)
	assert.False(t, created.Capabilities().MutatesData)
	require.NoError(t, created.Shutdown(t.Context()), "shut down without start")
	started := start(t, configOf(nowhere))
	assert.Equal(t, componentstatus.StatusRecoverableError, (<-started.events).Status(), "said without being written to")
}
