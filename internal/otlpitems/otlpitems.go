// Package otlpitems takes single data points, log records and spans out of batches.
package otlpitems

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Point is a data point of any kind.
type Point interface {
	Attributes() pcommon.Map
	Timestamp() pcommon.Timestamp
}

// KeepLogs removes the records that keep does not want, and what is empty then. It calls keep
// with the ordinal of every record, in order.
func KeepLogs(logs plog.Logs, keep func(ordinal int, record plog.LogRecord) bool) {
	ordinal := -1
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool {
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				ordinal++
				return !keep(ordinal, record)
			})
			return scope.LogRecords().Len() == 0
		})
		return resource.ScopeLogs().Len() == 0
	})
}

// KeepTraces removes the spans that keep does not want, and what is empty then. It calls keep
// with the ordinal of every span, in order.
func KeepTraces(traces ptrace.Traces, keep func(ordinal int, span ptrace.Span) bool) {
	ordinal := -1
	traces.ResourceSpans().RemoveIf(func(resource ptrace.ResourceSpans) bool {
		resource.ScopeSpans().RemoveIf(func(scope ptrace.ScopeSpans) bool {
			scope.Spans().RemoveIf(func(span ptrace.Span) bool {
				ordinal++
				return !keep(ordinal, span)
			})
			return scope.Spans().Len() == 0
		})
		return resource.ScopeSpans().Len() == 0
	})
}

// KeepMetrics removes the data points that keep does not want, and what is empty then. It calls
// keep with the ordinal of every point, in order. Metrics that come without
// points are metadata, and stay.
func KeepMetrics(metrics pmetric.Metrics, keep func(ordinal int, metric pmetric.Metric, point Point) bool) {
	ordinal := -1
	metrics.ResourceMetrics().RemoveIf(func(resource pmetric.ResourceMetrics) bool {
		resource.ScopeMetrics().RemoveIf(func(scope pmetric.ScopeMetrics) bool {
			scope.Metrics().RemoveIf(func(metric pmetric.Metric) bool {
				remove := func(point Point) bool {
					ordinal++
					return !keep(ordinal, metric, point)
				}
				before := ordinal
				return removePoints(metric, remove) == 0 && ordinal > before
			})
			return scope.Metrics().Len() == 0
		})
		return resource.ScopeMetrics().Len() == 0
	})
}

// removePoints returns how many points are left.
func removePoints(metric pmetric.Metric, remove func(Point) bool) int {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		points := metric.Gauge().DataPoints()
		points.RemoveIf(func(p pmetric.NumberDataPoint) bool { return remove(p) })
		return points.Len()
	case pmetric.MetricTypeSum:
		points := metric.Sum().DataPoints()
		points.RemoveIf(func(p pmetric.NumberDataPoint) bool { return remove(p) })
		return points.Len()
	case pmetric.MetricTypeHistogram:
		points := metric.Histogram().DataPoints()
		points.RemoveIf(func(p pmetric.HistogramDataPoint) bool { return remove(p) })
		return points.Len()
	case pmetric.MetricTypeExponentialHistogram:
		points := metric.ExponentialHistogram().DataPoints()
		points.RemoveIf(func(p pmetric.ExponentialHistogramDataPoint) bool { return remove(p) })
		return points.Len()
	case pmetric.MetricTypeSummary:
		points := metric.Summary().DataPoints()
		points.RemoveIf(func(p pmetric.SummaryDataPoint) bool { return remove(p) })
		return points.Len()
	case pmetric.MetricTypeEmpty:
	}
	return 0
}
