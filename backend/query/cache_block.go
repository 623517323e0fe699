package query

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"

	"github.com/pharos-obs/pharos/storage"
)

const (
	maxCachedSeries = 5000
	maxBlockBytes   = 4 << 20 // of one block, compressed
	cacheFormat     = "1"     // part of every key: another form of blocks is not found
)

// question is what an answer depends on, but for the data.
type question struct {
	org    storage.OrgID
	span   Range
	prefix string // of the keys of its blocks
}

// newQuestion returns the question for an expression in the parser's own form.
func newQuestion(org storage.OrgID, expr string, lookback time.Duration, span Range) question {
	from, step := span.From.UnixMilli(), span.Step.Milliseconds()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d\x00%d\x00%d", cacheFormat, org, expr, lookback, step, from-alignDown(from, step)))
	return question{org, span, "query:block:" + hex.EncodeToString(sum[:16]) + ":"}
}

// generationKey names what changes whenever data of an organisation is deleted.
func generationKey(org storage.OrgID) string { return "query:generation:" + string(org) }

// key names a block.
func (q question) key(block int64) string { return q.prefix + strconv.FormatInt(block, 10) }

// keys names the blocks among pieces, and says where they are.
func (q question) keys(pieces []piece) (keys []string, whole []int) {
	for i := range pieces {
		if pieces[i].whole {
			keys, whole = append(keys, q.key(pieces[i].block)), append(whole, i)
		}
	}
	return keys, whole
}

// answerBlock is a part of an answer.
type answerBlock struct {
	Generation string        `json:"generation"`
	Infos      []string      `json:"infos,omitempty"`
	Rollup     time.Duration `json:"rollup,omitempty"`
	Matrix     promql.Matrix `json:"-"`
}

// encodeBlock writes a line of JSON and Prometheus' remote-read message of the series, compressed.
func encodeBlock(block *answerBlock) ([]byte, error) {
	head, err := json.Marshal(block)
	if err != nil {
		return nil, fmt.Errorf("encode the head: %w", err)
	}
	message := prompb.QueryResult{Timeseries: make([]*prompb.TimeSeries, len(block.Matrix))}
	for i, series := range block.Matrix {
		encoded := &prompb.TimeSeries{Labels: prompb.FromLabels(series.Metric, nil), Samples: make([]prompb.Sample, len(series.Floats))}
		for j, point := range series.Floats {
			encoded.Samples[j] = prompb.Sample{Timestamp: point.T, Value: point.F}
		}
		for _, point := range series.Histograms {
			encoded.Histograms = append(encoded.Histograms, prompb.FromFloatHistogram(point.T, point.H))
		}
		message.Timeseries[i] = encoded
	}
	body, err := message.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode the series: %w", err)
	}
	return s2.Encode(nil, slices.Concat(head, []byte("\n"), body)), nil
}

func decodeBlock(content []byte) (*answerBlock, error) {
	plain, err := s2.Decode(nil, content)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	head, body, _ := bytes.Cut(plain, []byte("\n"))
	block := &answerBlock{}
	if err := json.Unmarshal(head, block); err != nil {
		return nil, fmt.Errorf("decode the head: %w", err)
	}
	var message prompb.QueryResult
	if err := message.Unmarshal(body); err != nil {
		return nil, fmt.Errorf("decode the series: %w", err)
	}
	builder := labels.NewScratchBuilder(0)
	block.Matrix = make(promql.Matrix, len(message.Timeseries))
	for i, series := range message.Timeseries {
		decoded := promql.Series{Metric: series.ToLabels(&builder, nil)}
		if len(series.Samples) > 0 {
			decoded.Floats = make([]promql.FPoint, len(series.Samples))
		}
		for j, sample := range series.Samples {
			decoded.Floats[j] = promql.FPoint{T: sample.Timestamp, F: sample.Value}
		}
		for j := range series.Histograms {
			decoded.Histograms = append(decoded.Histograms, promql.HPoint{T: series.Histograms[j].Timestamp, H: series.Histograms[j].ToFloatHistogram()})
		}
		block.Matrix[i] = decoded
	}
	return block, nil
}

// within returns the points of a matrix in a span of times, both ends included. It shares their
// memory.
func within(matrix promql.Matrix, from, to int64) promql.Matrix {
	part := make(promql.Matrix, 0, len(matrix))
	for _, series := range matrix {
		floats := series.Floats[sort.Search(len(series.Floats), func(i int) bool { return series.Floats[i].T >= from }):]
		floats = floats[:sort.Search(len(floats), func(i int) bool { return floats[i].T > to })]
		histograms := series.Histograms[sort.Search(len(series.Histograms), func(i int) bool { return series.Histograms[i].T >= from }):]
		histograms = histograms[:sort.Search(len(histograms), func(i int) bool { return histograms[i].T > to })]
		if len(floats)+len(histograms) > 0 {
			part = append(part, promql.Series{Metric: series.Metric, Floats: floats, Histograms: histograms})
		}
	}
	return part
}

// join puts parts of an answer together, in the order of time.
type join struct {
	steps    int
	place    map[string]int // of a series, by its labels
	matrix   promql.Matrix
	warnings []string
	infos    []string
	rollup   time.Duration
	buffer   []byte
}

func newJoin(span Range) *join {
	return &join{steps: int(span.To.Sub(span.From)/span.Step) + 1, place: make(map[string]int), warnings: []string{}, infos: []string{}}
}

func (j *join) addBlocks(pieces []piece) {
	for i := range pieces {
		if block := pieces[i].found; block != nil {
			j.add(block.Matrix, &Result{Infos: block.Infos, Rollup: block.Rollup})
		}
	}
}

// add copies points, because those of a result are used again.
func (j *join) add(matrix promql.Matrix, from *Result) {
	j.warnings, j.infos = unite(j.warnings, from.Warnings), unite(j.infos, from.Infos)
	j.rollup = max(j.rollup, from.Rollup)
	for _, series := range matrix {
		j.buffer = series.Metric.Bytes(j.buffer)
		at, known := j.place[string(j.buffer)]
		if !known {
			at = len(j.matrix)
			j.place[string(j.buffer)] = at
			j.matrix = append(j.matrix, promql.Series{Metric: series.Metric})
		}
		target := &j.matrix[at]
		if len(series.Floats) > 0 && target.Floats == nil {
			target.Floats = make([]promql.FPoint, 0, max(j.steps, len(series.Floats)))
		}
		target.Floats = append(target.Floats, series.Floats...)
		for _, point := range series.Histograms {
			target.Histograms = append(target.Histograms, promql.HPoint{T: point.T, H: copied(point.H)})
		}
	}
}

func copied(h *histogram.FloatHistogram) *histogram.FloatHistogram {
	if h == nil {
		return nil
	}
	return h.Copy()
}

// unite adds what is new to texts.
func unite(known, more []string) []string {
	for _, text := range more {
		if !slices.Contains(known, text) && len(known) < maxAnnotations {
			known = append(known, text)
		}
	}
	return known
}

// result returns the whole, in the engine's order.
func (j *join) result() *Result {
	sort.Sort(j.matrix)
	return &Result{Value: j.matrix, Warnings: j.warnings, Infos: j.infos, Rollup: j.rollup}
}
