// Package logtail gives log records, as they are written, to those who wait for them.
package logtail

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// buffer is how many writes a reader may lag behind.
const buffer = 64

// Hub knows the readers of new records, and hands these on to them. The zero value is ready; it is
// safe for concurrent use.
type Hub struct {
	mu      sync.RWMutex
	readers map[*reader]struct{}
	closed  bool
}

type reader struct {
	org     storage.OrgID
	filter  *logfilter.Filter
	records chan []storage.LogRecord
	missed  atomic.Int64
}

// Wanted says whether anybody reads an organisation's records.
func (h *Hub) Wanted(org storage.OrgID) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.of(org)) > 0
}

// of returns the readers of an organisation. The caller holds mu.
func (h *Hub) of(org storage.OrgID) (interested []*reader) {
	for r := range h.readers {
		if r.org == org {
			interested = append(interested, r)
		}
	}
	return interested
}

// Publish gives rows to the readers of the organisation whose filters match them. It never waits:
// a reader that is too slow misses them. The rows are not kept, but their strings are.
func (h *Hub) Publish(org storage.OrgID, rows iter.Seq[*logrecord.Row]) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	interested := h.of(org)
	if len(interested) == 0 {
		return
	}
	matched := make([][]storage.LogRecord, len(interested))
	var fields []logfilter.Field
	for row := range rows {
		fields = append(fields[:0],
			logfilter.Field{Name: logfilter.FieldTime, Value: time.Unix(0, row.Time).UTC().Format(time.RFC3339Nano)},
			logfilter.Field{Name: logfilter.FieldID, Value: row.ID})
		fields = append(fields, row.Fields...)
		for i, r := range interested {
			if logfilter.Match(r.filter, fields) {
				matched[i] = append(matched[i], logrecord.Record(row.Time, row.ID, row.Fields))
			}
		}
	}
	for i, r := range interested {
		if len(matched[i]) == 0 {
			continue
		}
		select {
		case r.records <- matched[i]:
		default:
			r.missed.Add(int64(len(matched[i])))
		}
	}
}

// Tail calls fn with the records that match, as storage.LogReader says, until the context ends, fn
// returns an error or the hub is closed.
func (h *Hub) Tail(ctx context.Context, org storage.OrgID, filter *logfilter.Filter, fn func(records []storage.LogRecord, missed int) error) error {
	r := &reader{org: org, filter: filter, records: make(chan []storage.LogRecord, buffer)}
	h.add(r)
	defer h.remove(r)
	for {
		select {
		case <-ctx.Done():
			return nil
		case records, ok := <-r.records:
			if !ok {
				return errcode.New(errcode.Unavailable, "log store is closed")
			}
			if err := fn(records, int(r.missed.Swap(0))); err != nil {
				return err
			}
		}
	}
}

func (h *Hub) add(r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(r.records)
		return
	}
	if h.readers == nil {
		h.readers = map[*reader]struct{}{}
	}
	h.readers[r] = struct{}{}
}

func (h *Hub) remove(r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, r)
}

// Close ends all readers.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for r := range h.readers {
		close(r.records)
	}
	h.readers = nil
}
