package series

import (
	"math"

	"github.com/prometheus/prometheus/model/value"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Label is a label of a series.
type Label struct {
	Name, Value string
}

// Meta describes a metric family as Prometheus does; any of it may be empty.
type Meta struct {
	Type string // counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown
	Unit string
	Help string
}

// Exemplar is an exemplar of a sample.
type Exemplar struct {
	Labels []Label
	Value  float64
	Time   int64 // Unix milliseconds
}

// Builder encodes Prometheus series into the marked scope. It copies what it is given. The
// samples of one name share a Metric, whatever comes between them. A Builder is not safe for
// concurrent use.
type Builder struct {
	metrics pmetric.Metrics
	slice   pmetric.MetricSlice
	byName  map[string]builtMetric // the newest of a name
	current builtMetric
	count   int

	number    pmetric.NumberDataPoint
	histogram pmetric.ExponentialHistogramDataPoint
	last      lastPoint
}

// builtMetric is a metric and what must be the same for points to share it.
type builtMetric struct {
	metric pmetric.Metric
	name   string
	meta   Meta
	kind   pmetric.MetricType // empty when there is no metric
}

type lastPoint int

const (
	noPoint lastPoint = iota
	numberPoint
	histogramPoint
)

// NewBuilder returns a builder with room for capacity series.
func NewBuilder(capacity int) *Builder {
	metrics := pmetric.NewMetrics()
	scope := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	scope.Scope().SetName(ScopeName)
	slice := scope.Metrics()
	// Often ten series or more have a name in common.
	slice.EnsureCapacity(capacity/10 + 1)
	return &Builder{metrics: metrics, slice: slice, byName: make(map[string]builtMetric, capacity/10+1)}
}

// AddSample adds a float sample at t, in Unix milliseconds. The labels are without __name__
// (one that is there is left out). Prometheus' stale NaN makes a staleness marker.
func (b *Builder) AddSample(name string, labels []Label, t int64, v float64, meta Meta) {
	metric := b.metric(name, meta, pmetric.MetricTypeGauge)
	point := metric.Gauge().DataPoints().AppendEmpty()
	point.SetTimestamp(nanoseconds(t))
	if value.IsStaleNaN(v) {
		point.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	} else {
		point.SetDoubleValue(v)
	}
	putLabels(point.Attributes(), labels, 0)
	b.number, b.last = point, numberPoint
	b.count++
}

// AddHistogram adds a native histogram; its time is h.Timestamp, its start h.StartTimestamp.
func (b *Builder) AddHistogram(name string, labels []Label, h *writev2.Histogram, meta Meta) error {
	encoded, err := h.Marshal()
	if err != nil {
		return err
	}
	metric := b.metric(name, meta, pmetric.MetricTypeExponentialHistogram)
	point := metric.ExponentialHistogram().DataPoints().AppendEmpty()
	point.SetTimestamp(nanoseconds(h.Timestamp))
	point.SetStartTimestamp(nanoseconds(h.StartTimestamp))
	if value.IsStaleNaN(h.Sum) {
		point.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	} else {
		point.SetSum(h.Sum)
		point.SetCount(histogramCount(h))
	}
	putLabels(point.Attributes(), labels, 1)
	point.Attributes().PutEmptyBytes(HistogramKey).FromRaw(encoded)
	b.histogram, b.last = point, histogramPoint
	b.count++
	return nil
}

// AddExemplar adds an exemplar to the sample or histogram that was added last.
func (b *Builder) AddExemplar(e Exemplar) {
	var exemplars pmetric.ExemplarSlice
	switch b.last {
	case numberPoint:
		exemplars = b.number.Exemplars()
	case histogramPoint:
		exemplars = b.histogram.Exemplars()
	default:
		return
	}
	added := exemplars.AppendEmpty()
	added.SetTimestamp(nanoseconds(e.Time))
	added.SetDoubleValue(e.Value)
	attributes := added.FilteredAttributes()
	attributes.EnsureCapacity(len(e.Labels))
	for _, label := range e.Labels {
		attributes.PutStr(label.Name, label.Value)
	}
}

// SetStart sets the start time, in Unix milliseconds, of the float sample that was added last.
func (b *Builder) SetStart(t int64) {
	if b.last == numberPoint {
		b.number.SetStartTimestamp(nanoseconds(t))
	}
}

// Len returns how many samples and histograms were added.
func (b *Builder) Len() int { return b.count }

// Metrics returns what was built. The builder must not be used after it.
func (b *Builder) Metrics() pmetric.Metrics { return b.metrics }

// metric returns the newest metric of the name, or a new one when description or kind differ.
func (b *Builder) metric(name string, meta Meta, kind pmetric.MetricType) pmetric.Metric {
	if b.current.is(name, meta, kind) {
		return b.current.metric
	}
	if found := b.byName[name]; found.is(name, meta, kind) {
		b.current = found
		return found.metric
	}
	metric := b.slice.AppendEmpty()
	metric.SetName(name)
	metric.SetUnit(meta.Unit)
	metric.SetDescription(meta.Help)
	if meta.Type != "" {
		metric.Metadata().PutStr(TypeKey, meta.Type)
	}
	if kind == pmetric.MetricTypeGauge {
		metric.SetEmptyGauge()
	} else {
		metric.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	b.current = builtMetric{metric, name, meta, kind}
	b.byName[name] = b.current
	return metric
}

func (m *builtMetric) is(name string, meta Meta, kind pmetric.MetricType) bool {
	return m.kind == kind && m.name == name && m.meta == meta
}

// putLabels fills an empty map with room for some more. It does not look for duplicates:
// a receiver refuses those.
func putLabels(attributes pcommon.Map, labels []Label, more int) {
	attributes.EnsureCapacity(len(labels) + more)
	for _, label := range labels {
		if label.Name != nameLabel {
			attributes.PutStr(label.Name, label.Value)
		}
	}
}

// nameLabel is the label that holds the metric's name.
const nameLabel = "__name__"

func histogramCount(h *writev2.Histogram) uint64 {
	if h.IsFloatHistogram() {
		return uint64(h.GetCountFloat())
	}
	return h.GetCountInt()
}

const nanosecondsPerMillisecond = 1_000_000

// nanoseconds turns Unix milliseconds into a pdata timestamp. What that cannot say becomes the
// nearest it can, which is outside every store's time window.
func nanoseconds(ms int64) pcommon.Timestamp {
	const last = math.MaxInt64 / nanosecondsPerMillisecond
	return pcommon.Timestamp(min(max(ms, 0), last)) * nanosecondsPerMillisecond
}
