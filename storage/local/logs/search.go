package logs

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// Search implements storage.LogReader.
//
// It looks for the time of the last record of the page first, in windows that grow from the
// beginning of the page on, then reads the records up to there. Records with that same time are
// sorted out by id.
func (s *Store) Search(ctx context.Context, org storage.OrgID, query storage.LogQuery) (storage.LogPage, error) {
	if err := s.enter(); err != nil {
		return storage.LogPage{}, err
	}
	defer s.leave()
	if query.Limit < 1 {
		return storage.LogPage{}, errcode.InvalidField("limit", fmt.Sprintf("is %d", query.Limit), "use at least 1")
	}
	order := order{oldestFirst: query.OldestFirst}
	after, err := order.parseCursor(query.Cursor)
	if err != nil {
		return storage.LogPage{}, err
	}
	r, ok, err := s.begin(org, query.Filter, query.From, query.To)
	if err != nil || !ok {
		return storage.LogPage{}, err
	}
	if order.oldestFirst {
		r.from = max(r.from, after.time)
	} else {
		r.to = min(r.to, after.time)
	}
	if err := s.narrow(ctx, &r, order, after, query.Limit+1); err != nil {
		return storage.LogPage{}, err
	}
	first := &pageHeap{order: order, limit: query.Limit + 1, after: after}
	if err := s.runText(ctx, r.org, r.filter, r.from, r.to, first.addBlock); err != nil {
		return storage.LogPage{}, err
	}
	return first.page(query.Limit), nil
}

// narrow cuts the time range of a reading to what holds at least count records behind the
// cursor.
func (s *Store) narrow(ctx context.Context, r *reading, order order, after position, count int) error {
	// All organisations' records are within these times.
	var stats logstorage.StorageStats
	s.engine.UpdateStats(&stats)
	if stats.MinTimestamp == math.MinInt64 {
		return nil // nothing is stored
	}
	from, to := max(r.from, stats.MinTimestamp), min(r.to, stats.MaxTimestamp)
	// Records at the cursor's own time may be on the page before.
	if order.oldestFirst && from == after.time {
		from++
	} else if !order.oldestFirst && to == after.time {
		to--
	}
	for width := int64(time.Second); to >= from; width *= 4 {
		start, end := order.window(from, to, width)
		var times timeHeap
		query := fmt.Sprintf("%s | fields %s | sort by (%s %s) limit %d", r.filter, columnTime, columnTime, order.direction(), count)
		err := s.runText(ctx, r.org, query, start, end, times.addBlock)
		if err != nil {
			return err
		}
		if len(times.times) >= count {
			if order.oldestFirst {
				r.to = slices.Max(times.times)
			} else {
				r.from = slices.Min(times.times)
			}
			return nil
		}
		count -= len(times.times)
		if order.oldestFirst {
			from = end + 1
		} else {
			to = start - 1
		}
		if width > int64(365*24*time.Hour) {
			width /= 4
		}
	}
	return nil
}

// timeHeap collects times.
type timeHeap struct {
	mu    sync.Mutex
	times []int64
}

func (h *timeHeap) addBlock(block *logstorage.DataBlock) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times, _ = block.GetTimestamps(h.times)
}

// position is a place in the order of records, by time, then by id.
type position struct {
	time int64
	id   string
}

func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.time, other.time), strings.Compare(p.id, other.id))
}

func (p position) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.time, 10) + " " + p.id))
}

// order is the direction of a search.
type order struct{ oldestFirst bool }

// before says whether p comes before other on the pages.
func (o order) before(p, other position) bool {
	if o.oldestFirst {
		return p.compare(other) < 0
	}
	return p.compare(other) > 0
}

// direction is the word of the engine's language.
func (o order) direction() string {
	if o.oldestFirst {
		return "asc"
	}
	return "desc"
}

// window returns the part of [from, to] of at most a width where the order begins.
func (o order) window(from, to, width int64) (int64, int64) {
	switch {
	case uint64(to)-uint64(from) <= uint64(width): // to is not below from, but far from it perhaps
		return from, to
	case o.oldestFirst:
		return from, from + width
	}
	return to - width, to
}

// beginning is before all records.
func (o order) beginning() position {
	if o.oldestFirst {
		return position{time: math.MinInt64}
	}
	return position{time: math.MaxInt64, id: "\xff"}
}

func (o order) parseCursor(text string) (position, error) {
	if text == "" {
		return o.beginning(), nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	at, id, found := strings.Cut(string(decoded), " ")
	ns, numberErr := strconv.ParseInt(at, 10, 64)
	if err != nil || numberErr != nil || !found {
		return position{}, errcode.InvalidField("cursor", "is not one that a search returned", "use the `next` of the page before, or none")
	}
	return position{ns, id}, nil
}

// found is a record of a search.
type found struct {
	position
	fields []logfilter.Field
}

// pageHeap keeps the first records, in the order, that come after one; the last is on top.
type pageHeap struct {
	mu    sync.Mutex
	order order
	limit int
	after position
	items []found
	times []int64
}

// Len implements heap.Interface.
func (h *pageHeap) Len() int { return len(h.items) }

// Less implements heap.Interface.
func (h *pageHeap) Less(i, j int) bool {
	return h.order.before(h.items[j].position, h.items[i].position)
}

// Swap implements heap.Interface.
func (h *pageHeap) Swap(i, j int) { h.items[i], h.items[j] = h.items[j], h.items[i] }

// Push implements heap.Interface.
func (h *pageHeap) Push(item any) { h.items = append(h.items, item.(found)) }

// Pop implements heap.Interface.
func (h *pageHeap) Pop() any {
	last := len(h.items) - 1
	item := h.items[last]
	h.items = h.items[:last]
	return item
}

func (h *pageHeap) addBlock(block *logstorage.DataBlock) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times, _ = block.GetTimestamps(h.times[:0])
	batches, ordinals := column(block, columnBatch), column(block, columnOrdinal)
	for i, at := range h.times {
		if h.isBehind(at) {
			continue
		}
		place := position{at, batches.at(i) + "-" + ordinals.at(i)}
		if !h.order.before(h.after, place) || len(h.items) == h.limit && !h.order.before(place, h.items[0].position) {
			continue
		}
		if len(h.items) == h.limit {
			heap.Pop(h)
		}
		heap.Push(h, found{place, rowFields(block, i)})
	}
}

// isBehind says whether a time comes after all records of a full page.
func (h *pageHeap) isBehind(at int64) bool {
	if len(h.items) < h.limit {
		return false
	}
	if h.order.oldestFirst {
		return at > h.items[0].time
	}
	return at < h.items[0].time
}

// rowFields copies the fields of a row of a block.
func rowFields(block *logstorage.DataBlock, i int) []logfilter.Field {
	all := block.GetColumns(false)
	fields := make([]logfilter.Field, 0, len(all))
	for c := range all {
		name := all[c].Name
		switch name {
		case columnTime, columnBatch, columnOrdinal, "_stream", "_stream_id":
			continue
		case columnMessage:
			name = logfilter.FieldMessage
		}
		if value := all[c].Values[i]; value != "" {
			fields = append(fields, logfilter.Field{Name: strings.Clone(name), Value: strings.Clone(value)})
		}
	}
	return fields
}

// page returns the records in order, without the one too many that says there are more.
func (h *pageHeap) page(limit int) storage.LogPage {
	records := make([]storage.LogRecord, len(h.items))
	for i := len(h.items) - 1; i >= 0; i-- {
		item := heap.Pop(h).(found)
		records[i] = logrecord.Record(item.time, item.id, item.fields)
	}
	page := storage.LogPage{Records: records}
	if len(records) > limit {
		page.Records = records[:limit]
		last := page.Records[limit-1]
		page.Next = position{last.Time.UnixNano(), last.ID}.String()
	}
	return page
}
