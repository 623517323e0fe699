package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Batch are records to send. Sent says of some that they need not be kept; Done, or Return with
// those that do, is to be called at the end.
type Batch struct {
	Records []Record
	// Fresh says that they are not of the backlog.
	Fresh bool

	queue *Queue
	from  *span
}

// Take waits for records and returns some that follow each other, of at most maxBytes, but one in
// any case. When there is a backlog, fresh records and it take turns. The queue keeps the records
// until Done.
func (q *Queue) Take(ctx context.Context, maxBytes int) (*Batch, error) {
	for ctx.Err() == nil {
		batch, err := q.take(maxBytes)
		if err != nil || batch != nil {
			return batch, err
		}
		if err := q.wait(ctx); err != nil {
			return nil, err
		}
	}
	return nil, ctx.Err()
}

// take returns nil when there is nothing.
func (q *Queue) take(maxBytes int) (*Batch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		from, at := q.choose()
		if from == nil {
			return nil, nil
		}
		records, err := q.read(from, at, maxBytes)
		if err != nil {
			return nil, err
		}
		if len(records) == 0 {
			continue // too old, or damaged: they are gone now
		}
		q.backlog = len(q.spans) > 1 && !q.backlog
		return &Batch{Records: records, Fresh: from == q.spans[len(q.spans)-1], queue: q, from: from}, nil
	}
}

// choose returns the range whose turn it is and the segment to read, nil when nothing is left.
func (q *Queue) choose() (*span, *segment) {
	last := q.spans[len(q.spans)-1]
	order := []*span{last, q.spans[0]}
	if q.backlog {
		order = []*span{q.spans[0], last}
	}
	for _, left := range order {
		for _, one := range q.segments {
			if one.ID < left.From.Segment || one.Records == 0 || left.End != 0 && one.ID >= left.End {
				continue
			}
			if one.ID > left.From.Segment {
				left.From = position{Segment: one.ID}
			}
			return left, one
		}
	}
	return nil, nil
}

// read returns records of a segment. It drops those that are too old, those that are damaged, and
// the rest of the segment when nothing can be read behind the damage.
func (q *Queue) read(from *span, at *segment, maxBytes int) (records []Record, err error) {
	file, err := os.Open(q.file(at))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, q.dropDamaged(at) // somebody has removed it
	}
	if err != nil {
		return nil, fmt.Errorf("read segment %d of the queue: %w", at.ID, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	whole := io.NewSectionReader(file, 0, at.Size)
	offset, size, tooOld := from.From.Offset, 0, []Record(nil)
	defer func() { q.forget(from, DroppedAge, tooOld) }()
	for offset < at.Size {
		if _, err := whole.Seek(offset, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read segment %d of the queue: %w", at.ID, err)
		}
		record, length, err := readRecord(whole)
		damaged := errors.Is(err, errDamaged) || errors.Is(err, io.EOF)
		switch {
		case damaged && len(records)+len(tooOld) > 0:
			return records, nil // they come first
		case damaged && passable(file, offset, length, at.Size):
			q.forget(from, DroppedDamaged, []Record{{Items: q.itemsOfDamaged(at, record), Time: at.Oldest, end: position{at.ID, offset + length}}})
			offset += length
			continue
		case damaged:
			return nil, q.dropDamaged(at)
		case err != nil:
			return nil, fmt.Errorf("read segment %d of the queue: %w", at.ID, err)
		case len(records) > 0 && size+len(record.Payload) > maxBytes:
			return records, nil
		}
		offset += length
		record.end = position{at.ID, offset}
		if len(records) == 0 && q.tooOld(record.Time) {
			record.Payload = nil
			tooOld = append(tooOld, record)
			continue
		}
		size += len(record.Payload)
		records = append(records, record)
	}
	return records, nil
}

// itemsOfDamaged is how many items a damaged record had: what its header says, which may be what
// is damaged, but not more than there are; all that are left when it is the last.
func (q *Queue) itemsOfDamaged(at *segment, record Record) int {
	if at.Records == 1 {
		return at.Items
	}
	return min(max(record.Items, 0), at.Items)
}

// forget drops records.
func (q *Queue) forget(from *span, reason string, records []Record) {
	if len(records) == 0 {
		return
	}
	items := 0
	for i := range records {
		items += records[i].Items
	}
	q.opts.Dropped(reason, len(records), items)
	q.done(from, records)
}

// tooOld says whether something from a time is no longer worth sending.
func (q *Queue) tooOld(time int64) bool {
	return q.opts.MaxAge > 0 && q.opts.Now().UnixNano()-time > q.opts.MaxAge.Nanoseconds()
}

// TooOld says whether a record of a batch is no longer worth sending. Returned, it is dropped.
func (q *Queue) TooOld(record Record) bool { return q.tooOld(record.Time) }

// dropDamaged drops the rest of a segment.
func (q *Queue) dropDamaged(s *segment) error {
	if q.active != nil && s == q.segments[len(q.segments)-1] {
		if err := q.rotate(); err != nil {
			return coded(err)
		}
	}
	q.drop(s, DroppedDamaged)
	return nil
}

// Done says that the records were sent, or never can be: the queue forgets them.
func (b *Batch) Done() error { return b.Sent(len(b.Records)) }

// Sent is Done for the first n records. They are taken out of the batch.
func (b *Batch) Sent(n int) error {
	q := b.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if n == 0 {
		return nil
	}
	q.done(b.from, b.Records[:n])
	b.Records = b.Records[n:]
	if q.opts.Now().Sub(q.saved) < q.opts.StateEvery {
		q.unsaved = true
		return nil
	}
	return q.save()
}

// Return says that the records could not be sent yet: they are taken again.
func (b *Batch) Return() {
	select {
	case b.queue.wake <- struct{}{}:
	default:
	}
}

// done moves the beginning of a range behind records of one segment.
func (q *Queue) done(from *span, records []Record) {
	last := records[len(records)-1]
	if !from.From.before(last.end) {
		return // dropped meanwhile
	}
	from.From = last.end
	for _, one := range q.segments {
		if one.ID != last.end.Segment {
			continue
		}
		for i := range records {
			one.Records--
			one.Items -= records[i].Items
		}
		one.Oldest = last.Time
		if one.Records == 0 && (q.active == nil || one != q.segments[len(q.segments)-1]) {
			q.remove(one)
		}
		break
	}
	q.tidy()
}
