package series

import (
	"errors"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/metadata"
	promstorage "github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// resourceBatch is the part of a batch that belongs to one resource.
type resourceBatch struct {
	*batch
	id       cacheKey
	resource *resource

	earliest, latest pcommon.Timestamp
	misses           []miss
	groupMisses      []groupMiss
	values           []float64        // of one data point
	others           []pmetric.Metric // histograms with exponential buckets
}

// miss is a data point whose series is not in the cache.
type miss struct {
	metric pmetric.Metric
	point  pmetric.NumberDataPoint
	key    cacheKey
}

func (b *batch) newResource(from pcommon.Resource) (*resourceBatch, error) {
	id := b.cache.hash(b.key.resource(b.org, from.Attributes()))
	known := b.cache.resource(id)
	if known == nil {
		known = &resource{converter: newConverter(from)}
		var err error
		if known.targetInfo, err = known.converter.targetInfo(b.ctx); err != nil {
			return nil, err
		}
		b.cache.putResource(id, known)
	}
	return &resourceBatch{batch: b, id: id, resource: known, earliest: math.MaxUint64}, nil
}

// add appends what the cache knows and keeps the rest for finish.
func (r *resourceBatch) add(metrics pmetric.MetricSlice) error {
	r.cache.mu.RLock()
	defer r.cache.mu.RUnlock()
	for i := range metrics.Len() {
		metric := metrics.At(i)
		if refused, is := RefusalOfTemporality(metric); is {
			r.rejectPoints(metric, refused)
			continue
		}
		var err error
		switch metric.Type() {
		case pmetric.MetricTypeGauge:
			err = r.addNumbers(metric, metric.Gauge().DataPoints(), gaugeKey)
		case pmetric.MetricTypeSum:
			kind := byte(sumKey)
			if metric.Sum().IsMonotonic() {
				kind = monotonicKey
			}
			err = r.addNumbers(metric, metric.Sum().DataPoints(), kind)
		case pmetric.MetricTypeHistogram:
			err = r.addHistograms(metric)
		case pmetric.MetricTypeSummary:
			err = r.addSummaries(metric)
		default:
			for _, ts := range points(metric) {
				r.note(ts)
			}
			r.others = append(r.others, metric)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *resourceBatch) note(ts pcommon.Timestamp) {
	r.earliest, r.latest = min(r.earliest, ts), max(r.latest, ts)
}

// addNumbers appends the points whose series is known. The caller holds the cache's lock.
func (r *resourceBatch) addNumbers(metric pmetric.Metric, slice pmetric.NumberDataPointSlice, kind byte) error {
	opts := promstorage.AppendV2Options{Metadata: metadata.Metadata{Help: metric.Description()}}
	r.key.metric(kind, r.org, r.id, metric.Name(), metric.Unit())
	for i := range slice.Len() {
		point := slice.At(i)
		ts := point.Timestamp()
		r.note(ts)
		key := r.cache.hash(r.key.point(point.Attributes()))
		e := r.cache.series[key]
		if e == nil || kind != gaugeKey && point.Exemplars().Len() > 0 {
			r.misses = append(r.misses, miss{metric: metric, point: point, key: key})
			continue
		}
		opts.MetricFamilyName, opts.Metadata.Type, opts.Metadata.Unit = e.family, e.kind, e.unit
		if err := e.append(r.app, milliseconds(point.StartTimestamp()), milliseconds(ts), numberOf(point), opts); err != nil {
			if err := r.settle(err, metric.Name(), point.Attributes(), ts); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish has the converter translate what the cache didn't know, and describes the resource.
func (r *resourceBatch) finish() error {
	if err := r.convertMisses(); err != nil {
		return err
	}
	if err := r.convertGroups(); err != nil {
		return err
	}
	for _, metric := range r.others {
		if err := r.convertRefusing(metric); err != nil {
			return err
		}
	}
	return r.addTargetInfo()
}

// convertMisses translates gauges and sums, of which each data point is one sample.
func (r *resourceBatch) convertMisses() error {
	if len(r.misses) == 0 {
		return nil
	}
	metrics, slice := r.resource.converter.metrics()
	for i := 0; i < len(r.misses); {
		first := r.misses[i].metric
		to := copyEmpty(first, slice.AppendEmpty())
		for ; i < len(r.misses) && r.misses[i].metric == first; i++ {
			r.misses[i].point.CopyTo(to.AppendEmpty())
		}
	}
	samples := make([]sample, 0, len(r.misses))
	err := r.resource.converter.convert(r.ctx, metrics, func(s sample) error {
		samples = append(samples, s)
		return nil
	})
	if isContextError(err) {
		return err
	}
	if err != nil || len(samples) != len(r.misses) {
		return r.convertMissesAlone()
	}
	for i, m := range r.misses {
		if err := r.learn(m, samples[i]); err != nil {
			return err
		}
	}
	return nil
}

// convertMissesAlone translates data points one by one, to find those that can't be.
func (r *resourceBatch) convertMissesAlone() error {
	for _, m := range r.misses {
		metrics, slice := r.resource.converter.metrics()
		m.point.CopyTo(copyEmpty(m.metric, slice.AppendEmpty()).AppendEmpty())
		var learnErr error
		err := r.resource.converter.convert(r.ctx, metrics, func(s sample) error {
			learnErr = r.learn(m, s)
			return nil
		})
		if learnErr != nil {
			return learnErr
		}
		if m.metric.Name() == "" {
			err = errInvalidName
		}
		if err := r.settle(err, m.metric.Name(), m.point.Attributes(), m.point.Timestamp()); err != nil {
			return err
		}
	}
	return nil
}

// learn appends a translated sample and remembers its series.
func (r *resourceBatch) learn(m miss, s sample) error {
	ref, err := s.appendTo(r.app)
	e := &entry{labels: s.labels, family: s.opts.MetricFamilyName, kind: s.opts.Metadata.Type, unit: s.opts.Metadata.Unit}
	e.ref.Store(uint64(ref))
	r.cache.putSeries(m.key, e)
	return r.settle(err, m.metric.Name(), m.point.Attributes(), m.point.Timestamp())
}

// copyEmpty copies a gauge or sum without its data points, and returns where they go.
func copyEmpty(from, to pmetric.Metric) pmetric.NumberDataPointSlice {
	to.SetName(from.Name())
	to.SetUnit(from.Unit())
	to.SetDescription(from.Description())
	if from.Type() == pmetric.MetricTypeGauge {
		return to.SetEmptyGauge().DataPoints()
	}
	sum := to.SetEmptySum()
	sum.SetIsMonotonic(from.Sum().IsMonotonic())
	sum.SetAggregationTemporality(from.Sum().AggregationTemporality())
	return sum.DataPoints()
}

// convertRefusing translates one metric, and settles the data points that are refused.
func (r *resourceBatch) convertRefusing(metric pmetric.Metric) error {
	err := r.convertWhole(metric)
	if err == nil {
		return nil
	}
	if refusalOf(err) == nil {
		return err
	}
	// Find the points at fault. Samples that were appended just now are stored once.
	for i, alone := range alone(metric) {
		err := r.convertWhole(alone)
		if metric.Name() == "" {
			err = errInvalidName
		}
		attributes, ts := pointAt(metric, i)
		if err := r.settle(err, metric.Name(), attributes, ts); err != nil {
			return err
		}
	}
	return nil
}

// convertWhole translates one metric; it returns the first error, having gone on after a refusal.
func (r *resourceBatch) convertWhole(metric pmetric.Metric) error {
	metrics, slice := r.resource.converter.metrics()
	metric.CopyTo(slice.AppendEmpty())
	var first error
	err := r.resource.converter.convert(r.ctx, metrics, func(s sample) error {
		_, err := s.appendTo(r.app)
		var partial *promstorage.AppendPartialError
		if err == nil || errors.As(err, &partial) {
			return nil
		}
		if first == nil || refusalOf(err) == nil {
			first = err
		}
		return nil
	})
	if first != nil {
		return first
	}
	return err
}

const (
	// targetInfoInterval is the converter's: half of PromQL's lookback.
	targetInfoInterval = 150 * time.Second
	// targetInfoSpan bounds the description of one batch, whose oldest time may be anything.
	targetInfoSpan = 26 * time.Hour
)

// addTargetInfo describes the resource over the time of its data points. A refusal is left
// out of the report: nobody sent these samples.
func (r *resourceBatch) addTargetInfo() error {
	info := r.resource.targetInfo
	if info == nil || r.earliest > r.latest {
		return nil
	}
	opts := promstorage.AppendV2Options{MetricFamilyName: info.family, Metadata: metadata.Metadata{Type: info.kind, Help: targetInfoHelp}}
	last := r.latest.AsTime()
	first := r.earliest.AsTime()
	if oldest := last.Add(-targetInfoSpan); first.Before(oldest) {
		first = oldest
	}
	for at := first; ; at = at.Add(targetInfoInterval) {
		at = minTime(at, last)
		if err := info.append(r.app, 0, at.UnixMilli(), 1, opts); err != nil && refusalOf(err) == nil {
			return err
		}
		if !at.Before(last) {
			return nil
		}
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
