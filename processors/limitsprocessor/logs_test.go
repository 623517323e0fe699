package limitsprocessor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pharos-obs/pharos/storage/logrecord"
)

func newLogs(tb testing.TB, cfg *Config, next consumer.Logs) (*logLimits, *componenttest.Telemetry) {
	tb.Helper()
	telemetry := componenttest.NewTelemetry()
	set := processortest.NewNopSettings(NewFactory().Type())
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	created, err := NewFactory().CreateLogs(tb.Context(), set, cfg, next)
	require.NoError(tb, err)
	limits := created.(*logLimits)
	limits.now = now
	return limits, telemetry
}

// lines returns a batch of good records.
func lines(count int) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	scope := resource.ScopeLogs().AppendEmpty()
	for i := range count {
		record := scope.LogRecords().AppendEmpty()
		record.SetTimestamp(stamp(0))
		record.SetSeverityText("INFO")
		record.Body().SetStr("GET /cart answered 200")
		record.Attributes().PutStr("path", "/cart")
		record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("batch-%d", i))
	}
	return logs
}

func TestLogViolations(t *testing.T) {
	tests := []struct {
		name          string
		change        func(plog.LogRecord)
		field, reason string
		message       string
	}{
		{"too old", func(r plog.LogRecord) { r.SetTimestamp(stamp(-25 * time.Hour)) }, "time", "too_old", "is older than"},
		{"future", func(r plog.LogRecord) { r.SetTimestamp(stamp(time.Hour)) }, "time", "too_far_in_future", "ahead of the server's clock"},
		{"observed in the future", func(r plog.LogRecord) { r.SetTimestamp(0); r.SetObservedTimestamp(stamp(time.Hour)) }, "time", "too_far_in_future", "ahead"},
		{"no time", func(r plog.LogRecord) { r.SetTimestamp(0) }, "time", "time_missing", "is missing"},
		{"long message", func(r plog.LogRecord) { r.Body().SetStr(strings.Repeat("x", 31)) }, "message", "too_large", "the message is 31 bytes, longer than the 30 allowed; shorten or split it"},
		{"long body that is a map", func(r plog.LogRecord) { r.Body().SetEmptyMap().PutStr("k", strings.Repeat("x", 30)) }, "message", "too_large", "31 bytes"},
		{"message not UTF-8", func(r plog.LogRecord) { r.Body().SetStr("\xff") }, "message", "value_invalid", "not valid UTF-8"},
		{"level not UTF-8", func(r plog.LogRecord) { r.SetSeverityText("\xff") }, "level", "value_invalid", "the level"},
		{"long level", func(r plog.LogRecord) { r.SetSeverityText(strings.Repeat("x", 17)) }, "level", "value_invalid", "longer than the 16 bytes allowed"},
		{"too many attributes", func(r plog.LogRecord) { r.Attributes().PutInt("a", 1); r.Attributes().PutInt("b", 1) }, "labels", "label_limit", "4 attributes are more than the 3 allowed"},
		{"long attribute", func(r plog.LogRecord) { r.Attributes().PutStr("a", "sixteen letters!") }, "labels", "too_large", "16 bytes"},
		{"long json", func(r plog.LogRecord) {
			r.Attributes().PutEmptyMap(logrecord.JSONAttribute).PutStr("k", strings.Repeat("x", 30))
		}, "json", "too_large", "the json is 31 bytes"},
		{"json not UTF-8", func(r plog.LogRecord) { r.Attributes().PutEmptyMap(logrecord.JSONAttribute).PutStr("k", "\xff") }, "json", "value_invalid", "the json is not valid UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sink := &consumertest.LogsSink{}
			limits, telemetry := newLogs(t, testConfig(), sink)
			logs := lines(3)
			test.change(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1))
			ctx, report := reporting(t)
			require.NoError(t, limits.ConsumeLogs(ctx, logs))
			assert.Equal(t, 2, sink.AllLogs()[0].LogRecordCount())
			require.Equal(t, [][2]string{{test.field, test.reason}}, rejections(report))
			assert.Equal(t, "batch-1", report.Items()[0].Key)
			assert.Contains(t, report.Items()[0].Message, test.message)
			assertCounted(t, telemetry, metricdata.DataPoint[int64]{
				Value: 1, Attributes: attribute.NewSet(attribute.String("signal", "logs"), attribute.String("reason", test.reason)),
			})

			alone := lines(1)
			test.change(alone.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0))
			require.NoError(t, limits.ConsumeLogs(t.Context(), alone))
			assert.Len(t, sink.AllLogs(), 1, "nothing was left")
		})
	}
}

func TestGoodLogsPass(t *testing.T) {
	sink := &consumertest.LogsSink{}
	limits, _ := newLogs(t, testConfig(), sink)
	logs := lines(3)
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	records.At(0).SetTimestamp(0)
	records.At(0).SetObservedTimestamp(stamp(0))
	records.At(1).Attributes().PutEmptyMap(logrecord.JSONAttribute).PutStr("k", "longer than an attribute")
	records.At(2).Attributes().Remove(logrecord.IDAttribute)
	ctx, report := reporting(t)
	require.NoError(t, limits.ConsumeLogs(ctx, logs))
	assert.Zero(t, report.Count())
	assert.Equal(t, 3, sink.LogRecordCount())
}

func TestLogsOfABadResource(t *testing.T) {
	sink := &consumertest.LogsSink{}
	limits, _ := newLogs(t, testConfig(), sink)
	logs := lines(2)
	logs.ResourceLogs().At(0).Resource().Attributes().PutStr("\xff", "")
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Remove(logrecord.IDAttribute)
	lines(1).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	ctx, report := reporting(t)
	require.NoError(t, limits.ConsumeLogs(ctx, logs))
	assert.Equal(t, 2, report.Count())
	assert.Equal(t, 1, sink.LogRecordCount())
}

func TestNextLogErrorComesBack(t *testing.T) {
	limits, _ := newLogs(t, testConfig(), consumertest.NewErr(assert.AnError))
	assert.ErrorIs(t, limits.ConsumeLogs(t.Context(), lines(1)), assert.AnError)
}

func BenchmarkLogs(b *testing.B) {
	limits, _ := newLogs(b, defaultConfig(), consumertest.NewNop())
	logs := lines(1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := limits.ConsumeLogs(b.Context(), logs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
}
