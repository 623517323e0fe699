package logs

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/base64"
	"fmt"
	"math"
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
// It looks for the time of the oldest record of the page first, in windows that grow from the
// newest time backwards, then reads the records from there on. Records with that same time are
// sorted out by id.
func (s *Store) Search(ctx context.Context, org storage.OrgID, query storage.LogQuery) (storage.LogPage, error) {
	if err := s.enter(); err != nil {
		return storage.LogPage{}, err
	}
	defer s.leave()
	if query.Limit < 1 {
		return storage.LogPage{}, errcode.InvalidField("limit", fmt.Sprintf("is %d", query.Limit), "use at least 1")
	}
	after, err := parseCursor(query.Cursor)
	if err != nil {
		return storage.LogPage{}, err
	}
	r, ok, err := s.begin(org, query.Filter, query.From, query.To)
	if err != nil || !ok {
		return storage.LogPage{}, err
	}
	r.to = min(r.to, after.time)
	from, err := s.pageStart(ctx, r, after, query.Limit+1)
	if err != nil {
		return storage.LogPage{}, err
	}
	newest := &newestHeap{limit: query.Limit + 1, after: after}
	r.from = from
	if err := s.runText(ctx, r.org, r.filter, r.from, r.to, newest.addBlock); err != nil {
		return storage.LogPage{}, err
	}
	return newest.page(query.Limit), nil
}

// pageStart returns a time from which on there are at least count records before the cursor,
// or the start of the query.
func (s *Store) pageStart(ctx context.Context, r reading, after position, count int) (int64, error) {
	to := r.to
	if to == after.time && to > math.MinInt64 {
		to-- // records at the cursor's own time may be on the page before
	}
	// All organisations' records are within these times.
	var stats logstorage.StorageStats
	s.engine.UpdateStats(&stats)
	if stats.MinTimestamp == math.MinInt64 {
		return r.from, nil // nothing is stored
	}
	to = min(to, stats.MaxTimestamp)
	from := max(r.from, stats.MinTimestamp)
	for width := int64(time.Second); to >= from; width *= 4 {
		start := from
		if to-from > width {
			start = to - width
		}
		var times timeHeap
		query := fmt.Sprintf("%s | fields %s | sort by (%s desc) limit %d", r.filter, columnTime, columnTime, count)
		err := s.runText(ctx, r.org, query, start, to, times.addBlock)
		if err != nil {
			return 0, err
		}
		if len(times.times) >= count {
			return times.oldest(), nil
		}
		count -= len(times.times)
		to = start - 1
		if width > int64(365*24*time.Hour) {
			width /= 4
		}
	}
	return r.from, nil
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

func (h *timeHeap) oldest() int64 {
	oldest := int64(math.MaxInt64)
	for _, at := range h.times {
		oldest = min(oldest, at)
	}
	return oldest
}

// position is a place in the order of a search. Newer records come first, then higher ids.
type position struct {
	time int64
	id   string
}

// before says whether p comes before other on the pages.
func (p position) before(other position) bool {
	return cmp.Or(cmp.Compare(p.time, other.time), strings.Compare(p.id, other.id)) > 0
}

// noCursor is before all records.
var noCursor = position{time: math.MaxInt64, id: "\xff"} //nolint:gochecknoglobals // a constant

func (p position) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.time, 10) + " " + p.id))
}

func parseCursor(text string) (position, error) {
	if text == "" {
		return noCursor, nil
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

// newestHeap keeps the first records, by position, that come after one; the last is on top.
type newestHeap struct {
	mu    sync.Mutex
	limit int
	after position
	items []found
	times []int64
}

// Len implements heap.Interface.
func (h *newestHeap) Len() int { return len(h.items) }

// Less implements heap.Interface.
func (h *newestHeap) Less(i, j int) bool { return h.items[j].before(h.items[i].position) }

// Swap implements heap.Interface.
func (h *newestHeap) Swap(i, j int) { h.items[i], h.items[j] = h.items[j], h.items[i] }

// Push implements heap.Interface.
func (h *newestHeap) Push(item any) { h.items = append(h.items, item.(found)) }

// Pop implements heap.Interface.
func (h *newestHeap) Pop() any {
	last := len(h.items) - 1
	item := h.items[last]
	h.items = h.items[:last]
	return item
}

func (h *newestHeap) addBlock(block *logstorage.DataBlock) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times, _ = block.GetTimestamps(h.times[:0])
	batches, ordinals := column(block, columnBatch), column(block, columnOrdinal)
	for i, at := range h.times {
		if len(h.items) == h.limit && at < h.items[0].time {
			continue
		}
		place := position{at, batches.at(i) + "-" + ordinals.at(i)}
		if !h.after.before(place) || len(h.items) == h.limit && !place.before(h.items[0].position) {
			continue
		}
		if len(h.items) == h.limit {
			heap.Pop(h)
		}
		heap.Push(h, found{place, rowFields(block, i)})
	}
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
func (h *newestHeap) page(limit int) storage.LogPage {
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
