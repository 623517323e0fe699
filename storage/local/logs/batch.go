package logs

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// batch is the work of one Write: rows for the journal and the same rows for the engine.
// Batches are reused.
type batch struct {
	flattener logrecord.Flattener
	encoder   rowEncoder
	rows      engineRows
	written   []batchSpans // the ids of the rows
	seen      spans        // of the last of written, from before this write
	rejected  []rejection.Item
}

// window is the time that records may have, in Unix nanoseconds.
type window struct{ from, to int64 }

// build flattens the logs, leaves out what was written before and what can't be stored.
func (b *batch) build(ctx context.Context, org uint32, logs plog.Logs, table *seenTable, accepted window, now time.Time) error {
	b.encoder.reset(org, now.UnixMilli())
	b.rows.reset(org)
	clear(b.written)
	b.written = b.written[:0]
	b.rejected = b.rejected[:0]
	return b.flattener.Each(logs, func(flat *logrecord.Row) error {
		if b.encoder.rows%1024 == 1023 && ctx.Err() != nil {
			return ctx.Err()
		}
		name, ordinal, ok := logrecord.SplitID(flat.ID)
		if !ok {
			return errcode.InvalidField(logrecord.IDAttribute, fmt.Sprintf("is %q, which is not a record id", flat.ID),
				"give every record a batch id, a hyphen and its number in the batch")
		}
		if item, refused := refuse(flat, accepted); refused {
			b.rejected = append(b.rejected, item)
			return nil
		}
		if !b.take(org, name, ordinal, table) {
			return nil
		}
		r := row{time: flat.Time, batch: name, ordinal: ordinal, fields: flat.Fields}
		b.encoder.add(&r)
		b.rows.add(&r)
		return nil
	})
}

// take notes an id; false when it was written before, or twice in these logs.
func (b *batch) take(org uint32, name string, ordinal uint64, table *seenTable) bool {
	last := len(b.written) - 1
	if last < 0 || b.written[last].batch != name {
		last = -1
		for i := range b.written {
			if b.written[i].batch == name {
				last = i
			}
		}
		if last < 0 {
			b.written = append(b.written, batchSpans{batch: name})
			last = len(b.written) - 1
		}
		// The batch in hand stays last, for the records that follow.
		end := len(b.written) - 1
		b.written[last], b.written[end] = b.written[end], b.written[last]
		last = end
		b.seen = table.get(seenKey{org, name})
	}
	current := &b.written[last]
	if len(b.seen) > 0 && b.seen.contains(ordinal) || current.spans.contains(ordinal) {
		return false
	}
	current.spans = current.spans.add(span{ordinal, ordinal})
	return true
}

// refuse says why a record can't be stored.
func refuse(flat *logrecord.Row, accepted window) (rejection.Item, bool) {
	item := rejection.Item{Key: flat.ID, Time: flat.Time / int64(time.Millisecond)}
	switch {
	case flat.Time < accepted.from:
		item.Field, item.Reason = logfilter.FieldTime, "too_old"
		item.Message = fmt.Sprintf("time %s is older than the log store takes; send records from %s on", timeText(flat.Time), timeText(accepted.from))
		return item, true
	case flat.Time > accepted.to:
		item.Field, item.Reason = logfilter.FieldTime, "too_far_in_future"
		item.Message = fmt.Sprintf("time %s lies in the future; set the clock of the sender", timeText(flat.Time))
		return item, true
	case len(flat.Fields) > maxFields:
		item.Field, item.Reason = "labels", "label_limit"
		item.Message = fmt.Sprintf("record has %d fields, over the limit of %d; send fewer attributes", len(flat.Fields), maxFields)
		return item, true
	}
	size := 0
	for i := range flat.Fields {
		f := &flat.Fields[i]
		size += len(f.Name) + len(f.Value)
		if len(f.Name) > logrecord.MaxNameLength {
			item.Field, item.Reason = "labels", "label_invalid"
			item.Message = fmt.Sprintf("name %.40s... is over %d bytes long; use a shorter one", f.Name, logrecord.MaxNameLength)
			return item, true
		}
	}
	if size > maxRowBytes {
		item.Field, item.Reason = logfilter.FieldMessage, "too_large"
		item.Message = fmt.Sprintf("record has %d bytes, over the limit of %d; shorten it", size, maxRowBytes)
		return item, true
	}
	return item, false
}

func timeText(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// engineRows collects rows for the engine, which wants them in pieces.
type engineRows struct {
	tenant   logstorage.TenantID
	full     []*logstorage.LogRows
	current  *logstorage.LogRows
	fields   []logstorage.Field
	ordinals []string // texts of small ordinals, made once
}

func (e *engineRows) reset(org uint32) {
	e.release()
	e.tenant = tenant(org)
}

func (e *engineRows) add(r *row) {
	if e.current != nil && e.current.NeedFlush() {
		e.full = append(e.full, e.current)
		e.current = nil
	}
	if e.current == nil {
		e.current = logstorage.GetLogRows(nil, nil, nil, nil, "")
	}
	fields := e.fields[:0]
	streamFields := 0
	for i := range r.fields {
		f := &r.fields[i]
		name := f.Name
		switch name {
		case logfilter.FieldService, logfilter.FieldInstanceID:
			streamFields = i + 1 // they come first
		case logfilter.FieldMessage:
			name = columnMessage
		}
		fields = append(fields, logstorage.Field{Name: name, Value: f.Value})
	}
	fields = append(fields,
		logstorage.Field{Name: columnBatch, Value: r.batch},
		logstorage.Field{Name: columnOrdinal, Value: e.ordinal(r.ordinal)})
	e.fields = fields
	e.current.MustAdd(e.tenant, r.time, fields, streamFields)
}

func (e *engineRows) ordinal(n uint64) string {
	const known = 4096
	if n >= known {
		return strconv.FormatUint(n, 10)
	}
	for uint64(len(e.ordinals)) <= n {
		e.ordinals = append(e.ordinals, strconv.Itoa(len(e.ordinals)))
	}
	return e.ordinals[n]
}

// flush gives the rows to the engine.
func (e *engineRows) flush(engine *logstorage.Storage) {
	for _, rows := range e.full {
		engine.MustAddRows(rows)
	}
	if e.current != nil {
		engine.MustAddRows(e.current)
	}
	e.release()
}

func (e *engineRows) release() {
	for _, rows := range e.full {
		logstorage.PutLogRows(rows)
	}
	if e.current != nil {
		logstorage.PutLogRows(e.current)
	}
	clear(e.full)
	e.full, e.current = e.full[:0], nil
}
