package timescale

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// How many series are read with one statement: few at first, so that the first answer is early,
// then as many as give about pageSamples.
const (
	firstPage   = 50
	largestPage = 5000
	pageSamples = 200_000
)

// seriesSet reads the series of one selection.
type seriesSet struct {
	ctx      context.Context //nolint:containedctx // A set lives as long as its query.
	querier  *querier
	matchers []*labels.Matcher
	hints    *promstorage.SelectHints

	begun bool
	found []known // those that are not read yet
	page  []promstorage.Series
	at    int
	size  int
	err   error
}

var _ promstorage.SeriesSet = (*seriesSet)(nil)

// Next implements storage.SeriesSet.
func (s *seriesSet) Next() bool {
	if s.err != nil {
		return false
	}
	if !s.begun {
		s.begun, s.size = true, firstPage
		if s.found, s.err = s.querier.find(s.ctx, s.matchers); s.err != nil {
			return false
		}
		if namesOnly(s.hints) {
			return s.listNames() && s.Next()
		}
	}
	for s.at++; s.at >= len(s.page); s.at++ {
		if len(s.found) == 0 {
			return false
		}
		if s.err = s.read(); s.err != nil {
			return false
		}
		s.at = -1
	}
	return true
}

// namesOnly says whether the caller wants no samples.
func namesOnly(hints *promstorage.SelectHints) bool { return hints != nil && hints.Func == "series" }

// listNames makes a page of all series, without their samples.
func (s *seriesSet) listNames() bool {
	if s.found, s.err = s.querier.inRange(s.ctx, s.found); s.err != nil {
		return false
	}
	for _, series := range s.found {
		s.page = append(s.page, promstorage.NewListSeries(series.labels, nil))
	}
	s.found = nil
	return true
}

// read reads the next page; series without samples in the range are not in it.
func (s *seriesSet) read() error {
	part := s.found[:min(s.size, len(s.found))]
	s.found = s.found[len(part):]
	read := s.querier.samples
	if s.querier.request != nil {
		read = s.querier.buckets
	}
	samples, count, err := read(s.ctx, part)
	if err != nil {
		return err
	}
	s.page = s.page[:0:0] // the caller keeps series of the page before
	for _, series := range part {
		if points := samples[series.id]; len(points) > 0 {
			s.page = append(s.page, &listedSeries{series.labels, points})
		}
	}
	s.size = min(max(len(part)*pageSamples/max(count, 1), firstPage), largestPage)
	return nil
}

// At implements storage.SeriesSet.
func (s *seriesSet) At() promstorage.Series { return s.page[s.at] }

// Err implements storage.SeriesSet.
func (s *seriesSet) Err() error { return s.err }

// Warnings implements storage.SeriesSet.
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// listedSeries is a series with its samples.
type listedSeries struct {
	labels labels.Labels
	points points
}

// Labels implements storage.Series.
func (s *listedSeries) Labels() labels.Labels { return s.labels }

// Iterator implements storage.Series. The caller may change the histograms that it gets.
func (s *listedSeries) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return promstorage.NewListSeriesIteratorWithCopy(s.points)
}

// points are the samples of a series in the order of time.
type points []point

// Len implements storage.Samples.
func (p points) Len() int { return len(p) }

// Get implements storage.Samples.
func (p points) Get(i int) chunks.Sample { return p[i] }

// point is a sample as it was read.
type point struct {
	t, st int64
	v     float64
	h     *histogram.Histogram
	fh    *histogram.FloatHistogram
}

func (p point) T() int64                { return p.t }
func (p point) ST() int64               { return p.st }
func (p point) F() float64              { return p.v }
func (p point) H() *histogram.Histogram { return p.h }

// FH implements chunks.Sample. Who asks an integer histogram for floats gets them, as from the
// chunks of a TSDB: PromQL does.
func (p point) FH() *histogram.FloatHistogram {
	if p.h != nil {
		return p.h.ToFloat(nil)
	}
	return p.fh
}

func (p point) Type() chunkenc.ValueType {
	switch {
	case p.h != nil:
		return chunkenc.ValHistogram
	case p.fh != nil:
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

func (p point) Copy() chunks.Sample {
	if p.h != nil {
		p.h = p.h.Copy()
	}
	if p.fh != nil {
		p.fh = p.fh.Copy()
	}
	return p
}

// samples reads the samples of some series in the range, by the series' ids, and counts them.
func (q *querier) samples(ctx context.Context, of []known) (map[int64]points, int, error) {
	read := make(map[int64]points, len(of))
	count, err := q.store.readSamples(ctx, q.pool, read, idsOf(of), q.mint, q.maxt)
	if err != nil {
		return nil, 0, err
	}
	return read, count, q.addHints(ctx, read)
}

func idsOf(of []known) []int64 {
	ids := make([]int64, len(of))
	for i, series := range of {
		ids[i] = series.id
	}
	return ids
}

// asker asks the database: a pool, or a transaction.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// readSamples appends the samples of series in a range to what has been read of them, and returns how
// many they are.
func (s *Store) readSamples(ctx context.Context, from asker, read map[int64]points, ids []int64, mint, maxt int64) (int, error) {
	rows, err := from.Query(ctx, s.sql(`SELECT series_id, time, value, start_time, histogram FROM pharos.samples
		WHERE series_id = ANY($1) AND time BETWEEN $2 AND $3 ORDER BY series_id, time`), ids, timeOf(mint), timeOf(maxt))
	if err != nil {
		return 0, coded("read samples", err)
	}
	defer rows.Close()
	var current points
	count, last, series := 0, int64(0), 0
	for rows.Next() {
		// As they come: most of the time of a query is spent here.
		raw := rows.RawValues()
		id := int64(binary.BigEndian.Uint64(raw[0]))
		if id != last {
			if current != nil {
				read[last] = current
			}
			if current = read[id]; current == nil {
				current = make(points, 0, count/max(series, 1))
			}
			last = id
			series++
		}
		p, err := decodePoint(raw[1:])
		if err != nil {
			return 0, fmt.Errorf("read a sample of series %d: %w", id, err)
		}
		current = append(current, p)
		count++
	}
	if current != nil {
		read[last] = current
	}
	return count, coded("read samples", rows.Err())
}

// decodePoint reads time, value, start_time and histogram in PostgreSQL's binary form.
func decodePoint(raw [][]byte) (point, error) {
	p := point{t: milliseconds(int64(binary.BigEndian.Uint64(raw[0])))}
	if raw[2] != nil {
		p.st = milliseconds(int64(binary.BigEndian.Uint64(raw[2])))
	}
	if raw[3] == nil {
		if raw[1] != nil {
			p.v = math.Float64frombits(binary.BigEndian.Uint64(raw[1]))
		}
		return p, nil
	}
	var message writev2.Histogram
	if err := message.Unmarshal(raw[3]); err != nil {
		return p, err
	}
	if message.IsFloatHistogram() {
		p.fh = message.ToFloatHistogram()
	} else {
		p.h = message.ToIntHistogram()
	}
	return p, nil
}

func timeOf(t int64) time.Time { return time.UnixMilli(t).UTC() }
