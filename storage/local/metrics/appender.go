package metrics

import (
	"context"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/storage"
)

// refBits is how much of a series reference the TSDB uses; the generation is above it.
const refBits = 40

const refMask = 1<<refBits - 1

// appender adds samples to one organisation's TSDB.
type appender struct {
	ctx   context.Context //nolint:containedctx // An appender is bound to its request.
	db    *database
	inner promstorage.AppenderV2
	salt  uint64 // the generation, in its place above the reference
	known familyTable
	news  []family
	count int64
	sync  bool
}

var (
	_ promstorage.AppenderV2 = (*appender)(nil)
	_ promstorage.GetRef     = (*appender)(nil)

	_ storage.FamilyDescriber = (*appender)(nil)
)

func newAppender(ctx context.Context, h *handle) *appender {
	return &appender{
		ctx:   ctx,
		db:    h.db,
		inner: h.db.AppenderV2(ctx),
		salt:  h.db.generation.Load() << refBits,
		known: h.db.families.table(),
		sync:  h.org.store.cfg.Sync,
	}
}

// Append implements storage.AppenderV2. A reference is only a hint: one from another
// generation is looked up by the labels.
func (a *appender) Append(ref promstorage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts promstorage.AppendV2Options) (promstorage.SeriesRef, error) {
	if ref != 0 && uint64(ref)&^refMask == a.salt {
		ref &= refMask
	} else {
		var err error
		if ref, err = a.resolve(ls, st, t, v, h, fh); err != nil {
			return 0, err
		}
	}
	ref, err := a.inner.Append(ref, ls, st, t, v, h, fh, opts)
	if ref == 0 {
		return 0, err
	}
	a.count++
	if !opts.Metadata.IsEmpty() {
		a.note(opts.MetricFamilyName, ls, opts.Metadata)
	}
	return ref | promstorage.SeriesRef(a.salt), err
}

// resolve finds a series by its labels. A new one is created by an appender of its own that
// is rolled back at once: that logs the series and nothing else, before another appender can
// find it and commit samples which replay would meet before their series.
func (a *appender) resolve(ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) (promstorage.SeriesRef, error) {
	ls = ls.WithoutEmpty()
	hash := ls.Hash()
	a.db.creating.RLock()
	ref := a.find(ls, hash)
	a.db.creating.RUnlock()
	if ref != 0 {
		return ref, nil
	}

	a.db.creating.Lock()
	defer a.db.creating.Unlock()
	if ref = a.find(ls, hash); ref != 0 {
		return ref, nil
	}
	creator := a.db.AppenderV2(a.ctx)
	_, appendErr := creator.Append(0, ls, st, t, v, h, fh, promstorage.AppendV2Options{})
	if err := creator.Rollback(); err != nil {
		a.db.fail(err)
		return 0, storeError("log a new series", err)
	}
	return a.find(ls, hash), appendErr
}

func (a *appender) find(ls labels.Labels, hash uint64) promstorage.SeriesRef {
	getter, ok := a.inner.(promstorage.GetRef)
	if !ok {
		return 0
	}
	ref, _ := getter.GetRef(ls, hash)
	return ref
}

// GetRef implements storage.GetRef.
func (a *appender) GetRef(ls labels.Labels, hash uint64) (promstorage.SeriesRef, labels.Labels) {
	getter, ok := a.inner.(promstorage.GetRef)
	if !ok {
		return 0, labels.EmptyLabels()
	}
	a.db.creating.RLock()
	defer a.db.creating.RUnlock()
	ref, found := getter.GetRef(ls, hash)
	if ref == 0 {
		return 0, found
	}
	return ref | promstorage.SeriesRef(a.salt), found
}

// Commit implements storage.AppenderV2.
func (a *appender) Commit() error {
	if err := a.db.families.add(a.news); err != nil {
		_ = a.inner.Rollback()
		return storeError("write metadata of metrics", err)
	}
	if err := a.inner.Commit(); err != nil {
		a.db.fail(err)
		return storeError("write metrics", err)
	}
	a.db.samples.add(a.count)
	if !a.sync {
		return nil
	}
	if err := a.db.sync.wait(); err != nil {
		a.db.fail(err)
		return storeError("sync metrics to disk", err)
	}
	return nil
}

// Rollback implements storage.AppenderV2.
func (a *appender) Rollback() error {
	if err := a.inner.Rollback(); err != nil {
		a.db.fail(err)
		return storeError("roll back metrics", err)
	}
	return nil
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
