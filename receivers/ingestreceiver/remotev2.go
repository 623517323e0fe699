package ingestreceiver

import (
	"errors"
	"fmt"

	"github.com/prometheus/common/model"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/pharos-obs/pharos/internal/utf8text"
	"github.com/pharos-obs/pharos/storage/series"
)

// batchOfV2 converts a remote write 2 request.
func batchOfV2(request *writev2.Request) *remoteBatch {
	batch := newRemoteBatch(len(request.Timeseries))
	for i := range request.Timeseries {
		if entry := &request.Timeseries[i]; lonelyV2(entry) {
			batch.visitV2(entry, request.Symbols, func(name string) {
				batch.keepLonely(name, batch.exemplarsOfV2(name, entry.Exemplars, request.Symbols))
			})
		}
	}
	for i := range request.Timeseries {
		if entry := &request.Timeseries[i]; !lonelyV2(entry) {
			batch.visitV2(entry, request.Symbols, func(name string) { batch.addV2(name, entry, request.Symbols) })
		}
	}
	batch.countLonely()
	return batch
}

func lonelyV2(entry *writev2.TimeSeries) bool {
	return len(entry.Samples) == 0 && len(entry.Histograms) == 0 && len(entry.Exemplars) > 0
}

// visitV2 makes the entry's series the current one and calls use, unless it is not a series.
func (b *remoteBatch) visitV2(entry *writev2.TimeSeries, symbols []string, use func(name string)) {
	points := len(entry.Samples) + len(entry.Histograms)
	var err error
	if b.labels, err = resolveV2(b.labels[:0], entry.LabelsRefs, symbols); err != nil {
		b.refuse(points, reasonLabel, "labels_refs: %v", err)
		return
	}
	name, bad := b.identify()
	switch {
	case bad != nil:
		b.refuse(points, bad.reason, "%s", bad.message)
	case points == 0 && len(entry.Exemplars) == 0:
		b.refuse(1, reasonMissing, "a series of %s has neither samples nor histograms", shorten(name))
	default:
		use(name)
	}
}

// resolveV2 looks up pairs of references in the symbols table.
func resolveV2(labels []series.Label, refs []uint32, symbols []string) ([]series.Label, error) {
	if len(refs)%2 != 0 {
		return labels, fmt.Errorf("%d references are not pairs of name and value", len(refs))
	}
	for i := 0; i < len(refs); i += 2 {
		name, value := refs[i], refs[i+1]
		if int(name) >= len(symbols) || int(value) >= len(symbols) {
			return labels, fmt.Errorf("references %d and %d are outside of the symbols table of %d", name, value, len(symbols))
		}
		labels = append(labels, series.Label{Name: symbols[name], Value: symbols[value]})
	}
	return labels, nil
}

func (b *remoteBatch) addV2(name string, entry *writev2.TimeSeries, symbols []string) {
	before := b.builder.Len()
	metadata, err := entry.ToMetadata(symbols)
	if err == nil && (!utf8text.Valid(metadata.Unit) || !utf8text.Valid(metadata.Help)) {
		err = errors.New("unit or help is not valid UTF-8")
	}
	if err != nil {
		b.refuse(len(entry.Samples)+len(entry.Histograms), reasonValue, "%s: %v", shorten(name), err)
		return
	}
	meta := series.Meta{Unit: metadata.Unit, Help: metadata.Help}
	if metadata.Type != model.MetricTypeUnknown {
		meta.Type = string(metadata.Type)
	}
	for _, sample := range entry.Samples {
		b.addSample(name, sample.Timestamp, sample.Value, meta)
		if sample.StartTimestamp != 0 {
			b.builder.SetStart(sample.StartTimestamp)
		}
	}
	for i := range entry.Histograms {
		b.addHistogram(name, &entry.Histograms[i], meta)
	}
	if b.builder.Len() > before {
		b.addExemplars(name, b.exemplarsOfV2(name, entry.Exemplars, symbols))
	}
}

func (b *remoteBatch) exemplarsOfV2(name string, exemplars []writev2.Exemplar, symbols []string) []series.Exemplar {
	if len(exemplars) == 0 {
		return nil
	}
	converted := make([]series.Exemplar, 0, len(exemplars))
	for i := range exemplars {
		labels, err := resolveV2(nil, exemplars[i].LabelsRefs, symbols)
		if err == nil && !validLabels(labels) {
			err = errors.New("a label is not valid UTF-8")
		}
		if err != nil {
			b.refuse(1, reasonLabel, "an exemplar of %s: %v", shorten(name), err)
			continue
		}
		converted = append(converted, series.Exemplar{Labels: labels, Value: exemplars[i].Value, Time: exemplars[i].Timestamp})
	}
	return converted
}
