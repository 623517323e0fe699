package localexporter

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/orgcontext"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/local/metrics"
	"github.com/pharos-obs/pharos/storage/rejection"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	acme = "6d9a2a3e-0000-4000-8000-00000000000a"
	own  = "6d9a2a3e-0000-4000-8000-00000000000b"
)

// fakeExtension is a storage extension with a real metric store.
type fakeExtension struct {
	component.StartFunc
	component.ShutdownFunc
	metrics    storage.MetricStore
	logs       fakeLogs
	defaultOrg storage.OrgID
}

func (f *fakeExtension) MetricStore() storage.MetricStore { return f.metrics }
func (f *fakeExtension) LogStore() storage.LogStore       { return &f.logs }
func (f *fakeExtension) DefaultOrg() storage.OrgID        { return f.defaultOrg }

// fakeLogs notes what is written.
type fakeLogs struct {
	storage.LogStore
	orgs []storage.OrgID
	err  error
}

func (f *fakeLogs) Write(_ context.Context, org storage.OrgID, _ plog.Logs) error {
	f.orgs = append(f.orgs, org)
	return f.err
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

var storageID = component.MustNewID("storage")

// start returns a running exporter with the given default organisation.
func start(t *testing.T, defaultOrg string) (*localExporter, *fakeExtension) {
	t.Helper()
	store, err := metrics.Open(t.TempDir(), metrics.DefaultConfig(), zaptest.NewLogger(t))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	extension := &fakeExtension{metrics: store, defaultOrg: own}
	cfg := createDefaultConfig().(*Config)
	cfg.DefaultOrg = defaultOrg
	exp := newExporter(exportertest.NewNopSettings(component.MustNewType(Type)), cfg, "")
	require.NoError(t, exp.Start(t.Context(), host{storageID: extension}))
	t.Cleanup(func() { assert.NoError(t, exp.Shutdown(context.Background())) })
	return exp, extension
}

func gauge(at time.Time) pmetric.Metrics {
	md := pmetric.NewMetrics()
	metric := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("temperature")
	point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetTimestamp(pcommon.NewTimestampFromTime(at))
	point.SetDoubleValue(21)
	return md
}

// count returns how many series of the metric an organisation has.
func count(t *testing.T, store storage.MetricStore, org storage.OrgID) int {
	t.Helper()
	opened, err := store.Open(t.Context(), org)
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	querier, err := opened.Querier(0, time.Now().UnixMilli())
	require.NoError(t, err)
	defer func() { require.NoError(t, querier.Close()) }()
	set := querier.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "temperature"))
	found := 0
	for set.Next() {
		found++
	}
	require.NoError(t, set.Err())
	return found
}

func TestSpans(t *testing.T) {
	exp, extension := start(t, "")
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	exp.tracer, exp.signal = provider.Tracer(scopeName), signalLogs
	ctx, parent := provider.Tracer("test").Start(orgcontext.With(t.Context(), acme), "process")
	require.NoError(t, exp.ConsumeLogs(ctx, plog.NewLogs()))
	extension.logs.err = errors.New("boom")
	require.Error(t, exp.ConsumeLogs(ctx, plog.NewLogs()))
	exp.signal = signalMetrics
	require.NoError(t, exp.ConsumeMetrics(ctx, gauge(time.Now())))
	ended := spans.Ended()
	require.Len(t, ended, 3)
	for i, want := range []struct {
		name string
		code codes.Code
	}{{"write logs", codes.Unset}, {"write logs", codes.Error}, {"write metrics", codes.Unset}} {
		assert.Equal(t, want.name, ended[i].Name())
		assert.Equal(t, want.code, ended[i].Status().Code)
		assert.Equal(t, parent.SpanContext().SpanID(), ended[i].Parent().SpanID())
	}
	require.NoError(t, provider.Shutdown(t.Context()))
}

func TestOrganisation(t *testing.T) {
	other := "6d9a2a3e-0000-4000-8000-00000000000c"
	tests := map[string]struct {
		inContext, defaultOrg string
		want                  storage.OrgID
	}{
		"of the context":              {inContext: acme, want: acme},
		"context before the default":  {inContext: acme, defaultOrg: "default", want: acme},
		"the default one by its name": {defaultOrg: "default", want: own},
		"a default one by its id":     {defaultOrg: other, want: storage.OrgID(other)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			exp, extension := start(t, tt.defaultOrg)
			ctx := t.Context()
			if tt.inContext != "" {
				ctx = orgcontext.With(ctx, tt.inContext)
			}
			require.NoError(t, exp.ConsumeMetrics(ctx, gauge(time.Now())))
			require.NoError(t, exp.ConsumeLogs(ctx, plog.NewLogs()))
			for _, org := range []storage.OrgID{acme, own, storage.OrgID(other)} {
				want := 0
				if org == tt.want {
					want = 1
				}
				assert.Equal(t, want, count(t, extension.metrics, org), org)
			}
			assert.Equal(t, []storage.OrgID{tt.want}, extension.logs.orgs)
		})
	}
}

func TestWithoutOrganisation(t *testing.T) {
	exp, extension := start(t, "")
	for _, err := range []error{exp.ConsumeMetrics(t.Context(), gauge(time.Now())), exp.ConsumeLogs(t.Context(), plog.NewLogs())} {
		assert.Equal(t, errcode.Invalid, errcode.Of(err))
		assert.True(t, consumererror.IsPermanent(err))
	}
	assert.Empty(t, extension.logs.orgs)
}

func TestDefaultOrganisationThatDoesNotExistYet(t *testing.T) {
	exp, extension := start(t, "default")
	extension.defaultOrg = ""
	err := exp.ConsumeMetrics(t.Context(), gauge(time.Now()))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	assert.False(t, consumererror.IsPermanent(err))
}

func TestErrorsKeepTheirCode(t *testing.T) {
	tests := map[string]struct {
		err       error
		code      errcode.Code
		permanent bool
	}{
		"full":     {errcode.New(errcode.OutOfSpace, "full"), errcode.OutOfSpace, false},
		"invalid":  {errcode.New(errcode.Invalid, "bad"), errcode.Invalid, true},
		"unknown":  {errors.New("boom"), errcode.Internal, true},
		"canceled": {context.Canceled, errcode.Canceled, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			exp, extension := start(t, acme)
			extension.logs.err = tt.err
			err := exp.ConsumeLogs(t.Context(), plog.NewLogs())
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.code, errcode.Of(err))
			assert.Equal(t, tt.permanent, consumererror.IsPermanent(err))
		})
	}
}

func TestClosedStoreIsRetryable(t *testing.T) {
	exp, extension := start(t, acme)
	require.NoError(t, extension.metrics.Close())
	err := exp.ConsumeMetrics(t.Context(), gauge(time.Now()))
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	assert.False(t, consumererror.IsPermanent(err))
}

func TestRefusedSampleIsReported(t *testing.T) {
	exp, _ := start(t, acme)
	require.NoError(t, exp.ConsumeMetrics(t.Context(), gauge(time.Now())))
	report := &rejection.Report{}
	require.NoError(t, exp.ConsumeMetrics(rejection.NewContext(t.Context(), report), gauge(time.Now().Add(-48*time.Hour))))
	require.Equal(t, 1, report.Count())
	assert.Equal(t, "too_old", report.Items()[0].Reason)
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		host       host
		defaultOrg string
		err        string
	}{
		"no extension": {host{}, "", `there is no extension "storage"; add it to service.extensions`},
		"another kind": {host{storageID: &struct{ component.Component }{}}, "", `extension "storage" has no metric and log store`},
		"no default name": {host{storageID: &struct {
			stores
			component.Component
		}{}}, "default", `knows no organisation "default"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			cfg.DefaultOrg = tt.defaultOrg
			assert.ErrorContains(t, newExporter(exportertest.NewNopSettings(component.MustNewType(Type)), cfg, "").Start(t.Context(), tt.host), tt.err)
		})
	}
}

func TestLifecycle(t *testing.T) {
	factory := NewFactory()
	require.NoError(t, componenttest.CheckConfigStruct(factory.CreateDefaultConfig()))
	set := exportertest.NewNopSettings(factory.Type())
	metricsExporter, err := factory.CreateMetrics(t.Context(), set, factory.CreateDefaultConfig())
	require.NoError(t, err)
	logsExporter, err := factory.CreateLogs(t.Context(), set, factory.CreateDefaultConfig())
	require.NoError(t, err)
	require.NoError(t, logsExporter.Start(t.Context(), host{storageID: &fakeExtension{}}))
	require.NoError(t, logsExporter.Shutdown(t.Context()))
	require.ErrorContains(t, metricsExporter.Start(t.Context(), host{storageID: &fakeExtension{}}), `extension "storage" has no store of metrics; choose one`)
	require.NoError(t, metricsExporter.Shutdown(t.Context()))
	assert.False(t, metricsExporter.Capabilities().MutatesData)
	require.NoError(t, newExporter(exportertest.NewNopSettings(component.MustNewType(Type)), createDefaultConfig().(*Config), "").Shutdown(t.Context()), "shut down without start")
}
