package series_test

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
)

// capture is a store that keeps what is appended as text, one line a sample. It refuses what
// refuse returns an error for.
type capture struct {
	refuse func(ls labels.Labels, ref promstorage.SeriesRef, t int64) error

	mu        sync.Mutex
	lines     []string
	refs      map[string]promstorage.SeriesRef
	committed int
	rolled    int
}

func (c *capture) AppenderV2(context.Context) promstorage.AppenderV2 { return (*captureAppender)(c) }

// take returns the lines, sorted and each once, and forgets them.
func (c *capture) take() []string {
	lines := slices.Compact(slices.Sorted(slices.Values(c.lines)))
	c.lines = nil
	return lines
}

type captureAppender capture

func (a *captureAppender) Append(ref promstorage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts promstorage.AppendV2Options) (promstorage.SeriesRef, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refuse != nil {
		if err := a.refuse(ls, ref, t); err != nil {
			return 0, err
		}
	}
	if a.refs == nil {
		a.refs = map[string]promstorage.SeriesRef{}
	}
	own, known := a.refs[ls.String()]
	if !known {
		own = promstorage.SeriesRef(len(a.refs) + 1)
		a.refs[ls.String()] = own
	}
	if ref != 0 && ref != own {
		return 0, fmt.Errorf("reference %d of %s used for %s", ref, ls, ls)
	}
	if len(opts.Exemplars) == 0 {
		opts.Exemplars = nil
	}
	a.lines = append(a.lines, fmt.Sprintf("%s %d %d %x %v %v %+v", ls, st, t, v, h, fh, opts))
	return own, nil
}

func (a *captureAppender) Commit() error   { a.committed++; return nil }
func (a *captureAppender) Rollback() error { a.rolled++; return nil }
