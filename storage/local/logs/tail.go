package logs

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// tailBuffer is how many writes a reader may lag behind.
const tailBuffer = 64

// tailTable are the readers of new records. The zero value is ready.
type tailTable struct {
	mu      sync.RWMutex
	readers map[*tailReader]struct{}
	closed  bool
}

type tailReader struct {
	org     uint32
	filter  *logfilter.Filter
	records chan []storage.LogRecord
	missed  atomic.Int64
}

func (t *tailTable) add(r *tailReader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		close(r.records)
		return
	}
	if t.readers == nil {
		t.readers = map[*tailReader]struct{}{}
	}
	t.readers[r] = struct{}{}
}

func (t *tailTable) remove(r *tailReader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.readers, r)
}

// close ends all readers.
func (t *tailTable) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for r := range t.readers {
		close(r.records)
	}
	t.readers = nil
}

// publish gives the rows of a journal record to the readers of the organisation.
func (t *tailTable) publish(org uint32, record []byte, rows int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var interested []*tailReader
	for r := range t.readers {
		if r.org == org && rows > 0 {
			interested = append(interested, r)
		}
	}
	if len(interested) == 0 {
		return
	}
	matched := make([][]storage.LogRecord, len(interested))
	d := newRowDecoder(record)
	var fields []logfilter.Field
	for d.next() {
		row := d.current()
		id := recordID(row.batch, row.ordinal)
		fields = append(fields[:0],
			logfilter.Field{Name: logfilter.FieldTime, Value: timeText(row.time)},
			logfilter.Field{Name: logfilter.FieldID, Value: id})
		fields = append(fields, row.fields...)
		for i, r := range interested {
			if logfilter.Match(r.filter, fields) {
				matched[i] = append(matched[i], logrecord.Record(row.time, id, row.fields))
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

// Tail implements storage.LogReader.
func (s *Store) Tail(ctx context.Context, org storage.OrgID, filter *logfilter.Filter, fn func(records []storage.LogRecord, missed int) error) error {
	reader, err := s.startTail(org, filter)
	if err != nil {
		return err
	}
	defer s.tails.remove(reader)
	for {
		select {
		case <-ctx.Done():
			return nil
		case records, ok := <-reader.records:
			if !ok {
				return errClosed()
			}
			if err := fn(records, int(reader.missed.Swap(0))); err != nil {
				return err
			}
		}
	}
}

// startTail does not keep the store open: a reader may stay for hours, and ends when it closes.
func (s *Store) startTail(org storage.OrgID, filter *logfilter.Filter) (*tailReader, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	number, err := s.orgs.allocate(org)
	if err != nil {
		return nil, err
	}
	reader := &tailReader{org: number, filter: filter, records: make(chan []storage.LogRecord, tailBuffer)}
	s.tails.add(reader)
	return reader, nil
}
