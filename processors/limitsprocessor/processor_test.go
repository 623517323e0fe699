package limitsprocessor

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/storage/rejection"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func now() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func stamp(offset time.Duration) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(now().Add(offset))
}

// testConfig has limits that tests can exceed.
func testConfig() *Config {
	cfg := defaultConfig()
	cfg.Metrics.MaxLabels, cfg.Metrics.MaxNameLength, cfg.Metrics.MaxLabelNameLength, cfg.Metrics.MaxLabelValueLength = 3, 20, 10, 15
	cfg.Logs.MaxMessageBytes, cfg.Logs.MaxAttributes, cfg.Logs.MaxAttributeNameLength, cfg.Logs.MaxAttributeValueLength = 30, 3, 16, 15
	return cfg
}

func TestLifecycle(t *testing.T) {
	factory := NewFactory()
	set := processortest.NewNopSettings(factory.Type())
	metrics, err := factory.CreateMetrics(t.Context(), set, defaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	logs, err := factory.CreateLogs(t.Context(), set, defaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, metrics.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, logs.Start(t.Context(), componenttest.NewNopHost()))
	assert.True(t, metrics.Capabilities().MutatesData)
	assert.True(t, logs.Capabilities().MutatesData)
	require.NoError(t, metrics.Shutdown(t.Context()))
	require.NoError(t, logs.Shutdown(t.Context()))
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
}

func TestWindow(t *testing.T) {
	l := &limits{cfg: defaultConfig(), now: now}
	tests := []struct {
		name            string
		at              pcommon.Timestamp
		reason, message string
	}{
		{"now", stamp(0), "", ""},
		{"just inside the past", stamp(-24 * time.Hour), "", ""},
		{"just outside the past", stamp(-24*time.Hour - 1), reasonTooOld, "2026-11-23T11:59:59.999999999Z is older than the 24h0m0s that are accepted"},
		{"just inside the future", stamp(10 * time.Minute), "", ""},
		{"just outside the future", stamp(10*time.Minute + 1), reasonFuture, "2026-11-24T12:10:00.000000001Z is more than 10m0s ahead"},
		{"seconds taken for nanoseconds", 1795482123, reasonTooOld, "1970-01-01T00:00:01"},
		{"past what a signed number holds", 1 << 63, reasonFuture, "9223372036854775808 ns"},
		{"none", 0, reasonTimeMissing, "the time is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found := l.outside(l.window(), test.at)
			if test.reason == "" {
				assert.Nil(t, found)
				return
			}
			require.NotNil(t, found)
			assert.Equal(t, "time", found.field)
			assert.Equal(t, test.reason, found.reason)
			assert.Contains(t, found.message, test.message)
		})
	}
}

func TestAllowAgreesWithFind(t *testing.T) {
	limit := attributeLimits{count: 2, name: 4, value: 6, word: "labels"}
	values := map[string]func(pcommon.Value){
		"text":      func(v pcommon.Value) { v.SetStr("123456") },
		"long":      func(v pcommon.Value) { v.SetStr("1234567") },
		"not UTF-8": func(v pcommon.Value) { v.SetStr("\xff") },
		"number":    func(v pcommon.Value) { v.SetInt(12345678901) },
		"bytes":     func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte("1234567")) },
		"map":       func(v pcommon.Value) { v.SetEmptyMap().PutStr("abc", "def") },
		"long map":  func(v pcommon.Value) { v.SetEmptyMap().PutStr("abc", "defg") },
		"deep":      func(v pcommon.Value) { v.SetEmptySlice().AppendEmpty().SetEmptyMap().PutStr("\xff", "") },
		"long list": func(v pcommon.Value) {
			l := v.SetEmptySlice()
			l.AppendEmpty().SetStr("1234")
			l.AppendEmpty().SetStr("567")
		},
	}
	for _, name := range []string{"a", "abcd", "abcde", "", "\xff"} {
		for kind, set := range values {
			for count := range 4 {
				attributes := pcommon.NewMap()
				for i := range count {
					set(attributes.PutEmpty(name + string(rune('0' + i))[:min(i, 1)]))
				}
				assert.Equal(t, limit.find(attributes) == nil, limit.allow(attributes), "%q %s %d", name, kind, count)
			}
		}
	}
}

func TestPrefixCutsAtACharacter(t *testing.T) {
	long := ""
	for range 40 {
		long += "ü"
	}
	assert.Equal(t, long[:64], prefix(long))
	assert.Equal(t, ("x" + long)[:63], prefix("x"+long))
	assert.Equal(t, "short", prefix("short"))
}

// rejections returns what a context's report holds, as field and reason.
func rejections(report *rejection.Report) [][2]string {
	var found [][2]string
	for _, item := range report.Items() {
		found = append(found, [2]string{item.Field, item.Reason})
	}
	return found
}

func reporting(t *testing.T) (context.Context, *rejection.Report) {
	t.Helper()
	report := &rejection.Report{}
	return rejection.NewContext(t.Context(), report), report
}

func assertCounted(t *testing.T, telemetry *componenttest.Telemetry, want ...metricdata.DataPoint[int64]) {
	t.Helper()
	got, err := telemetry.GetMetric("pharos_limits_rejected_items")
	require.NoError(t, err)
	metricdatatest.AssertEqual(t, metricdata.Metrics{
		Name: "pharos_limits_rejected_items", Description: "Data points and log records that were refused, by reason.", Unit: "{item}",
		Data: metricdata.Sum[int64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true, DataPoints: want},
	}, got, metricdatatest.IgnoreTimestamp())
}
