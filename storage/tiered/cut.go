package tiered

import (
	"fmt"
	"math"
	"time"

	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pharos-obs/pharos/storage"
)

const (
	// retentionMargin keeps the cut away from samples that the hot store is about to drop.
	retentionMargin = time.Minute
	// patience is how far the writers, or the hot tier, may be behind before an answer says so.
	patience = 15 * time.Second
)

// cut divides time between the stores: the hot one has everything at it and later.
type cut struct {
	at    int64 // Unix milliseconds; math.MaxInt64 when the hot store is not read
	why   string
	now   time.Time
	state State
}

// cut returns where to divide an organisation's samples now. Why says, for people, why the hot
// store is not read; empty when it is.
func (m *Metrics) cut(org storage.OrgID, hotErr error) cut {
	c := cut{at: math.MinInt64, now: m.now(), state: m.progress.State()}
	switch {
	case hotErr != nil:
		c.at, c.why = math.MaxInt64, "the hot tier cannot be read: "+hotErr.Error()
		return c
	case !c.state.CaughtUp:
		c.at, c.why = math.MaxInt64, fmt.Sprintf("the hot tier is catching up, %d messages behind", c.state.Behind)
		return c
	}
	if from := m.progress.CompleteFrom(org); !from.IsZero() {
		c.at = from.UnixMilli()
	}
	if keeps := m.hot.Retention().Time; keeps > 0 {
		c.at = max(c.at, c.now.Add(retentionMargin-keeps).UnixMilli())
	}
	return c
}

// span is a range of time in Unix milliseconds, both ends included.
type span struct{ from, to int64 }

func (s span) empty() bool { return s.from > s.to }

// within returns the part of s that a caller with hints will look at.
func (s span) within(hints *promstorage.SelectHints) span {
	if hints == nil {
		return s
	}
	return span{max(s.from, hints.Start), min(s.to, hints.End)}
}

// hints narrows a caller's hints to s: stores go by them and not by the range of the querier.
func (s span) hints(from *promstorage.SelectHints) *promstorage.SelectHints {
	if from == nil {
		return nil
	}
	narrow := *from
	narrow.Start, narrow.End = s.from, s.to
	narrow.DisableTrimming = false
	return &narrow
}

// split divides a range into what comes from each store.
func (c cut) split(s span) (durable, hot span) {
	nothing := span{math.MaxInt64, math.MinInt64}
	switch c.at {
	case math.MinInt64:
		return nothing, s
	case math.MaxInt64:
		return s, nothing
	}
	return span{s.from, min(s.to, c.at-1)}, span{max(s.from, c.at), s.to}
}

// warnings says what of a range neither store can have yet.
func (c cut) warnings(s span) annotations.Annotations {
	var notes annotations.Annotations
	from, to := time.UnixMilli(s.from), earlier(c.now, time.UnixMilli(s.to))
	if until := earlier(to, time.UnixMilli(c.at)); c.at != math.MinInt64 && !c.state.Writers.IsZero() && until.Sub(c.state.Writers) > patience && from.Before(until) {
		missing := fmt.Sprintf("samples from %s to %s may be missing: the writers have not stored what came later than that", moment(later(from, c.state.Writers)), moment(until))
		if c.why != "" {
			missing += ", and " + c.why
		}
		notes.Add(fmt.Errorf("%s", missing))
	}
	if c.at != math.MaxInt64 && c.now.Sub(c.state.Until) > patience && to.After(c.state.Until) {
		notes.Add(fmt.Errorf("samples since %s may be missing: the hot tier is %s behind", moment(c.state.Until), c.now.Sub(c.state.Until).Round(time.Second)))
	}
	return notes
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
