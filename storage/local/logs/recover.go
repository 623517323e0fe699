package logs

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage/logfilter"
)

// recover reads the journals: it remembers the ids, gives the engine the rows that it does not
// have, and opens the journals for writing.
func (s *Store) recover() error {
	journalDir, idsDir := filepath.Join(s.dir, "journal"), filepath.Join(s.dir, "ids")
	if err := s.readIDs(idsDir); err != nil {
		return err
	}
	deletions, err := s.readDeletions(journalDir)
	if err != nil {
		return err
	}
	restored, err := s.replay(journalDir, deletions)
	if err != nil {
		return err
	}
	if restored > 0 {
		s.logger.Info("rows restored from the journal of the log store", zap.Int("rows", restored))
	}
	if s.journal, err = openJournal(journalDir); err != nil {
		return err
	}
	if s.ids, err = openJournal(idsDir); err != nil {
		return err
	}
	// What was read is the first epoch; its segments go like any other's.
	now := time.Now()
	if s.epochs.current.keys != nil {
		end, err := s.journal.cut()
		if err != nil {
			return err
		}
		s.epochs.current.end, s.epochs.current.closed = end, now
		s.epochs.past = append(s.epochs.past, s.epochs.current)
		s.epochs.current = epoch{}
	}
	end, err := s.ids.cut()
	if err != nil {
		return err
	}
	s.idSegments = []idSegment{{end, now}}
	return nil
}

func (s *Store) readIDs(dir string) error {
	return readJournal(dir, s.logger, func(record []byte, _, _ int) error {
		key, entry, err := decodeIDs(record)
		if err != nil {
			return err
		}
		s.seen.add(key.org, []batchSpans{{key.batch, entry.spans}}, entry.written)
		return nil
	})
}

// deletion is a Delete in the journal: it holds for the rows before it.
type deletion struct {
	index  int // of its record
	org    uint32
	filter *logfilter.Filter
	from   int64
	to     int64 // not included
}

// hides says whether the deletion removes a row of the record with this index.
func (d *deletion) hides(index int, org uint32, r *row) bool {
	if d.index < index || d.org != org || r.time < d.from || r.time >= d.to {
		return false
	}
	fields := append(make([]logfilter.Field, 0, len(r.fields)+2),
		logfilter.Field{Name: logfilter.FieldTime, Value: timeText(r.time)},
		logfilter.Field{Name: logfilter.FieldID, Value: recordID(r.batch, r.ordinal)})
	return logfilter.Match(d.filter, append(fields, r.fields...))
}

func (s *Store) readDeletions(dir string) ([]deletion, error) {
	var deletions []deletion
	err := readJournal(dir, s.logger, func(record []byte, _, index int) error {
		if record[0] != kindDelete {
			return nil
		}
		d, err := decodeDeletion(record)
		if err != nil {
			return err
		}
		d.index = index
		deletions = append(deletions, d)
		return nil
	})
	return deletions, err
}

// replayRows is how many rows are compared with the engine at once.
const replayRows = 100_000

// replay gives the engine the rows of the journal that it does not have, and returns how many.
func (s *Store) replay(dir string, deletions []deletion) (int, error) {
	pending := pendingRows{store: s}
	oldest := time.Now().Add(-s.cfg.Retention).UnixNano()
	err := readJournal(dir, zap.NewNop(), func(record []byte, _, index int) error {
		if record[0] != kindRows {
			return nil
		}
		d := newRowDecoder(record)
		var ids []batchSpans
		for d.next() {
			r := d.current()
			if len(ids) == 0 || ids[len(ids)-1].batch != r.batch {
				ids = append(ids, batchSpans{batch: r.batch})
			}
			last := &ids[len(ids)-1]
			last.spans = last.spans.add(span{r.ordinal, r.ordinal})
			if r.time < oldest {
				continue
			}
			hidden := false
			for i := range deletions {
				hidden = hidden || deletions[i].hides(index, d.org, &r)
			}
			if hidden {
				continue
			}
			if err := pending.add(d.org, r); err != nil {
				return err
			}
		}
		s.seen.add(d.org, ids, d.written)
		s.epochs.note(d.org, ids, 0)
		return d.err
	})
	if err != nil {
		return 0, err
	}
	err = pending.flush()
	// The epoch of the replay has the rows that were added now.
	s.epochs.current.rows = uint64(pending.restored)
	return pending.restored, err
}

// pendingRows collects rows of one organisation until there are enough to ask the engine.
type pendingRows struct {
	store    *Store
	org      uint32
	rows     []row
	restored int
}

func (p *pendingRows) add(org uint32, r row) error {
	if org != p.org || len(p.rows) >= replayRows {
		if err := p.flush(); err != nil {
			return err
		}
		p.org = org
	}
	r.fields = append([]logfilter.Field(nil), r.fields...)
	p.rows = append(p.rows, r)
	return nil
}

func (p *pendingRows) flush() error {
	if len(p.rows) == 0 {
		return nil
	}
	stored, err := p.stored()
	if err != nil {
		return fmt.Errorf("compare the journal with the log store: %w", err)
	}
	var rows engineRows
	rows.reset(p.org)
	for i := range p.rows {
		r := &p.rows[i]
		key := recordID(r.batch, r.ordinal)
		if _, ok := stored[key]; ok {
			continue
		}
		stored[key] = struct{}{}
		rows.add(r)
		p.restored++
	}
	rows.flush(p.store.engine)
	p.store.engine.DebugFlush()
	p.rows = p.rows[:0]
	return nil
}

// stored returns the ids of the rows that the engine has.
func (p *pendingRows) stored() (map[string]struct{}, error) {
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	batches := map[string]struct{}{}
	for i := range p.rows {
		r := &p.rows[i]
		from, to = min(from, r.time), max(to, r.time)
		batches[r.batch] = struct{}{}
	}
	var query strings.Builder
	query.WriteString(quote(columnBatch) + ":in(")
	comma := ""
	for name := range batches {
		query.WriteString(comma + quote(name))
		comma = ","
	}
	query.WriteString(") | fields " + columnBatch + ", " + columnOrdinal)
	var mu sync.Mutex
	found := map[string]struct{}{}
	err := p.store.runText(context.Background(), p.org, query.String(), from, to, func(block *logstorage.DataBlock) {
		mu.Lock()
		defer mu.Unlock()
		names, ordinals := column(block, columnBatch), column(block, columnOrdinal)
		for i := range block.RowsCount() {
			found[names.at(i)+"-"+ordinals.at(i)] = struct{}{}
		}
	})
	return found, err
}
