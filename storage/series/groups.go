package series

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	promstorage "github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// grouped is a data point that becomes a group of samples: one of a histogram with explicit
// buckets or of a summary.
type grouped interface {
	dataPoint
	StartTimestamp() pcommon.Timestamp
	Flags() pmetric.DataPointFlags
}

// groupMiss is a data point whose group is not in the cache.
type groupMiss struct {
	metric pmetric.Metric
	index  int
	key    cacheKey
	size   int // how many samples it becomes
}

// addHistograms appends the points whose group is known. The caller holds the cache's lock.
func (r *resourceBatch) addHistograms(metric pmetric.Metric) error {
	r.key.metric(histogramKey, r.org, r.id, metric.Name(), metric.Unit())
	slice := metric.Histogram().DataPoints()
	for i := range slice.Len() {
		point := slice.At(i)
		r.values = histogramValues(r.values[:0], point)
		key := r.cache.hash(r.key.histogram(point))
		// Exemplars go to the series of their buckets: the converter knows which.
		if err := r.addGroup(metric, i, point, key, point.Exemplars().Len() == 0); err != nil {
			return err
		}
	}
	return nil
}

// addSummaries appends the points whose group is known. The caller holds the cache's lock.
func (r *resourceBatch) addSummaries(metric pmetric.Metric) error {
	r.key.metric(summaryKey, r.org, r.id, metric.Name(), metric.Unit())
	slice := metric.Summary().DataPoints()
	for i := range slice.Len() {
		point := slice.At(i)
		r.values = summaryValues(r.values[:0], point)
		if err := r.addGroup(metric, i, point, r.cache.hash(r.key.summary(point)), true); err != nil {
			return err
		}
	}
	return nil
}

// addGroup appends the values of one data point, or keeps it for the converter.
func (r *resourceBatch) addGroup(metric pmetric.Metric, index int, point grouped, key cacheKey, plain bool) error {
	r.note(point.Timestamp())
	group := r.cache.groups[key]
	if !plain || len(group) != len(r.values) {
		r.groupMisses = append(r.groupMisses, groupMiss{metric: metric, index: index, key: key, size: len(r.values)})
		return nil
	}
	start, t := milliseconds(point.StartTimestamp()), milliseconds(point.Timestamp())
	absent := point.Flags().NoRecordedValue()
	opts := promstorage.AppendV2Options{Metadata: metadata.Metadata{Help: metric.Description()}}
	var refused error
	for i, e := range group {
		v := r.values[i]
		if absent {
			v = math.Float64frombits(value.StaleNaN)
		}
		opts.MetricFamilyName, opts.Metadata.Type, opts.Metadata.Unit = e.family, e.kind, e.unit
		if err := e.append(r.app, start, t, v, opts); err != nil {
			if refusalOf(err) == nil {
				return err
			}
			refused = err
		}
	}
	return r.settle(refused, metric.Name(), point.Attributes(), point.Timestamp())
}

// histogramValues appends what the samples of a histogram are, in the converter's order: the sum
// when there is one, the count, and the buckets with all before them.
func histogramValues(to []float64, point pmetric.HistogramDataPoint) []float64 {
	if point.HasSum() {
		to = append(to, point.Sum())
	}
	to = append(to, float64(point.Count()))
	counts := point.BucketCounts()
	var cumulative uint64
	for i := range min(point.ExplicitBounds().Len(), counts.Len()) {
		cumulative += counts.At(i)
		to = append(to, float64(cumulative))
	}
	return append(to, float64(point.Count()))
}

// summaryValues appends what the samples of a summary are, in the converter's order.
func summaryValues(to []float64, point pmetric.SummaryDataPoint) []float64 {
	to = append(to, point.Sum(), float64(point.Count()))
	for _, quantile := range point.QuantileValues().All() {
		to = append(to, quantile.Value())
	}
	return to
}

// histogram returns the key of a histogram: its attributes and what decides which series it has.
func (k *keyBuilder) histogram(point pmetric.HistogramDataPoint) []byte {
	k.point(point.Attributes())
	flags := byte(0)
	if point.HasSum() {
		flags = 1
	}
	k.buf = append(k.buf, flags)
	bounds := point.ExplicitBounds()
	for i := range min(bounds.Len(), point.BucketCounts().Len()) {
		k.buf = binary.LittleEndian.AppendUint64(k.buf, math.Float64bits(bounds.At(i)))
	}
	return k.buf
}

// summary returns the key of a summary: its attributes and quantiles.
func (k *keyBuilder) summary(point pmetric.SummaryDataPoint) []byte {
	k.point(point.Attributes())
	for _, quantile := range point.QuantileValues().All() {
		k.buf = binary.LittleEndian.AppendUint64(k.buf, math.Float64bits(quantile.Quantile()))
	}
	return k.buf
}

// convertGroups has the converter translate the data points whose group the cache didn't know,
// a metric at a time.
func (r *resourceBatch) convertGroups() error {
	for len(r.groupMisses) > 0 {
		metric := r.groupMisses[0].metric
		end := slices.IndexFunc(r.groupMisses, func(m groupMiss) bool { return m.metric != metric })
		if end < 0 {
			end = len(r.groupMisses)
		}
		misses := r.groupMisses[:end]
		r.groupMisses = r.groupMisses[end:]
		if err := r.convertGroupsOf(metric, misses); err != nil {
			return err
		}
	}
	return nil
}

func (r *resourceBatch) convertGroupsOf(metric pmetric.Metric, misses []groupMiss) error {
	metrics, slice := r.resource.converter.metrics()
	missed := slice.AppendEmpty()
	copyPoints(metric, missed, misses)
	expected := 0
	for _, m := range misses {
		expected += m.size
	}
	samples := make([]sample, 0, expected)
	err := r.resource.converter.convert(r.ctx, metrics, func(s sample) error {
		s.opts.Exemplars = slices.Clone(s.opts.Exemplars) // the converter reuses them
		samples = append(samples, s)
		return nil
	})
	if isContextError(err) {
		return err
	}
	if err != nil || len(samples) != expected || metric.Name() == "" {
		return r.convertRefusing(missed)
	}
	for _, m := range misses {
		attributes, ts := pointAt(metric, m.index)
		if err := r.settle(r.learnGroup(m.key, samples[:m.size]), metric.Name(), attributes, ts); err != nil {
			return err
		}
		samples = samples[m.size:]
	}
	return nil
}

// learnGroup appends the samples of a data point and remembers their series. It returns the last
// refusal, or at once what is no refusal.
func (r *resourceBatch) learnGroup(key cacheKey, samples []sample) error {
	group := make([]*entry, 0, len(samples))
	var refused error
	for _, s := range samples {
		ref, err := s.appendTo(r.app)
		if err != nil {
			if refusalOf(err) == nil {
				return err
			}
			refused = err
		}
		e := &entry{labels: s.labels, family: s.opts.MetricFamilyName, kind: s.opts.Metadata.Type, unit: s.opts.Metadata.Unit}
		e.ref.Store(uint64(ref))
		group = append(group, e)
	}
	r.cache.putGroup(key, group)
	return refused
}

// copyPoints copies a histogram or summary with the missed ones of its points.
func copyPoints(from, to pmetric.Metric, misses []groupMiss) {
	to.SetName(from.Name())
	to.SetUnit(from.Unit())
	to.SetDescription(from.Description())
	if from.Type() == pmetric.MetricTypeSummary {
		points, all := to.SetEmptySummary().DataPoints(), from.Summary().DataPoints()
		for _, m := range misses {
			all.At(m.index).CopyTo(points.AppendEmpty())
		}
		return
	}
	histogram := to.SetEmptyHistogram()
	histogram.SetAggregationTemporality(from.Histogram().AggregationTemporality())
	points, all := histogram.DataPoints(), from.Histogram().DataPoints()
	for _, m := range misses {
		all.At(m.index).CopyTo(points.AppendEmpty())
	}
}
