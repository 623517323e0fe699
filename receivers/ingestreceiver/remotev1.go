package ingestreceiver

import (
	"strings"

	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/pharos-obs/pharos/internal/utf8text"
	"github.com/pharos-obs/pharos/storage/series"
)

// batchOfV1 converts a remote write 1 request.
func batchOfV1(request *requestV1) *remoteBatch {
	batch := newRemoteBatch(len(request.series))
	for i := range request.series {
		if entry := &request.series[i]; entry.lonely() {
			batch.visitV1(entry, func(name string) { batch.keepLonely(name, exemplarsOfV1(entry.exemplars)) })
		}
	}
	for i := range request.series {
		if entry := &request.series[i]; !entry.lonely() {
			batch.visitV1(entry, func(name string) { batch.addV1(name, entry) })
		}
	}
	for i := range request.metadata {
		metadata := &request.metadata[i]
		if metadata.MetricFamilyName == "" || !utf8text.Valid(metadata.MetricFamilyName) || !utf8text.Valid(metadata.Help) || !utf8text.Valid(metadata.Unit) {
			batch.refuse(1, reasonName, "metadata of %q: the name is empty or something is not valid UTF-8", shorten(metadata.MetricFamilyName))
			continue
		}
		batch.addMetadata(metadata.MetricFamilyName, series.Meta{
			Type: strings.ToLower(metadata.Type.String()), Unit: metadata.Unit, Help: metadata.Help,
		})
	}
	batch.countLonely()
	return batch
}

func (e *entryV1) lonely() bool {
	return len(e.samples) == 0 && len(e.histograms) == 0 && len(e.exemplars) > 0
}

// visitV1 makes the entry's series the current one and calls use, unless it is not a series.
func (b *remoteBatch) visitV1(entry *entryV1, use func(name string)) {
	b.labels = append(b.labels[:0], entry.labels...)
	name, err := b.identify()
	if err != nil {
		b.refuse(len(entry.samples)+len(entry.histograms), err.reason, "%s", err.message)
		return
	}
	use(name)
}

func (b *remoteBatch) addV1(name string, entry *entryV1) {
	before := b.builder.Len()
	for _, sample := range entry.samples {
		b.addSample(name, sample.at, sample.value, series.Meta{})
	}
	for i := range entry.histograms {
		h, err := histogramOfV1(&entry.histograms[i])
		if err != nil {
			b.refuse(1, reasonValue, "a histogram of %s is invalid: %v", shorten(name), err)
			continue
		}
		b.addHistogram(name, h, series.Meta{})
	}
	if b.builder.Len() > before {
		b.addExemplars(name, exemplarsOfV1(entry.exemplars))
	}
}

// histogramOfV1 goes by the wire: version 2 has the same fields under the same numbers.
func histogramOfV1(h *prompb.Histogram) (*writev2.Histogram, error) {
	encoded, err := h.Marshal()
	if err != nil {
		return nil, err
	}
	converted := &writev2.Histogram{}
	return converted, converted.Unmarshal(encoded)
}

func exemplarsOfV1(exemplars []prompb.Exemplar) []series.Exemplar {
	if len(exemplars) == 0 {
		return nil
	}
	converted := make([]series.Exemplar, 0, len(exemplars))
	for i := range exemplars {
		labels := make([]series.Label, 0, len(exemplars[i].Labels))
		for _, label := range exemplars[i].Labels {
			labels = append(labels, series.Label{Name: label.Name, Value: label.Value})
		}
		if validLabels(labels) {
			converted = append(converted, series.Exemplar{Labels: labels, Value: exemplars[i].Value, Time: exemplars[i].Timestamp})
		}
	}
	return converted
}
