package selfreceiver

import (
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pharos-obs/pharos/storage/series"
)

// encoder turns metric families into Prometheus series, as a scrape in the text format would.
type encoder struct {
	builder *series.Builder
	base    []series.Label // the labels that every series gets
	now     int64          // Unix milliseconds
	labels  []series.Label // of the current metric; used again for the next
}

func (e *encoder) family(family *dto.MetricFamily) {
	meta := series.Meta{Type: typeName(family.GetType()), Unit: family.GetUnit(), Help: family.GetHelp()}
	name := family.GetName()
	// All buckets come first, then all sums, so that series of one name stay together.
	for _, suffix := range suffixesOf(family.GetType()) {
		for _, metric := range family.GetMetric() {
			e.begin(metric)
			e.series(name, suffix, family.GetType(), metric, meta)
		}
	}
}

// The parts that a family is written in.
const (
	partValue  = ""
	partBucket = "_bucket"
	partSum    = "_sum"
	partCount  = "_count"
)

func suffixesOf(kind dto.MetricType) []string {
	switch kind {
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		return []string{partBucket, partSum, partCount}
	case dto.MetricType_SUMMARY:
		return []string{partValue, partSum, partCount}
	}
	return []string{partValue}
}

// begin sets the labels to those of the metric. One that has the name of a base label is kept
// as exported_NAME, as Prometheus does in a scrape.
func (e *encoder) begin(metric *dto.Metric) {
	e.labels = append(e.labels[:0], e.base...)
	for _, pair := range metric.GetLabel() {
		name := pair.GetName()
		if slices.ContainsFunc(e.base, func(l series.Label) bool { return l.Name == name }) {
			name = "exported_" + name
		}
		e.labels = append(e.labels, series.Label{Name: name, Value: pair.GetValue()})
	}
}

func (e *encoder) series(name, suffix string, kind dto.MetricType, metric *dto.Metric, meta series.Meta) {
	switch kind {
	case dto.MetricType_COUNTER:
		e.add(name, metric.GetCounter().GetValue(), meta)
	case dto.MetricType_GAUGE:
		e.add(name, metric.GetGauge().GetValue(), meta)
	case dto.MetricType_UNTYPED:
		e.add(name, metric.GetUntyped().GetValue(), meta)
	case dto.MetricType_SUMMARY:
		e.summary(name, suffix, metric.GetSummary(), meta)
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		e.histogram(name, suffix, metric.GetHistogram(), meta)
	}
}

func (e *encoder) summary(name, suffix string, summary *dto.Summary, meta series.Meta) {
	switch suffix {
	case partSum:
		e.add(name+suffix, summary.GetSampleSum(), meta)
	case partCount:
		e.add(name+suffix, float64(summary.GetSampleCount()), meta)
	default:
		for _, q := range summary.GetQuantile() {
			e.addWith("quantile", q.GetQuantile(), name, q.GetValue(), meta)
		}
	}
}

// histogram writes the classic form; a purely native histogram has only a sum and a count.
func (e *encoder) histogram(name, suffix string, histogram *dto.Histogram, meta series.Meta) {
	count := histogram.GetSampleCountFloat()
	if count == 0 {
		count = float64(histogram.GetSampleCount())
	}
	switch suffix {
	case partSum:
		e.add(name+suffix, histogram.GetSampleSum(), meta)
	case partCount:
		e.add(name+suffix, count, meta)
	default:
		infinite := false
		for _, bucket := range histogram.GetBucket() {
			below := bucket.GetCumulativeCountFloat()
			if below == 0 {
				below = float64(bucket.GetCumulativeCount())
			}
			infinite = infinite || math.IsInf(bucket.GetUpperBound(), 1)
			e.addWith("le", bucket.GetUpperBound(), name+suffix, below, meta)
		}
		if !infinite && len(histogram.GetBucket()) > 0 {
			e.addWith("le", math.Inf(1), name+suffix, count, meta)
		}
	}
}

func (e *encoder) add(name string, value float64, meta series.Meta) {
	e.builder.AddSample(name, e.labels, e.now, value, meta)
}

// addWith adds a sample with one more label, a number as Prometheus writes it.
func (e *encoder) addWith(label string, number float64, name string, value float64, meta series.Meta) {
	e.labels = append(e.labels, series.Label{Name: label, Value: labels.FormatOpenMetricsFloat(number)})
	e.add(name, value, meta)
	e.labels = e.labels[:len(e.labels)-1]
}

func typeName(kind dto.MetricType) string {
	switch kind {
	case dto.MetricType_COUNTER:
		return "counter"
	case dto.MetricType_GAUGE:
		return "gauge"
	case dto.MetricType_SUMMARY:
		return "summary"
	case dto.MetricType_HISTOGRAM:
		return "histogram"
	case dto.MetricType_GAUGE_HISTOGRAM:
		return "gaugehistogram"
	}
	return "unknown"
}
