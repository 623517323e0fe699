// Package queryjson appends the values of query answers to a buffer as JSON.
//
// An answer of a thousand series and a thousand points each is encoded in milliseconds this
// way, where reflection takes a second.
package queryjson

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// AppendString appends a JSON string.
func AppendString(b []byte, s string) []byte {
	if !isPlain(s) {
		return appendEscaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// isPlain says whether a string needs no escaping.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendEscaped(b []byte, s string) []byte {
	encoded, err := json.Marshal(s)
	if err != nil { // no string fails
		return append(b, `""`...)
	}
	return append(b, encoded...)
}

// AppendLabels appends labels as an object, in their order.
func AppendLabels(b []byte, set labels.Labels) []byte {
	b = append(b, '{')
	first := true
	set.Range(func(l labels.Label) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = AppendString(b, l.Name)
		b = append(b, ':')
		b = AppendString(b, l.Value)
	})
	return append(b, '}')
}

// AppendQuoted appends a number as a string, as the Prometheus API has it.
func AppendQuoted(b []byte, value float64) []byte {
	b = append(b, '"')
	b = appendFloat(b, value)
	return append(b, '"')
}

// AppendNumber appends a number, or "NaN", "+Inf" or "-Inf" as a string, because JSON has no
// numbers for them.
func AppendNumber(b []byte, value float64) []byte {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return AppendQuoted(b, value)
	}
	return appendFloat(b, value)
}

// AppendNumberOrNull appends a number, or null where JSON has no number for it.
func AppendNumberOrNull(b []byte, value float64) []byte {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return append(b, "null"...)
	}
	return appendFloat(b, value)
}

// AppendBool appends true or false.
func AppendBool(b []byte, value bool) []byte { return strconv.AppendBool(b, value) }

// appendFloat chooses the form that encoding/json and the Prometheus API choose.
func appendFloat(b []byte, value float64) []byte {
	if whole := int64(value); float64(whole) == value && whole > -1e15 && whole < 1e15 && (whole != 0 || !math.Signbit(value)) {
		return strconv.AppendInt(b, whole, 10)
	}
	format := byte('f')
	if abs := math.Abs(value); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, value, format, -1, 64)
}

// AppendSeconds appends a time in milliseconds as seconds with up to three decimals.
func AppendSeconds(b []byte, milliseconds int64) []byte {
	if milliseconds < 0 {
		b = append(b, '-')
		milliseconds = -milliseconds
	}
	b = strconv.AppendInt(b, milliseconds/1000, 10)
	fraction := milliseconds % 1000
	if fraction == 0 {
		return b
	}
	b = append(b, '.')
	if fraction < 100 {
		b = append(b, '0')
	}
	if fraction < 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, fraction, 10)
}

// AppendHistogram appends a native histogram: count, sum and the buckets that are not empty,
// each as [boundary rule, lower, upper, count].
func AppendHistogram(b []byte, h *histogram.FloatHistogram) []byte {
	b = append(b, `{"count":`...)
	b = AppendQuoted(b, h.Count)
	b = append(b, `,"sum":`...)
	b = AppendQuoted(b, h.Sum)
	found := false
	buckets := h.AllBucketIterator()
	for buckets.Next() {
		bucket := buckets.At()
		if bucket.Count == 0 {
			continue
		}
		if found {
			b = append(b, ',')
		} else {
			b = append(b, `,"buckets":[`...)
		}
		found = true
		b = appendBucket(b, bucket)
	}
	if found {
		b = append(b, ']')
	}
	return append(b, '}')
}

func appendBucket(b []byte, bucket histogram.Bucket[float64]) []byte {
	b = append(b, '[', boundaryRule(bucket), ',')
	b = AppendQuoted(b, bucket.Lower)
	b = append(b, ',')
	b = AppendQuoted(b, bucket.Upper)
	b = append(b, ',')
	b = AppendQuoted(b, bucket.Count)
	return append(b, ']')
}

// boundaryRule says which ends belong to a bucket: 0 the upper, 1 the lower, 2 none, 3 both.
func boundaryRule(bucket histogram.Bucket[float64]) byte {
	switch {
	case bucket.LowerInclusive && bucket.UpperInclusive:
		return '3'
	case bucket.LowerInclusive:
		return '1'
	case bucket.UpperInclusive:
		return '0'
	}
	return '2'
}

// AppendStrings appends an array of strings.
func AppendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, s)
	}
	return append(b, ']')
}
