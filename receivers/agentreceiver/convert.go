package agentreceiver

import (
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// ownPrefix begins the names of what our own parts measure.
const ownPrefix = "pharos"

// lossNames match the only metrics of the Collector's parts that are sent: what was lost.
var lossNames = regexp.MustCompile(`^otelcol_.*(refused|failed|dropped)`)

// convert appends what the SDK has collected, as the same data of the Collector. What the
// Collector's own parts measure is left out, but for losses: it is as much as all the rest.
func convert(from *metricdata.ResourceMetrics, to pmetric.MetricSlice) {
	for _, scope := range from.ScopeMetrics {
		for _, one := range scope.Metrics {
			lossOnly := !strings.HasPrefix(one.Name, ownPrefix)
			if lossOnly && !lossNames.MatchString(one.Name) {
				continue
			}
			metric := pmetric.NewMetric()
			metric.SetName(one.Name)
			metric.SetDescription(one.Description)
			metric.SetUnit(one.Unit)
			switch data := one.Data.(type) {
			case metricdata.Gauge[int64]:
				numbers(data.DataPoints, metric.SetEmptyGauge().DataPoints(), pmetric.NumberDataPoint.SetIntValue)
			case metricdata.Gauge[float64]:
				numbers(data.DataPoints, metric.SetEmptyGauge().DataPoints(), pmetric.NumberDataPoint.SetDoubleValue)
			case metricdata.Sum[int64]:
				numbers(data.DataPoints, sum(metric, data.IsMonotonic), pmetric.NumberDataPoint.SetIntValue)
			case metricdata.Sum[float64]:
				numbers(data.DataPoints, sum(metric, data.IsMonotonic), pmetric.NumberDataPoint.SetDoubleValue)
			case metricdata.Histogram[int64]:
				histogram(data.DataPoints, metric)
			case metricdata.Histogram[float64]:
				histogram(data.DataPoints, metric)
			default:
				continue // the Collector's parts make no others
			}
			if lossOnly && !lost(metric) {
				continue
			}
			metric.MoveTo(to.AppendEmpty())
		}
	}
}

// lost removes the points of what was not lost, and says whether some are left.
func lost(metric pmetric.Metric) bool {
	if metric.Type() != pmetric.MetricTypeSum {
		return false
	}
	metric.Sum().DataPoints().RemoveIf(func(point pmetric.NumberDataPoint) bool {
		return point.IntValue() == 0 && point.DoubleValue() == 0
	})
	return metric.Sum().DataPoints().Len() > 0
}

// sum is cumulative, as the reader's default is.
func sum(metric pmetric.Metric, monotonic bool) pmetric.NumberDataPointSlice {
	made := metric.SetEmptySum()
	made.SetIsMonotonic(monotonic)
	made.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return made.DataPoints()
}

func numbers[N int64 | float64](from []metricdata.DataPoint[N], to pmetric.NumberDataPointSlice, set func(pmetric.NumberDataPoint, N)) {
	to.EnsureCapacity(len(from))
	for i := range from {
		point := to.AppendEmpty()
		point.SetStartTimestamp(pcommon.NewTimestampFromTime(from[i].StartTime))
		point.SetTimestamp(pcommon.NewTimestampFromTime(from[i].Time))
		set(point, from[i].Value)
		attributes(from[i].Attributes, point.Attributes())
	}
}

func histogram[N int64 | float64](from []metricdata.HistogramDataPoint[N], metric pmetric.Metric) {
	made := metric.SetEmptyHistogram()
	made.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for i := range from {
		point := made.DataPoints().AppendEmpty()
		point.SetStartTimestamp(pcommon.NewTimestampFromTime(from[i].StartTime))
		point.SetTimestamp(pcommon.NewTimestampFromTime(from[i].Time))
		point.SetCount(from[i].Count)
		point.SetSum(float64(from[i].Sum))
		point.BucketCounts().FromRaw(from[i].BucketCounts)
		point.ExplicitBounds().FromRaw(from[i].Bounds)
		attributes(from[i].Attributes, point.Attributes())
	}
}

func attributes(from attribute.Set, to pcommon.Map) {
	for _, one := range from.ToSlice() {
		switch one.Value.Type() {
		case attribute.BOOL:
			to.PutBool(string(one.Key), one.Value.AsBool())
		case attribute.INT64:
			to.PutInt(string(one.Key), one.Value.AsInt64())
		case attribute.FLOAT64:
			to.PutDouble(string(one.Key), one.Value.AsFloat64())
		default:
			to.PutStr(string(one.Key), one.Value.String())
		}
	}
}
