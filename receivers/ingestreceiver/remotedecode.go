package ingestreceiver

import (
	"errors"
	"sync"

	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/pharos-obs/pharos/storage/series"
)

// The decoders below read what nearly all of a request is, series with labels and samples, into
// memory that is used again. They leave anything else to the generated decoder, which also
// decides what is an error.

// requestV1 is a decoded remote write 1 request.
type requestV1 struct {
	series   []entryV1
	metadata []prompb.MetricMetadata

	labels  []series.Label // of all series
	samples []sampleV1     // of all series
}

type entryV1 struct {
	labels     []series.Label
	samples    []sampleV1
	exemplars  []prompb.Exemplar
	histograms []prompb.Histogram
}

type sampleV1 struct {
	value float64
	at    int64
}

// errUnusual sends a request to the generated decoder.
var errUnusual = errors.New("request has unusual fields")

func (r *requestV1) unmarshal(body []byte) error {
	err := r.unmarshalUsual(body)
	if !errors.Is(err, errUnusual) {
		return err
	}
	r.reset()
	request := &prompb.WriteRequest{}
	if err := request.Unmarshal(body); err != nil {
		return err
	}
	for i := range request.Timeseries {
		r.addGenerated(&request.Timeseries[i])
	}
	r.metadata = request.Metadata
	return nil
}

func (r *requestV1) unmarshalUsual(body []byte) error {
	w := newWire(body)
	for w.at < len(body) {
		field := w.tag(len(body))
		end, ok := w.bytes(len(body))
		switch {
		case ok && field == message1:
			begin := w.at
			if r.addSeries(w, end) {
				continue
			}
			w.at = begin
			var generated prompb.TimeSeries
			if err := generated.Unmarshal(w.take(end)); err != nil {
				return err
			}
			r.addGenerated(&generated)
		case ok && field == message3:
			r.metadata = append(r.metadata, prompb.MetricMetadata{})
			if err := r.metadata[len(r.metadata)-1].Unmarshal(w.take(end)); err != nil {
				return err
			}
		default:
			return errUnusual
		}
	}
	return nil
}

// addSeries adds a series of labels and samples only; false leaves the request as it was.
func (r *requestV1) addSeries(w *wire, end int) bool {
	labels, samples := len(r.labels), len(r.samples)
	for w.at < end {
		field := w.tag(end)
		last, ok := w.bytes(end)
		switch {
		case ok && field == message1:
			ok = r.addLabel(w, last)
		case ok && field == message2:
			ok = r.addSample(w, last)
		default:
			ok = false
		}
		if !ok {
			r.labels, r.samples = r.labels[:labels], r.samples[:samples]
			return false
		}
	}
	r.series = append(r.series, entryV1{labels: r.labels[labels:], samples: r.samples[samples:]})
	return true
}

func (r *requestV1) addLabel(w *wire, end int) bool {
	var label series.Label
	for w.at < end {
		var ok bool
		switch w.tag(end) {
		case string1:
			label.Name, ok = w.string(end)
		case string2:
			label.Value, ok = w.string(end)
		}
		if !ok {
			return false
		}
	}
	r.labels = append(r.labels, label)
	return true
}

func (r *requestV1) addSample(w *wire, end int) bool {
	var sample sampleV1
	for w.at < end {
		var ok bool
		switch w.tag(end) {
		case double1:
			sample.value, ok = w.fixed64(end)
		case number2:
			var at uint64
			at, ok = w.varint(end)
			sample.at = int64(at)
		}
		if !ok {
			return false
		}
	}
	r.samples = append(r.samples, sample)
	return true
}

func (r *requestV1) addGenerated(from *prompb.TimeSeries) {
	labels, samples := len(r.labels), len(r.samples)
	for i := range from.Labels {
		r.labels = append(r.labels, series.Label{Name: from.Labels[i].Name, Value: from.Labels[i].Value})
	}
	for i := range from.Samples {
		r.samples = append(r.samples, sampleV1{from.Samples[i].Value, from.Samples[i].Timestamp})
	}
	r.series = append(r.series, entryV1{
		labels: r.labels[labels:], samples: r.samples[samples:], exemplars: from.Exemplars, histograms: from.Histograms,
	})
}

// reset empties the request and lets go of its strings.
func (r *requestV1) reset() {
	clear(r.series)
	clear(r.labels)
	*r = requestV1{series: r.series[:0], labels: r.labels[:0], samples: r.samples[:0]}
}

// requestV2 is a decoded remote write 2 request. Its references and samples are parts of the
// two slices.
type requestV2 struct {
	writev2.Request

	refs    []uint32
	samples []writev2.Sample
}

func (r *requestV2) unmarshal(body []byte) error {
	err := r.unmarshalUsual(body)
	if !errors.Is(err, errUnusual) {
		return err
	}
	r.reset()
	return r.Unmarshal(body)
}

func (r *requestV2) unmarshalUsual(body []byte) error {
	w := newWire(body)
	for w.at < len(body) {
		field := w.tag(len(body))
		end, ok := w.bytes(len(body))
		switch {
		case ok && field == message4:
			r.Symbols = append(r.Symbols, w.text[w.at:end])
			w.at = end
		case ok && field == message5:
			r.Timeseries = append(r.Timeseries, writev2.TimeSeries{})
			entry, begin := &r.Timeseries[len(r.Timeseries)-1], w.at
			if r.fillSeries(entry, w, end) {
				continue
			}
			w.at = begin
			*entry = writev2.TimeSeries{}
			if err := entry.Unmarshal(w.take(end)); err != nil {
				return err
			}
		default:
			return errUnusual
		}
	}
	return nil
}

// fillSeries reads a series of labels, samples and metadata only.
func (r *requestV2) fillSeries(entry *writev2.TimeSeries, w *wire, end int) bool {
	refs, samples := len(r.refs), len(r.samples)
	for w.at < end {
		field := w.tag(end)
		last, ok := w.bytes(end)
		switch {
		case ok && field == message1:
			ok = r.addRefs(w, last)
		case ok && field == message2:
			r.samples = append(r.samples, writev2.Sample{})
			ok = r.samples[len(r.samples)-1].Unmarshal(w.take(last)) == nil
		case ok && field == message5:
			ok = entry.Metadata.Unmarshal(w.take(last)) == nil
		default:
			ok = false
		}
		if !ok {
			r.refs, r.samples = r.refs[:refs], r.samples[:samples]
			return false
		}
	}
	if len(r.refs) > refs {
		entry.LabelsRefs = r.refs[refs:len(r.refs):len(r.refs)]
	}
	if len(r.samples) > samples {
		entry.Samples = r.samples[samples:len(r.samples):len(r.samples)]
	}
	return true
}

func (r *requestV2) addRefs(w *wire, end int) bool {
	for w.at < end {
		ref, ok := w.varint(end)
		if !ok {
			return false
		}
		r.refs = append(r.refs, uint32(ref))
	}
	return true
}

// reset empties the request and lets go of its strings.
func (r *requestV2) reset() {
	clear(r.Symbols)
	clear(r.Timeseries)
	*r = requestV2{
		Request: writev2.Request{Symbols: r.Symbols[:0], Timeseries: r.Timeseries[:0]},
		refs:    r.refs[:0], samples: r.samples[:0],
	}
}

// remoteRequest is a request of either version.
type remoteRequest interface {
	unmarshal(body []byte) error
	// batch converts the request, as often as asked.
	batch() *remoteBatch
	reset()
}

func (r *requestV1) batch() *remoteBatch { return batchOfV1(r) }

func (r *requestV2) batch() *remoteBatch { return batchOfV2(&r.Request) }

// remoteRequests keeps the memory of requests.
type remoteRequests struct{ v1, v2 sync.Pool }

func newRemoteRequests() *remoteRequests {
	return &remoteRequests{
		v1: sync.Pool{New: func() any { return &requestV1{} }},
		v2: sync.Pool{New: func() any { return &requestV2{} }},
	}
}

func (p *remoteRequests) pool(version int) *sync.Pool {
	if version == 2 {
		return &p.v2
	}
	return &p.v1
}

// decode reads a request, which goes back by release.
func (p *remoteRequests) decode(body []byte, version int) (remoteRequest, error) {
	request := p.pool(version).Get().(remoteRequest)
	if err := request.unmarshal(body); err != nil {
		p.release(request, version)
		return nil, errUndecodable(messageOf(version), err)
	}
	return request, nil
}

// release takes a request back. What was built of it stays valid.
func (p *remoteRequests) release(request remoteRequest, version int) {
	request.reset()
	p.pool(version).Put(request)
}

func messageOf(version int) string {
	if version == 2 {
		return messageV2
	}
	return messageV1
}
