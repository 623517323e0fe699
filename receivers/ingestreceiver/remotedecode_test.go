package ingestreceiver

import (
	"bytes"
	"math"
	"testing"

	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage/series"
)

// sameAsGenerated compares a decoded request with what the generated decoder makes of the body.
func sameAsGenerated(t *testing.T, body []byte, version int, request remoteRequest, err error) {
	t.Helper()
	switch got := request.(type) {
	case *requestV1:
		want := &prompb.WriteRequest{}
		require.NoError(t, want.Unmarshal(body))
		assert.Equal(t, want.Metadata, got.metadata)
		require.Len(t, got.series, len(want.Timeseries))
		for i := range want.Timeseries {
			sameSeriesV1(t, &want.Timeseries[i], &got.series[i])
		}
	case *requestV2:
		want := &writev2.Request{}
		require.NoError(t, want.Unmarshal(body))
		assert.Equal(t, append([]string{}, want.Symbols...), append([]string{}, got.Symbols...))
		assert.Equal(t, append([]writev2.TimeSeries{}, want.Timeseries...), append([]writev2.TimeSeries{}, got.Timeseries...))
	default:
		require.Error(t, err)
		var generated interface{ Unmarshal([]byte) error } = &prompb.WriteRequest{}
		if version == 2 {
			generated = &writev2.Request{}
		}
		assert.Error(t, generated.Unmarshal(body), "refused what the generated decoder takes: %v", err)
	}
}

func sameSeriesV1(t *testing.T, want *prompb.TimeSeries, got *entryV1) {
	t.Helper()
	require.Len(t, got.labels, len(want.Labels))
	for i, label := range want.Labels {
		assert.Equal(t, series.Label{Name: label.Name, Value: label.Value}, got.labels[i])
	}
	require.Len(t, got.samples, len(want.Samples))
	for i, sample := range want.Samples {
		assert.Equal(t, sample.Timestamp, got.samples[i].at)
		assert.Equal(t, math.Float64bits(sample.Value), math.Float64bits(got.samples[i].value))
	}
	assert.Equal(t, want.Exemplars, got.exemplars)
	assert.Equal(t, want.Histograms, got.histograms)
}

// bodiesV1 are requests that the decoder reads itself, and such that it leaves to the generated one.
func bodiesV1(t *testing.T) map[string][]byte {
	t.Helper()
	usual := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
		seriesV1(1, "__name__", "up", "job", "ä"), seriesV1(0, "__name__", "down", "", ""),
		{},
		{Labels: labelsV1("a", "b"), Samples: []prompb.Sample{{Value: 1, Timestamp: -1}, {Value: 2, Timestamp: at}}},
	}}
	mixed := usual
	mixed.Timeseries = append(mixed.Timeseries,
		prompb.TimeSeries{Labels: labelsV1("__name__", "e"), Samples: []prompb.Sample{{Value: 1}}, Exemplars: []prompb.Exemplar{{Labels: labelsV1("trace_id", "x")}}},
		prompb.TimeSeries{Labels: labelsV1("__name__", "h"), Histograms: []prompb.Histogram{prompb.FromIntHistogram(at, testHistogram())}},
		seriesV1(3, "__name__", "last"))
	mixed.Metadata = []prompb.MetricMetadata{{MetricFamilyName: "up", Help: "Help."}}
	encode := func(request prompb.WriteRequest) []byte {
		encoded, err := request.Marshal()
		require.NoError(t, err)
		return encoded
	}
	bodies := map[string][]byte{"usual": encode(usual), "mixed": encode(mixed), "empty": {}}
	bodies["unknown field"] = append(encode(usual), 0x50, 1)
	bodies["unknown field first"] = append([]byte{0x50, 1}, encode(mixed)...)
	bodies["unknown field in a series"] = append(encode(usual), 0x0a, 2, 0x50, 1)
	bodies["label value twice"] = append(encode(usual), 0x0a, 8, 0x0a, 6, 0x12, 1, 'a', 0x12, 1, 'b')
	return bodies
}

func TestDecodeV1(t *testing.T) {
	requests := newRemoteRequests()
	for name, body := range bodiesV1(t) {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second time into used memory
				sent := bytes.Clone(body)
				request, err := requests.decode(sent, 1)
				require.NoError(t, err)
				clear(sent) // the buffer of the body is used again as well
				sameAsGenerated(t, body, 1, request, nil)
				requests.release(request, 1)
			}
		})
		for end := range body {
			request, err := requests.decode(body[:end], 1)
			sameAsGenerated(t, body[:end], 1, request, err)
		}
	}
}

func TestDecodeV2(t *testing.T) {
	table := &symbols{table: []string{""}}
	request := &writev2.Request{Timeseries: []writev2.TimeSeries{
		{LabelsRefs: table.refs("__name__", "up", "job", "ä"), Samples: []writev2.Sample{{Value: 1, Timestamp: at, StartTimestamp: at - 1}, {Timestamp: -1}}, Metadata: writev2.Metadata{Type: 1, HelpRef: 1, UnitRef: 2}},
		{LabelsRefs: table.refs("__name__", "h"), Histograms: []writev2.Histogram{writev2.FromIntHistogram(0, at, testHistogram())}, Exemplars: []writev2.Exemplar{{LabelsRefs: []uint32{1, 2}}}},
		{LabelsRefs: []uint32{1, 1 << 31}, Samples: []writev2.Sample{{Value: 3}}},
		{},
	}}
	request.Symbols = table.table
	body, err := request.Marshal()
	require.NoError(t, err)
	requests := newRemoteRequests()
	for _, sent := range [][]byte{body, append(bytes.Clone(body), 0x50, 1), body, append(bytes.Clone(body), 0x2a, 2, 0x08, 1), nil} {
		copied := bytes.Clone(sent)
		decoded, err := requests.decode(copied, 2)
		require.NoError(t, err)
		clear(copied)
		sameAsGenerated(t, sent, 2, decoded, nil)
		requests.release(decoded, 2)
	}
	for end := range body {
		decoded, err := requests.decode(body[:end], 2)
		sameAsGenerated(t, body[:end], 2, decoded, err)
	}
}

func TestDecodeMalformed(t *testing.T) {
	for _, body := range [][]byte{
		{0x0a},
		{0x0a, 5},
		{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x0a, 3, 0x0a, 0xff, 0xff},
		{0x0a, 4, 0x12, 2, 0x09, 1},
		{0x80, 0x80},
		{0x22, 9},
		{0x2a, 2, 0x0a, 7},
	} {
		for version := 1; version <= 2; version++ {
			request, err := newRemoteRequests().decode(body, version)
			sameAsGenerated(t, body, version, request, err)
		}
	}
}

func TestDecodeKeepsNothingOfARequest(t *testing.T) {
	for name, body := range bodiesV1(t) {
		request := &requestV1{}
		require.NoError(t, request.unmarshal(body))
		request.reset()
		assert.Empty(t, request.series, name)
		for _, label := range request.labels[:cap(request.labels)] {
			assert.Zero(t, label, name)
		}
		for i := range request.series[:cap(request.series)] {
			assert.Zero(t, request.series[:cap(request.series)][i], name)
		}
	}
}
