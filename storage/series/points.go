package series

import (
	"iter"
	"math"

	"github.com/prometheus/prometheus/model/value"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// dataPoint is what the points of every kind of metric have.
type dataPoint interface {
	Attributes() pcommon.Map
	Timestamp() pcommon.Timestamp
}

type dataPoints[P dataPoint] interface {
	Len() int
	At(i int) P
}

// points iterates over the attributes and times of a metric's data points.
func points(metric pmetric.Metric) iter.Seq2[pcommon.Map, pcommon.Timestamp] {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return pointsOf(metric.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return pointsOf(metric.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		return pointsOf(metric.Histogram().DataPoints())
	case pmetric.MetricTypeExponentialHistogram:
		return pointsOf(metric.ExponentialHistogram().DataPoints())
	case pmetric.MetricTypeSummary:
		return pointsOf(metric.Summary().DataPoints())
	case pmetric.MetricTypeEmpty:
	}
	return func(func(pcommon.Map, pcommon.Timestamp) bool) {}
}

func pointsOf[P dataPoint](slice dataPoints[P]) iter.Seq2[pcommon.Map, pcommon.Timestamp] {
	return func(yield func(pcommon.Map, pcommon.Timestamp) bool) {
		for i := range slice.Len() {
			if point := slice.At(i); !yield(point.Attributes(), point.Timestamp()) {
				return
			}
		}
	}
}

// numberOf returns the value of a data point as the converter does: an absent one is 0.
func numberOf(point pmetric.NumberDataPoint) float64 {
	if point.Flags().NoRecordedValue() {
		return math.Float64frombits(value.StaleNaN)
	}
	switch point.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		return float64(point.IntValue())
	case pmetric.NumberDataPointValueTypeDouble:
		return point.DoubleValue()
	case pmetric.NumberDataPointValueTypeEmpty:
	}
	return 0
}

// temporalityOf returns the temporality of a metric; false when its kind has none.
func temporalityOf(metric pmetric.Metric) (pmetric.AggregationTemporality, bool) {
	switch metric.Type() {
	case pmetric.MetricTypeSum:
		return metric.Sum().AggregationTemporality(), true
	case pmetric.MetricTypeHistogram:
		return metric.Histogram().AggregationTemporality(), true
	case pmetric.MetricTypeExponentialHistogram:
		return metric.ExponentialHistogram().AggregationTemporality(), true
	case pmetric.MetricTypeGauge, pmetric.MetricTypeSummary, pmetric.MetricTypeEmpty:
	}
	return pmetric.AggregationTemporalityUnspecified, false
}

// milliseconds turns a pdata timestamp into Unix milliseconds, as the converter does.
func milliseconds(ts pcommon.Timestamp) int64 {
	return int64(ts) / nanosecondsPerMillisecond
}

// pointAt returns the attributes and time of a metric's i-th data point.
func pointAt(metric pmetric.Metric, i int) (pcommon.Map, pcommon.Timestamp) {
	n := 0
	for attributes, ts := range points(metric) {
		if n == i {
			return attributes, ts
		}
		n++
	}
	return pcommon.NewMap(), 0
}

// alone iterates over copies of a histogram or summary that hold one data point each.
func alone(metric pmetric.Metric) iter.Seq2[int, pmetric.Metric] {
	return func(yield func(int, pmetric.Metric) bool) {
		count := 0
		for range points(metric) {
			count++
		}
		for i := range count {
			single := pmetric.NewMetric()
			metric.CopyTo(single)
			keepOnly(single, i)
			if !yield(i, single) {
				return
			}
		}
	}
}

func keepOnly(metric pmetric.Metric, keep int) {
	n := -1
	switch metric.Type() {
	case pmetric.MetricTypeHistogram:
		metric.Histogram().DataPoints().RemoveIf(func(pmetric.HistogramDataPoint) bool { n++; return n != keep })
	case pmetric.MetricTypeExponentialHistogram:
		metric.ExponentialHistogram().DataPoints().RemoveIf(func(pmetric.ExponentialHistogramDataPoint) bool { n++; return n != keep })
	case pmetric.MetricTypeSummary:
		metric.Summary().DataPoints().RemoveIf(func(pmetric.SummaryDataPoint) bool { n++; return n != keep })
	case pmetric.MetricTypeGauge, pmetric.MetricTypeSum, pmetric.MetricTypeEmpty:
	}
}
