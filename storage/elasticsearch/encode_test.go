package elasticsearch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

func TestDocument(t *testing.T) {
	var e encoder
	row := &logrecord.Row{Time: 1_764_000_000_123_456_789, ID: "batch-7", Fields: []logfilter.Field{
		{Name: "service", Value: "checkout"},
		{Name: "level", Value: "error"},
		{Name: "message", Value: `Card "declined": 12.5 EUR`},
		{Name: "labels.http.route", Value: "/api/cart"},
		{Name: "labels.status", Value: "500"},
		{Name: "json.latency", Value: "-12.5"},
		{Name: "labels.body", Value: strings.Repeat("b", 1025)},
		{Name: "labels.a b", Value: "Yes"},
	}}
	for range 2 { // its buffers are used again
		text := e.document(nil, testOrg, row)
		assert.JSONEq(t, `{
			"time": "2025-11-24T16:00:00.123456789Z", "org_id": "5ab35aa1-8a5c-4b0e-9d6d-0c7b2a6f1111", "id": "batch-7",
			"service": "checkout", "level": "error", "message": "Card \"declined\": 12.5 EUR",
			"labels": {"http.route": "/api/cart", "status": "500", "body": "`+strings.Repeat("b", 1025)+`", "a b": "Yes"}, "json": {"latency": "-12.5"},
			"search": {
				"message": "Card declined 12 5 EUR",
				"words": "labels.http.route=api labels.http.route=cart json.latency=12 json.latency=5 labels.body=`+strings.Repeat("b", 90)+` %be9b7b00e2dbfbaf3e5ad2fa38bd9d9d=Yes",
				"fields": ["service", "level", "message", "labels.http.route", "labels.status", "json.latency", "labels.body", "labels.a b"],
				"long": ["labels.body"],
				"numbers": ["labels.status=c07f400000000000", "json.latency=3fd6ffffffffffff"]
			}}`, strings.Replace(string(text), wordPrefix("labels.a b"), "%be9b7b00e2dbfbaf3e5ad2fa38bd9d9d=", 1))
	}
}

func TestNumbersAreInOrder(t *testing.T) {
	numbers := []float64{math.Inf(-1), -math.MaxFloat64, -1e10, -2, -1.5, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 0.25, 1, 1.5, 2, 10, 500, 1e10, math.MaxFloat64, math.Inf(1)}
	texts := make([]string, len(numbers))
	for i, number := range numbers {
		texts[i] = string(appendNumber(nil, number))
	}
	assert.True(t, slices.IsSorted(texts))
	assert.Len(t, slices.Compact(texts), len(numbers))
	assert.Equal(t, appendNumber(nil, 0), appendNumber(nil, math.Copysign(0, -1)))
}

func FuzzWords(f *testing.F) {
	for _, text := range []string{"", "a", "GET /health 200 12ms", "łódź ŁÓDŹ_2", "日本語 テスト", "x² half ½", "broken \ufffd here", "\xff\xfe", "a\u00a0b\u2003c", strings.Repeat("long", 100)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip()
		}
		var want []string
		for _, word := range logfilter.SplitWords(text) {
			want = append(want, "p="+cutWord(word))
		}
		got := strings.Fields(string(appendWords(nil, "p=", text)))
		assert.Equal(t, want, slices.Clip(append([]string(nil), got...)))
		for _, word := range got {
			assert.LessOrEqual(t, len([]rune(word)), wordRunes+2)
		}
		var back string
		require.NoError(t, json.Unmarshal(appendString(nil, text), &back))
		assert.Equal(t, text, back)
	})
}
