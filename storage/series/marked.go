package series

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	promstorage "github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// addMarked appends the metrics of a marked scope exactly.
func (b *batch) addMarked(metrics pmetric.MetricSlice) error {
	for i := range metrics.Len() {
		metric := metrics.At(i)
		opts := markedOptions(metric)
		var err error
		switch metric.Type() {
		case pmetric.MetricTypeGauge:
			if metric.Gauge().DataPoints().Len() == 0 {
				b.describe(opts)
			}
			err = b.addMarkedNumbers(metric, opts)
		case pmetric.MetricTypeExponentialHistogram:
			err = b.addMarkedHistograms(metric, opts)
		default:
			for attributes, ts := range points(metric) {
				b.report.Add(rejection.Item{
					Key: rejection.SeriesKey(metric.Name(), attributes), Time: rejection.Milliseconds(ts),
					Field: "value", Reason: "value_invalid", Message: fmt.Sprintf("a marked scope has no %s", metric.Type()),
				})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// describe keeps metadata that came without samples, where the store can.
func (b *batch) describe(opts promstorage.AppendV2Options) {
	if describer, ok := b.app.(storage.FamilyDescriber); ok && !opts.Metadata.IsEmpty() {
		describer.DescribeFamily(opts.MetricFamilyName, opts.Metadata)
	}
}

// markedOptions returns the metadata of a marked metric. Its family is the name without what
// Prometheus adds for the parts of a histogram or summary.
func markedOptions(metric pmetric.Metric) promstorage.AppendV2Options {
	opts := promstorage.AppendV2Options{
		MetricFamilyName: metric.Name(),
		Metadata:         metadata.Metadata{Unit: metric.Unit(), Help: metric.Description()},
	}
	if kind, ok := metric.Metadata().Get(TypeKey); ok {
		opts.Metadata.Type = model.MetricType(kind.AsString())
	}
	switch opts.Metadata.Type {
	case model.MetricTypeHistogram, model.MetricTypeGaugeHistogram, model.MetricTypeSummary:
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if family, ok := strings.CutSuffix(metric.Name(), suffix); ok {
				opts.MetricFamilyName = family
				break
			}
		}
	}
	return opts
}

func (b *batch) addMarkedNumbers(metric pmetric.Metric, opts promstorage.AppendV2Options) error {
	slice := metric.Gauge().DataPoints()
	b.key.metric(markedKey, b.org, cacheKey{}, metric.Name(), "")
	b.cache.mu.RLock()
	defer b.cache.mu.RUnlock()
	for i := range slice.Len() {
		point := slice.At(i)
		e, err := b.markedEntry(metric.Name(), point.Attributes())
		if err == nil {
			opts.Exemplars = exemplarsOf(point.Exemplars())
			err = e.append(b.app, milliseconds(point.StartTimestamp()), milliseconds(point.Timestamp()), numberOf(point), opts)
		}
		if err != nil {
			if err := b.settle(err, metric.Name(), point.Attributes(), point.Timestamp()); err != nil {
				return err
			}
		}
	}
	return nil
}

// markedEntry returns the series of a data point. The caller holds the cache's lock for reading,
// which is given up for a moment when the series is new.
func (b *batch) markedEntry(name string, attributes pcommon.Map) (*entry, error) {
	key := b.cache.hash(b.key.point(attributes))
	if e := b.cache.series[key]; e != nil {
		return e, nil
	}
	ls, err := markedLabels(name, attributes)
	if err != nil {
		return nil, err
	}
	e := &entry{labels: ls}
	b.cache.mu.RUnlock()
	b.cache.putSeries(key, e)
	b.cache.mu.RLock()
	return e, nil
}

func (b *batch) addMarkedHistograms(metric pmetric.Metric, opts promstorage.AppendV2Options) error {
	slice := metric.ExponentialHistogram().DataPoints()
	for i := range slice.Len() {
		point := slice.At(i)
		opts.Exemplars = exemplarsOf(point.Exemplars())
		err := b.addMarkedHistogram(metric.Name(), point, opts)
		if err := b.settle(err, metric.Name(), point.Attributes(), point.Timestamp()); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) addMarkedHistogram(name string, point pmetric.ExponentialHistogramDataPoint, opts promstorage.AppendV2Options) error {
	ls, err := markedLabels(name, point.Attributes())
	if err != nil {
		return err
	}
	integer, float, err := nativeHistogram(point.Attributes())
	if err != nil {
		return err
	}
	_, err = b.app.Append(0, ls, milliseconds(point.StartTimestamp()), milliseconds(point.Timestamp()), 0, integer, float, opts)
	return err
}

// nativeHistogram decodes the exact histogram that a marked data point carries.
func nativeHistogram(attributes pcommon.Map) (*histogram.Histogram, *histogram.FloatHistogram, error) {
	encoded, ok := attributes.Get(HistogramKey)
	if !ok || encoded.Type() != pcommon.ValueTypeBytes {
		return nil, nil, fmt.Errorf("%w: attribute %s is missing", errInvalidHistogram, HistogramKey)
	}
	var decoded writev2.Histogram
	if err := decoded.Unmarshal(encoded.Bytes().AsRaw()); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errInvalidHistogram, err)
	}
	if decoded.IsFloatHistogram() {
		float := decoded.ToFloatHistogram()
		if err := float.Validate(); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errInvalidHistogram, err)
		}
		return nil, float, nil
	}
	integer := decoded.ToIntHistogram()
	if err := integer.Validate(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errInvalidHistogram, err)
	}
	return integer, nil, nil
}

// markedLabels returns the labels of a marked data point.
func markedLabels(name string, attributes pcommon.Map) (labels.Labels, error) {
	if name == "" {
		return labels.EmptyLabels(), errInvalidName
	}
	builder := labels.NewScratchBuilder(attributes.Len() + 1)
	builder.Add(model.MetricNameLabel, name)
	for key, value := range attributes.All() {
		if key == "" || key == model.MetricNameLabel {
			return labels.EmptyLabels(), errInvalidLabels
		}
		if key != HistogramKey && value.AsString() != "" {
			builder.Add(key, value.AsString())
		}
	}
	builder.Sort()
	ls := builder.Labels()
	if _, duplicate := ls.HasDuplicateLabelNames(); duplicate {
		return labels.EmptyLabels(), errInvalidLabels
	}
	return ls, nil
}

// exemplarsOf returns exemplars with the labels they were sent with.
func exemplarsOf(slice pmetric.ExemplarSlice) []exemplar.Exemplar {
	if slice.Len() == 0 {
		return nil
	}
	exemplars := make([]exemplar.Exemplar, 0, slice.Len())
	builder := labels.NewScratchBuilder(0)
	for i := range slice.Len() {
		sent := slice.At(i)
		builder.Reset()
		for key, value := range sent.FilteredAttributes().All() {
			builder.Add(key, value.AsString())
		}
		builder.Sort()
		ts := milliseconds(sent.Timestamp())
		exemplars = append(exemplars, exemplar.Exemplar{Labels: builder.Labels(), Value: sent.DoubleValue(), Ts: ts, HasTs: ts != 0})
	}
	return exemplars
}
