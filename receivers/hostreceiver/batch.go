package hostreceiver

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// batch is what one collection cycle has measured. All its points have the same time.
type batch struct {
	metrics pmetric.MetricSlice
	now     time.Time
	start   pcommon.Timestamp // since when the kernel counts: the host's boot
	stamp   pcommon.Timestamp
	files   *files
}

func newBatch(metrics pmetric.MetricSlice, now, boot time.Time, from *files) *batch {
	from.renew()
	b := &batch{metrics: metrics, now: now, stamp: pcommon.NewTimestampFromTime(now), files: from}
	if !boot.IsZero() {
		b.start = pcommon.NewTimestampFromTime(boot)
	}
	return b
}

// counter adds a metric that only grows.
func (b *batch) counter(name, unit, description string) metric {
	sum := b.add(name, unit, description).SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return metric{points: sum.DataPoints(), start: b.start, stamp: b.stamp}
}

// amount adds a metric that grows and shrinks and can be summed up over its attributes.
func (b *batch) amount(name, unit, description string) metric {
	sum := b.add(name, unit, description).SetEmptySum()
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return metric{points: sum.DataPoints(), stamp: b.stamp}
}

// gauge adds a metric whose values cannot be summed up.
func (b *batch) gauge(name, unit, description string) metric {
	return metric{points: b.add(name, unit, description).SetEmptyGauge().DataPoints(), stamp: b.stamp}
}

func (b *batch) add(name, unit, description string) pmetric.Metric {
	m := b.metrics.AppendEmpty()
	m.SetName(name)
	m.SetUnit(unit)
	m.SetDescription(description)
	return m
}

// dropEmpty removes the metrics that got no point.
func (b *batch) dropEmpty() {
	b.metrics.RemoveIf(func(m pmetric.Metric) bool {
		if m.Type() == pmetric.MetricTypeGauge {
			return m.Gauge().DataPoints().Len() == 0
		}
		return m.Sum().DataPoints().Len() == 0
	})
}

// metric takes the points of one metric.
type metric struct {
	points pmetric.NumberDataPointSlice
	start  pcommon.Timestamp
	stamp  pcommon.Timestamp
}

// since returns the metric with another start time for the points to come.
func (m metric) since(start time.Time) metric {
	m.start = pcommon.NewTimestampFromTime(start)
	return m
}

func (m metric) float(value float64, attributes ...attribute) {
	m.point(attributes).SetDoubleValue(value)
}

func (m metric) count(value uint64, attributes ...attribute) {
	m.point(attributes).SetIntValue(int64(value))
}

func (m metric) point(attributes []attribute) pmetric.NumberDataPoint {
	point := m.points.AppendEmpty()
	point.SetStartTimestamp(m.start)
	point.SetTimestamp(m.stamp)
	target := point.Attributes()
	target.EnsureCapacity(len(attributes))
	for _, a := range attributes {
		if a.integer {
			target.PutInt(a.key, a.number)
		} else {
			target.PutStr(a.key, a.text)
		}
	}
	return point
}

// attribute is an attribute of a point.
type attribute struct {
	key     string
	text    string
	number  int64
	integer bool
}

func text(key, value string) attribute { return attribute{key: key, text: value} }

func number(key string, value int64) attribute {
	return attribute{key: key, number: value, integer: true}
}
