package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Batch are records to send. Exactly one of Done and Return is to be called.
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

// read returns records of a segment. It drops those that are too old, and the segment when it is
// damaged.
func (q *Queue) read(from *span, at *segment, maxBytes int) (records []Record, err error) {
	file, err := os.Open(q.file(at))
	if err != nil {
		return nil, fmt.Errorf("read segment %d of the queue: %w", at.ID, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	whole := io.NewSectionReader(file, 0, at.Size)
	if _, err := whole.Seek(from.From.Offset, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read segment %d of the queue: %w", at.ID, err)
	}
	size := 0
	for offset := from.From.Offset; offset < at.Size; {
		record, length, err := readRecord(whole)
		if errors.Is(err, errDamaged) || errors.Is(err, io.EOF) {
			if len(records) == 0 {
				return nil, q.dropDamaged(at)
			}
			return records, nil // they come first
		}
		if err != nil {
			return nil, fmt.Errorf("read segment %d of the queue: %w", at.ID, err)
		}
		if len(records) > 0 && size+len(record.Payload) > maxBytes {
			return records, nil
		}
		offset += length
		record.end = position{at.ID, offset}
		if len(records) == 0 && q.tooOld(record) {
			q.opts.Dropped(DroppedAge, 1, record.Items)
			q.done(from, []Record{record})
			continue
		}
		size += len(record.Payload)
		records = append(records, record)
	}
	return records, nil
}

func (q *Queue) tooOld(record Record) bool {
	return q.opts.MaxAge > 0 && q.opts.Now().UnixNano()-record.Time > q.opts.MaxAge.Nanoseconds()
}

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
func (b *Batch) Done() error {
	q := b.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done(b.from, b.Records)
	if q.opts.Now().Sub(q.saved) < q.opts.StateEvery {
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
