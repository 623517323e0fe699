package promapi

import (
	"encoding/json"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pharos-obs/pharos/backend/query/queryjson"
)

// response is a successful answer.
type response struct {
	data     appender
	warnings []string
	infos    []string
	close    func() error // gives the data back when it is written; may be nil
}

// appender appends itself as JSON.
type appender interface {
	appendJSON(b []byte) []byte
}

func (r response) appendJSON(b []byte) []byte {
	b = append(b, `{"status":"success","data":`...)
	b = r.data.appendJSON(b)
	if len(r.warnings) > 0 {
		b = append(b, `,"warnings":`...)
		b = queryjson.AppendStrings(b, r.warnings)
	}
	if len(r.infos) > 0 {
		b = append(b, `,"infos":`...)
		b = queryjson.AppendStrings(b, r.infos)
	}
	return append(b, '}')
}

func appendError(b []byte, kind errorType, message string) []byte {
	b = append(b, `{"status":"error","errorType":`...)
	b = queryjson.AppendString(b, string(kind))
	b = append(b, `,"error":`...)
	b = queryjson.AppendString(b, message)
	return append(b, '}')
}

// encoded is JSON already.
type encoded []byte

func (e encoded) appendJSON(b []byte) []byte { return append(b, e...) }

// plain encodes a small value by reflection.
func plain(value any) (appender, error) {
	text, err := json.Marshal(value)
	return encoded(text), err
}

// stringList is an array of strings.
type stringList []string

func (l stringList) appendJSON(b []byte) []byte { return queryjson.AppendStrings(b, l) }

// labelSets is an array of label sets.
type labelSets []labels.Labels

func (s labelSets) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i, set := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = queryjson.AppendLabels(b, set)
	}
	return append(b, ']')
}

// queryData is the value of a query.
type queryData struct{ value parser.Value }

func (d queryData) appendJSON(b []byte) []byte {
	b = append(b, `{"resultType":`...)
	b = queryjson.AppendString(b, string(d.value.Type()))
	b = append(b, `,"result":`...)
	switch value := d.value.(type) {
	case promql.Matrix:
		b = appendMatrix(b, value)
	case promql.Vector:
		b = appendVector(b, value)
	case promql.Scalar:
		b = appendPoint(b, value.T, value.V)
	case promql.String:
		b = append(b, '[')
		b = queryjson.AppendSeconds(b, value.T)
		b = append(b, ',')
		b = queryjson.AppendString(b, value.V)
		b = append(b, ']')
	default:
		b = append(b, "null"...)
	}
	return append(b, '}')
}

func appendVector(b []byte, vector promql.Vector) []byte {
	b = append(b, '[')
	for i, sample := range vector {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"metric":`...)
		b = queryjson.AppendLabels(b, sample.Metric)
		if sample.H == nil {
			b = append(b, `,"value":`...)
			b = appendPoint(b, sample.T, sample.F)
		} else {
			b = append(b, `,"histogram":`...)
			b = appendHistogramPoint(b, promql.HPoint{T: sample.T, H: sample.H})
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendMatrix(b []byte, matrix promql.Matrix) []byte {
	b = append(b, '[')
	for i, series := range matrix {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSeries(b, series)
	}
	return append(b, ']')
}

func appendSeries(b []byte, series promql.Series) []byte {
	b = append(b, `{"metric":`...)
	b = queryjson.AppendLabels(b, series.Metric)
	if len(series.Floats) > 0 {
		b = append(b, `,"values":[`...)
		for i, point := range series.Floats {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendPoint(b, point.T, point.F)
		}
		b = append(b, ']')
	}
	if len(series.Histograms) > 0 {
		b = append(b, `,"histograms":[`...)
		for i, point := range series.Histograms {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendHistogramPoint(b, point)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func appendPoint(b []byte, t int64, value float64) []byte {
	b = append(b, '[')
	b = queryjson.AppendSeconds(b, t)
	b = append(b, ',')
	b = queryjson.AppendQuoted(b, value)
	return append(b, ']')
}

func appendHistogramPoint(b []byte, point promql.HPoint) []byte {
	b = append(b, '[')
	b = queryjson.AppendSeconds(b, point.T)
	b = append(b, ',')
	b = queryjson.AppendHistogram(b, point.H)
	return append(b, ']')
}

// maxPooledBuffer keeps one large answer from staying in memory for ever.
const maxPooledBuffer = 4 << 20

func (a *API) keepBuffer(b *[]byte) {
	if cap(*b) <= maxPooledBuffer {
		*b = (*b)[:0]
		a.buffers.Put(b)
	}
}
