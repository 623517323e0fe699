package otlpitems

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestKeepLogs(t *testing.T) {
	logs := plog.NewLogs()
	for range 2 {
		resource := logs.ResourceLogs().AppendEmpty()
		for range 2 {
			list := resource.ScopeLogs().AppendEmpty().LogRecords()
			list.AppendEmpty()
			list.AppendEmpty()
		}
	}
	var seen []int
	KeepLogs(logs, func(at int, _ plog.LogRecord) bool {
		seen = append(seen, at)
		return at == 1 || at == 2
	})
	assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, seen)
	assert.Equal(t, 2, logs.LogRecordCount())
	assert.Equal(t, 1, logs.ResourceLogs().Len(), "what is empty goes")
	assert.Equal(t, 2, logs.ResourceLogs().At(0).ScopeLogs().Len())
}

func TestKeepTraces(t *testing.T) {
	traces := ptrace.NewTraces()
	for range 3 {
		traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	}
	KeepTraces(traces, func(at int, _ ptrace.Span) bool { return at == 1 })
	assert.Equal(t, 1, traces.SpanCount())
	assert.Equal(t, 1, traces.ResourceSpans().Len())
}

func TestKeepMetrics(t *testing.T) {
	metrics := pmetric.NewMetrics()
	list := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	create := func(name string) pmetric.Metric {
		metric := list.AppendEmpty()
		metric.SetName(name)
		return metric
	}
	create("gauge").SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(1)
	create("metadata").SetEmptyGauge()
	create("sum").SetEmptySum().DataPoints().AppendEmpty()
	create("histogram").SetEmptyHistogram().DataPoints().AppendEmpty()
	create("exponential").SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
	create("summary").SetEmptySummary().DataPoints().AppendEmpty()
	create("nothing")
	var seen []string
	KeepMetrics(metrics, func(at int, metric pmetric.Metric, point Point) bool {
		assert.Equal(t, at == 0, point.Timestamp() == 1)
		seen = append(seen, metric.Name())
		return metric.Name() == "sum"
	})
	assert.Equal(t, []string{"gauge", "sum", "histogram", "exponential", "summary"}, seen)
	var kept []string
	for _, metric := range list.All() {
		kept = append(kept, metric.Name())
	}
	assert.Equal(t, []string{"metadata", "sum", "nothing"}, kept, "metadata stays")
}
