package ingestreceiver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/pharos-obs/pharos/internal/utf8text"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/storage/series"
)

const metricNameLabel = "__name__"

// remoteBatch collects the series of a remote-write request, and what is refused of it.
type remoteBatch struct {
	builder     *series.Builder
	added       remoteStats
	hasMetadata bool

	refused  int
	reasons  map[string]int
	messages []string

	labels []series.Label // of the current series, reused
	// lonely holds exemplars that came without a sample, by series: Prometheus sends each
	// exemplar in an entry of its own.
	lonely map[string][]series.Exemplar
	key    []byte
}

func newRemoteBatch(size int) *remoteBatch {
	return &remoteBatch{builder: series.NewBuilder(size)}
}

func (b *remoteBatch) refuse(count int, reason, format string, args ...any) {
	if b.reasons == nil {
		b.reasons = map[string]int{}
	}
	count = max(count, 1)
	b.refused += count
	b.reasons[reason] += count
	if len(b.messages) < maxRefusalMessages {
		b.messages = append(b.messages, strings.ToValidUTF8(fmt.Sprintf(format, args...), "?"))
	}
}

// identify checks the current labels, takes out the metric's name and drops empty labels, which
// are the same as none. An error means that the series is not one.
func (b *remoteBatch) identify() (name string, err *itemError) {
	ascending := true
	for i, label := range b.labels {
		switch {
		case label.Name == "":
			return "", &itemError{fieldLabels, reasonLabel, "a label has an empty name"}
		case !utf8text.Valid(label.Name) || !utf8text.Valid(label.Value):
			return "", &itemError{fieldLabels, reasonEncoding, fmt.Sprintf("label %q is not valid UTF-8", shorten(label.Name))}
		case label.Name == metricNameLabel:
			name = label.Value
		}
		ascending = ascending && (i == 0 || b.labels[i-1].Name < label.Name)
	}
	if name == "" {
		return "", &itemError{fieldName, reasonMissing, "a series has no __name__"}
	}
	if !ascending {
		if twice := duplicate(b.labels); twice != "" {
			return "", &itemError{fieldLabels, reasonLabel, fmt.Sprintf("label %q is there twice in a series of %s", shorten(twice), shorten(name))}
		}
	}
	b.labels = slices.DeleteFunc(b.labels, func(l series.Label) bool { return l.Value == "" || l.Name == metricNameLabel })
	return name, nil
}

// duplicate returns a name that occurs twice; it sorts the labels.
func duplicate(labels []series.Label) string {
	slices.SortFunc(labels, func(a, b series.Label) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(labels); i++ {
		if labels[i].Name == labels[i-1].Name {
			return labels[i].Name
		}
	}
	return ""
}

// seriesKey identifies the current series within the request.
func (b *remoteBatch) seriesKey(name string) []byte {
	b.key = append(append(b.key[:0], name...), 0xff)
	for _, label := range b.labels {
		b.key = append(append(b.key, label.Name...), 0xff)
		b.key = append(append(b.key, label.Value...), 0xff)
	}
	return b.key
}

// keepLonely puts exemplars aside until a sample of their series comes.
func (b *remoteBatch) keepLonely(name string, exemplars []series.Exemplar) {
	if b.lonely == nil {
		b.lonely = map[string][]series.Exemplar{}
	}
	key := string(b.seriesKey(name))
	b.lonely[key] = append(b.lonely[key], exemplars...)
}

// addExemplars adds exemplars to the sample that was added last.
func (b *remoteBatch) addExemplars(name string, exemplars []series.Exemplar) {
	for _, exemplar := range exemplars {
		b.builder.AddExemplar(exemplar)
		b.added.exemplars++
	}
	if len(b.lonely) == 0 {
		return
	}
	key := b.seriesKey(name)
	for _, exemplar := range b.lonely[string(key)] {
		b.builder.AddExemplar(exemplar)
		b.added.exemplars++
	}
	delete(b.lonely, string(key))
}

// countLonely counts exemplars whose sample is not in the request. They are lost, as a sender
// that splits the two accepts; Prometheus would not fail a request for them either.
func (b *remoteBatch) countLonely() {
	for _, exemplars := range b.lonely {
		if b.reasons == nil {
			b.reasons = map[string]int{}
		}
		b.reasons[reasonLonely] += len(exemplars)
	}
}

const reasonLonely = "exemplar_without_sample"

func validLabels(labels []series.Label) bool {
	return !slices.ContainsFunc(labels, func(l series.Label) bool {
		return !utf8text.Valid(l.Name) || !utf8text.Valid(l.Value)
	})
}

func (b *remoteBatch) addSample(name string, at int64, value float64, meta series.Meta) {
	b.builder.AddSample(name, b.labels, at, value, meta)
	b.added.samples++
}

func (b *remoteBatch) addHistogram(name string, h *writev2.Histogram, meta series.Meta) {
	h, err := validHistogram(h)
	if err == nil {
		err = b.builder.AddHistogram(name, b.labels, h, meta)
	}
	if err != nil {
		b.refuse(1, reasonValue, "a histogram of %s is invalid: %v", shorten(name), err)
		return
	}
	b.added.histograms++
}

// validHistogram checks a histogram, and reduces one that is finer than the stores can keep.
func validHistogram(h *writev2.Histogram) (*writev2.Histogram, error) {
	finer := histogram.IsExponentialSchemaReserved(h.Schema) && h.Schema > histogram.ExponentialSchemaMax
	if h.IsFloatHistogram() {
		native := h.ToFloatHistogram()
		if !finer {
			return h, native.Validate()
		}
		native = native.Copy() // it shares its buckets with the request
		if err := native.ReduceResolution(histogram.ExponentialSchemaMax); err != nil {
			return nil, err
		}
		reduced := writev2.FromFloatHistogram(h.StartTimestamp, h.Timestamp, native)
		return &reduced, native.Validate()
	}
	native := h.ToIntHistogram()
	if !finer {
		return h, native.Validate()
	}
	native = native.Copy()
	if err := native.ReduceResolution(histogram.ExponentialSchemaMax); err != nil {
		return nil, err
	}
	reduced := writev2.FromIntHistogram(h.StartTimestamp, h.Timestamp, native)
	return &reduced, native.Validate()
}

// addMetadata describes a family without a sample of it: a metric without data points.
func (b *remoteBatch) addMetadata(name string, meta series.Meta) {
	metric := b.builder.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().AppendEmpty()
	metric.SetName(name)
	metric.SetDescription(meta.Help)
	metric.SetUnit(meta.Unit)
	if meta.Type != "" {
		metric.Metadata().PutStr(series.TypeKey, meta.Type)
	}
	metric.SetEmptyGauge()
	b.hasMetadata = true
}

// written returns what is stored of an untouched batch when the report was refused of it.
func (b *remoteBatch) written(report *rejection.Report) remoteStats {
	histograms := b.histogramKeys()
	result := b.added
	listed := report.Items()
	for _, item := range listed {
		if histograms[sampleKey{item.Key, item.Time}] {
			result.histograms--
		} else {
			result.samples--
		}
	}
	// Refusals that a full report does not list are taken for samples while there are any.
	more := report.Count() - len(listed)
	fromSamples := min(more, max(result.samples, 0))
	result.samples = max(result.samples-fromSamples, 0)
	result.histograms = max(result.histograms-(more-fromSamples), 0)
	return result
}

// histogramKeys returns the keys of the histograms, with and without the encoded histogram among
// the attributes: both name the series.
func (b *remoteBatch) histogramKeys() map[sampleKey]bool {
	keys := map[sampleKey]bool{}
	for _, metric := range b.builder.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if metric.Type() != pmetric.MetricTypeExponentialHistogram {
			continue
		}
		for _, point := range metric.ExponentialHistogram().DataPoints().All() {
			at := rejection.Milliseconds(point.Timestamp())
			keys[sampleKey{rejection.SeriesKey(metric.Name(), point.Attributes()), at}] = true
			point.Attributes().Remove(series.HistogramKey)
			keys[sampleKey{rejection.SeriesKey(metric.Name(), point.Attributes()), at}] = true
		}
	}
	return keys
}
