// Package rejection collects what was refused of a batch while the rest was kept.
//
// A receiver puts a Report into the context before it calls the next consumer;
// processors and stores add to it what they leave out; the receiver turns it into
// `partial_success`, `rejected[]` or a remote-write error. A refusal of a whole request is
// an error and not a rejection.
package rejection

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Item is one refused data point or log record.
type Item struct {
	// Key identifies the item within its batch: SeriesKey of a data point, or the record id
	// of a log record.
	Key string
	// Time is the item's own time in Unix milliseconds; with Key it tells apart several samples
	// of one series.
	Time int64
	// Field is the field at fault in the terms of the JSON endpoints: time, metric_name,
	// labels, value, message ...
	Field string
	// Reason is a short constant for counting: too_old, too_far_in_future, series_limit,
	// label_limit, label_invalid, name_invalid, value_invalid, too_large, duplicate_timestamp,
	// delta_temporality, time_missing; and for what a request itself got wrong syntax,
	// unknown_field, duplicate_field, missing_field, wrong_type, invalid_utf8, time_invalid,
	// exemplar_without_sample, unlisted.
	Reason string
	// Message says what was wrong and how to mend it, for people.
	Message string
}

// maxItems bounds the memory of a report; past it items are only counted.
const maxItems = 1000

// Report collects rejections; it is safe for concurrent use. The zero value is ready.
type Report struct {
	mu    sync.Mutex
	items []Item
	count int
}

// Add notes one rejection. Adding to a nil report does nothing.
func (r *Report) Add(item Item) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	if len(r.items) < maxItems {
		r.items = append(r.items, item)
	}
}

// Count returns how many items were refused.
func (r *Report) Count() int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// Items returns a copy of the first thousand rejections, in the order they were added.
func (r *Report) Items() []Item {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Item(nil), r.items...)
}

// Summary returns the rejections in one sentence for `partial_success.error_message`: the
// first message, and how many more there are. It is empty when nothing was refused.
func (r *Report) Summary() string {
	items, count := r.Items(), r.Count()
	switch count {
	case 0:
		return ""
	case 1:
		return items[0].Message
	}
	return fmt.Sprintf("%s (and %d more)", items[0].Message, count-1)
}

type contextKey struct{}

// NewContext returns a context that carries the report.
func NewContext(ctx context.Context, report *Report) context.Context {
	return context.WithValue(ctx, contextKey{}, report)
}

// FromContext returns the report of the context, or nil, which takes and forgets.
func FromContext(ctx context.Context) *Report {
	report, _ := ctx.Value(contextKey{}).(*Report)
	return report
}

// SeriesKey identifies a data point's series within a batch: metric name and attributes, in
// no particular order.
func SeriesKey(metric string, attributes pcommon.Map) string {
	hash := uint64(0)
	for name, value := range attributes.All() {
		hash += pairHash(name, value.AsString())
	}
	return fmt.Sprintf("%s/%016x", metric, hash)
}

// pairHash is FNV-1a over name, a zero byte and value. Pairs are added up, so that their order
// does not matter.
func pairHash(name, value string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	hash := uint64(offset)
	for i := range len(name) {
		hash = (hash ^ uint64(name[i])) * prime
	}
	hash *= prime // the zero byte between name and value
	for i := range len(value) {
		hash = (hash ^ uint64(value[i])) * prime
	}
	return hash
}

// Milliseconds returns a pdata timestamp in Unix milliseconds, as Item.Time wants it.
func Milliseconds(ts pcommon.Timestamp) int64 {
	return ts.AsTime().UnixNano() / int64(time.Millisecond)
}
