package queryjson

import (
	"encoding/json"
	"math"
	"testing"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/util/jsonutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// prometheus returns what Prometheus' own encoder writes.
func prometheus(write func(*jsoniter.Stream)) string {
	stream := jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, nil, 64)
	write(stream)
	return string(stream.Buffer())
}

func FuzzNumbersAreAsInPrometheus(f *testing.F) {
	for _, value := range []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1e-7, 1e-6, 1e15, 999999999999999, 1e20, 1e21, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1), -123456.789} {
		f.Add(value, int64(1435781451781))
	}
	f.Add(0.0, int64(-1))
	f.Add(0.0, int64(-1001))
	f.Add(0.0, int64(1010))
	f.Fuzz(func(t *testing.T, value float64, at int64) {
		assert.Equal(t, prometheus(func(s *jsoniter.Stream) { jsonutil.MarshalFloat(value, s) }), string(AppendQuoted(nil, value)))
		if at != math.MinInt64 {
			assert.Equal(t, prometheus(func(s *jsoniter.Stream) { jsonutil.MarshalTimestamp(at, s) }), string(AppendSeconds(nil, at)))
		}
		var back any
		require.NoError(t, json.Unmarshal(AppendNumber(nil, value), &back))
		if number, ok := back.(float64); ok {
			assert.Equal(t, value, number)
		} else {
			assert.True(t, math.IsNaN(value) || math.IsInf(value, 0))
		}
	})
}

func FuzzStringsSurvive(f *testing.F) {
	for _, s := range []string{"", "plain", `quote " and \`, "tab\t", "é", "\xff", "<&>", "\u2028", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		require.NoError(t, json.Unmarshal(AppendString(nil, s), &back))
		if utf8.ValidString(s) {
			assert.Equal(t, s, back)
		}
	})
}

func TestAppendLabels(t *testing.T) {
	assert.Equal(t, `{}`, string(AppendLabels(nil, labels.EmptyLabels())))
	assert.JSONEq(t, `{"__name__":"up","a":"\"x\""}`, string(AppendLabels(nil, labels.FromStrings("a", `"x"`, "__name__", "up"))))
	assert.Equal(t, `["a","b"]`, string(AppendStrings(nil, []string{"a", "b"})))
	assert.Equal(t, `[]`, string(AppendStrings(nil, nil)))
}

func TestHistogramsAreAsInPrometheus(t *testing.T) {
	spans := []histogram.Span{{Offset: 0, Length: 2}, {Offset: 2, Length: 1}}
	tests := []*histogram.FloatHistogram{
		{},
		{
			Count: 12, Sum: -1.5, ZeroCount: 2, ZeroThreshold: 0.001, Schema: 1,
			PositiveSpans: spans, PositiveBuckets: []float64{1, 0, 3}, NegativeSpans: spans, NegativeBuckets: []float64{2, 3, 1},
		},
		{Count: 6, Sum: 9, Schema: histogram.CustomBucketsSchema, CustomValues: []float64{1, 2}, PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{1, 2, 3}},
	}
	for _, h := range tests {
		assert.Equal(t, prometheus(func(s *jsoniter.Stream) { jsonutil.MarshalHistogram(h, s) }), string(AppendHistogram(nil, h)))
	}
}
