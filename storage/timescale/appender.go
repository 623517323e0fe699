package timescale

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// appender gathers the samples of one commit.
type appender struct {
	ctx   context.Context //nolint:containedctx // An appender is bound to its request.
	store *Store
	org   *org
	cache *seriesCache

	oldest, newest int64 // the times that are taken
	fresh          int64 // how many series the commit may create

	rows      []row
	exemplars []exemplarRow
	families  []family
	described family // the last
}

// row is a sample to store.
type row struct {
	series    *entry
	id        int64 // of the series, at commit
	t, start  int64
	bits      uint64 // of the value, or a hash of the histogram
	histogram []byte
}

// exemplarRow is an exemplar to store.
type exemplarRow struct {
	series *entry
	exemplar.Exemplar
}

// family is what one source said of a metric family.
type family struct {
	name string
	meta metadata.Metadata
}

var (
	_ promstorage.AppenderV2  = (*appender)(nil)
	_ storage.FamilyDescriber = (*appender)(nil)
)

// What PostgreSQL can say of times, in Unix milliseconds: the years 1 to 9999.
const (
	minTime = -62_135_596_800_000
	maxTime = 253_402_300_799_999
)

func newAppender(ctx context.Context, s *Store, o *org) *appender {
	a := &appender{ctx: ctx, store: s, org: o, cache: o.cache.Load(), oldest: minTime, newest: maxTime}
	now := time.Now()
	window := time.Duration(s.cfg.RetentionTime)
	if w := time.Duration(s.cfg.OutOfOrderWindow); w > 0 && (window == 0 || w < window) {
		window = w
	}
	if window > 0 {
		a.oldest = now.Add(-window).UnixMilli()
	}
	if s.cfg.MaxFuture > 0 {
		a.newest = now.Add(time.Duration(s.cfg.MaxFuture)).UnixMilli()
	}
	return a
}

// reference is what Append returns: series are found by their labels, and a reference from
// elsewhere is never wrong.
const reference promstorage.SeriesRef = 1

// Append implements storage.AppenderV2.
func (a *appender) Append(_ promstorage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts promstorage.AppendV2Options) (promstorage.SeriesRef, error) {
	if t < a.oldest {
		return 0, promstorage.ErrTooOldSample
	}
	if t > a.newest {
		return 0, promstorage.ErrOutOfBounds
	}
	r := row{t: t, start: st, bits: math.Float64bits(v)}
	if h != nil || fh != nil {
		var err error
		if r.histogram, err = encodeHistogram(t, h, fh); err != nil {
			return 0, err
		}
		r.bits = xxhash.Sum64(r.histogram)
	}
	if st < minTime || st > maxTime {
		r.start = 0
	}
	var err error
	if r.series, err = a.series(ls); err != nil {
		return 0, err
	}
	taken, err := a.admit(r, opts.RejectOutOfOrder)
	if err != nil {
		return 0, err
	}
	if taken {
		a.rows = append(a.rows, r)
	} else {
		a.store.counters.duplicates.Add(1)
	}
	for _, e := range opts.Exemplars {
		if !e.HasTs {
			e.Ts = t
		}
		if err := checkLabels(e.Labels); err == nil && e.Ts >= minTime && e.Ts <= maxTime {
			e.Labels = e.Labels.Copy()
			a.exemplars = append(a.exemplars, exemplarRow{r.series, e})
		}
	}
	if !opts.Metadata.IsEmpty() {
		name := opts.MetricFamilyName
		if name == "" {
			name = ls.Get(model.MetricNameLabel)
		}
		a.DescribeFamily(name, opts.Metadata)
	}
	return reference, nil
}

// admit says whether a sample has to be stored, as far as this process knows: false for one that
// has been stored, an error for one that contradicts it.
func (a *appender) admit(r row, inOrder bool) (bool, error) {
	e := r.series
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last.contradicts(r.t, r.bits) || e.pending == a && e.added.contradicts(r.t, r.bits) {
		return false, promstorage.ErrDuplicateSampleForTimestamp
	}
	if inOrder && (e.last.set && r.t < e.last.t || e.pending == a && r.t < e.added.t) {
		return false, promstorage.ErrOutOfOrderSample
	}
	if e.pending != a && e.id.Load() == 0 && !e.exists.Load() {
		a.fresh++
	}
	again := e.pending == a && e.added.set && e.added.t == r.t
	e.pending, e.added = a, sample{r.t, r.bits, true}
	return !again, nil
}

// series returns the entry of a series, which need not exist in the database yet.
func (a *appender) series(ls labels.Labels) (*entry, error) {
	ls = ls.WithoutEmpty()
	hash := ls.Hash()
	e := a.cache.get(ls, hash)
	if e == nil {
		if err := checkLabels(ls); err != nil {
			return nil, err
		}
		// The cache outlives the request, whose strings may be parts of its whole body.
		e = &entry{labels: ls.Copy(), hash: hash}
	} else if e.id.Load() != 0 {
		return e, nil
	}
	limit := int64(a.store.cfg.MaxSeries)
	if limit > 0 && a.org.count.Load()+a.fresh >= limit && !e.pendingIn(a) {
		if err := a.lookUp(e, limit); err != nil {
			return nil, err
		}
	}
	return a.cache.put(e), nil
}

// pendingIn says whether the commit of an appender will create the series anyway.
func (e *entry) pendingIn(a *appender) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pending == a
}

// lookUp finds out whether a series exists when there may be no room for another one.
func (a *appender) lookUp(e *entry, limit int64) error {
	taken, err := a.cache.census(func() (*census, error) { return a.store.takeCensus(a.ctx, a.org) })
	switch {
	case err != nil:
		return coded("count series", err)
	case taken.has(hash128(e.labels)):
		e.exists.Store(true)
	case max(taken.count, a.org.count.Load())+a.fresh >= limit:
		return storage.ErrSeriesLimit
	}
	return nil
}

// takeCensus reads which series an organisation has.
func (s *Store) takeCensus(ctx context.Context, o *org) (*census, error) {
	taken := &census{at: time.Now()}
	rows, err := s.pool.Query(ctx, s.sql("SELECT hash FROM pharos.series WHERE org_id = $1"), string(o.id))
	if err != nil {
		return nil, err
	}
	var hash [16]byte
	if _, err = pgx.ForEachRow(rows, []any{&hash}, func() error {
		taken.hashes = append(taken.hashes, binary.BigEndian.Uint64(hash[:]))
		return nil
	}); err != nil {
		return nil, err
	}
	slices.Sort(taken.hashes)
	taken.count = int64(len(taken.hashes))
	o.count.Store(taken.count)
	s.counters.censuses.Add(1)
	return taken, nil
}

// maxNameBytes is how long a metric's name may be, as it stands in an index.
const maxNameBytes = 1024

// checkLabels says why PostgreSQL could not hold some labels.
func checkLabels(ls labels.Labels) error {
	if name, twice := ls.HasDuplicateLabelNames(); twice {
		return errcode.InvalidField("labels", fmt.Sprintf("label %q is there twice", name), "send it once")
	}
	return ls.Validate(func(l labels.Label) error {
		switch {
		case !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value):
			return errcode.InvalidField("labels", fmt.Sprintf("label %q is not UTF-8", l.Name), "send UTF-8")
		case strings.IndexByte(l.Name, 0) >= 0 || strings.IndexByte(l.Value, 0) >= 0:
			return errcode.InvalidField("labels", fmt.Sprintf("label %q has a zero byte, which PostgreSQL can't hold", l.Name), "leave it out")
		case l.Name == model.MetricNameLabel && len(l.Value) > maxNameBytes:
			return errcode.InvalidField("labels", fmt.Sprintf("the metric's name has %d bytes", len(l.Value)), fmt.Sprintf("use at most %d", maxNameBytes))
		}
		return nil
	})
}

// DescribeFamily implements storage.FamilyDescriber. What can't be stored is left out.
func (a *appender) DescribeFamily(name string, meta metadata.Metadata) {
	f := family{name, meta}
	if f == a.described || name == "" || len(name) > maxNameBytes {
		return
	}
	a.described = f
	a.org.mu.Lock()
	_, known := a.org.families[f]
	a.org.mu.Unlock()
	if known {
		return
	}
	for _, text := range []string{name, string(meta.Type), meta.Unit, meta.Help} {
		if !storable(text) {
			return
		}
	}
	a.families = append(a.families, family{strings.Clone(name), metadata.Metadata{
		Type: model.MetricType(strings.Clone(string(meta.Type))), Unit: strings.Clone(meta.Unit), Help: strings.Clone(meta.Help),
	}})
}

// storable says whether PostgreSQL can hold a text.
func storable(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}

// Rollback implements storage.AppenderV2.
func (a *appender) Rollback() error {
	a.rows, a.exemplars, a.families = nil, nil, nil
	return nil
}

// encodeHistogram returns the Histogram message of remote write 2.
func encodeHistogram(t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) ([]byte, error) {
	var message writev2.Histogram
	if h != nil {
		if err := h.Validate(); err != nil {
			return nil, badHistogram(err)
		}
		message = writev2.FromIntHistogram(0, t, h)
	} else {
		if err := fh.Validate(); err != nil {
			return nil, badHistogram(err)
		}
		message = writev2.FromFloatHistogram(0, t, fh)
	}
	return message.Marshal()
}

func badHistogram(err error) error {
	return errcode.InvalidField("value", "is not a valid histogram: "+err.Error(), "make its buckets add up to its count")
}

// refusing is the appender of a store that takes no samples.
type refusing struct{ err error }

// Append implements storage.AppenderV2.
func (r refusing) Append(promstorage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, promstorage.AppendV2Options) (promstorage.SeriesRef, error) {
	return 0, r.err
}

// Commit implements storage.AppenderV2.
func (r refusing) Commit() error { return r.err }

// Rollback implements storage.AppenderV2.
func (r refusing) Rollback() error { return nil }
