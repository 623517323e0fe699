package kafkareceiver

import (
	"slices"
	"sort"
	"time"
)

// ends remembers where a partition ended at which time, to tell of an offset up to which time
// everything that was written is before it. It needs no times of messages, which other machines'
// clocks have made.
type ends struct {
	seen []end // both ascending
}

type end struct {
	at     time.Time
	offset int64
}

// mostEnds bounds the memory; past it every second one is forgotten.
const mostEnds = 4096

// add notes that the partition ended at an offset, or later, at a time.
func (e *ends) add(at time.Time, offset int64) {
	last := len(e.seen) - 1
	switch {
	case last < 0 || offset > e.seen[last].offset:
		e.seen = append(e.seen, end{at, offset})
	case offset == e.seen[last].offset:
		e.seen[last].at = at
	default:
		e.seen = append(e.seen[:0], end{at, offset}) // the topic is another one
	}
	if len(e.seen) > mostEnds {
		kept := 0
		e.seen = slices.DeleteFunc(e.seen, func(end) bool {
			kept++
			return kept%2 == 0 && kept <= mostEnds
		})
	}
}

// passed returns the time before which everything was written at offsets below next; false when
// that is longer ago than what is remembered.
func (e *ends) passed(next int64) (time.Time, bool) {
	after := sort.Search(len(e.seen), func(i int) bool { return e.seen[i].offset > next })
	if after == 0 {
		return time.Time{}, false
	}
	return e.seen[after-1].at, true
}
