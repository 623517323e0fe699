package logs

import (
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.uber.org/zap"
)

// The journal is cut into epochs. An epoch's segments can go when the engine has surely put
// its rows on the disk: it holds them for a second as rows, then for flushInterval as a part in
// memory, and looks for parts to write every flushInterval.
const (
	epochLength = 15 * time.Second
	epochAge    = 30 * time.Second
)

// epoch is a time of writing.
type epoch struct {
	end    int       // the first segment that holds nothing of it
	closed time.Time // when it ended
	rows   uint64
	keys   map[seenKey]struct{}
}

// epochs are the epochs whose segments are there still. Guarded by Store.commit.
type epochs struct {
	current epoch
	past    []epoch // oldest first
}

func (e *epochs) note(org uint32, batches []batchSpans, rows int) {
	if e.current.keys == nil {
		e.current.keys = map[seenKey]struct{}{}
	}
	for _, b := range batches {
		e.current.keys[seenKey{org, b.batch}] = struct{}{}
	}
	e.current.rows += uint64(rows)
}

// run does what comes up from time to time, until the store closes.
func (s *Store) run() {
	ticker := time.NewTicker(epochLength)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-ticker.C:
			if err := s.turn(now); err != nil {
				s.logger.Error("the journal of the log store cannot be shortened; it grows until this works", zap.Error(err))
			}
		}
	}
}

// turn ends the current epoch and drops those that are not needed any more.
func (s *Store) turn(now time.Time) error {
	s.commit.Lock()
	defer s.commit.Unlock()
	s.seen.forget(now.Add(-s.cfg.DedupWindow))
	if s.epochs.current.keys != nil {
		end, err := s.journal.cut()
		if err != nil {
			return err
		}
		s.epochs.current.end, s.epochs.current.closed = end, now
		s.epochs.past = append(s.epochs.past, s.epochs.current)
		s.epochs.current = epoch{}
	}
	drop := 0
	for drop < len(s.epochs.past) && now.Sub(s.epochs.past[drop].closed) >= epochAge {
		drop++
	}
	if drop == 0 || !s.flushed(drop) {
		return s.forgetIDs(now)
	}
	return s.drop(drop, now)
}

// flushed says whether the engine holds no rows in memory but those of younger epochs.
func (s *Store) flushed(epochs int) bool {
	young := s.epochs.current.rows
	for _, e := range s.epochs.past[epochs:] {
		young += e.rows
	}
	var stats logstorage.StorageStats
	s.engine.UpdateStats(&stats)
	return stats.InmemoryRowsCount+stats.PendingRows <= young
}

// drop moves the ids of the oldest epochs to the journal of ids and removes their segments.
func (s *Store) drop(count int, now time.Time) error {
	for _, e := range s.epochs.past[:count] {
		if err := s.keepIDs(e); err != nil {
			return err
		}
	}
	if err := s.ids.sync(s.ids.appended()); err != nil {
		return err
	}
	if err := s.journal.truncate(s.epochs.past[count-1].end); err != nil {
		return err
	}
	s.epochs.past = append([]epoch(nil), s.epochs.past[count:]...)
	return s.forgetIDs(now)
}

// keepIDs appends the ids of an epoch to the journal of ids.
func (s *Store) keepIDs(e epoch) error {
	var records [][]byte
	s.seen.mu.RLock()
	for key := range e.keys {
		if entry, ok := s.seen.entries[key]; ok {
			records = append(records, appendIDs(nil, key, entry))
		}
	}
	s.seen.mu.RUnlock()
	if len(records) == 0 {
		return nil
	}
	_, err := s.ids.append(records...)
	return err
}

// idSegment is a segment of the journal of ids.
type idSegment struct {
	end    int // the first segment after it
	closed time.Time
}

// forgetIDs cuts the journal of ids and removes what is older than the memory of ids.
func (s *Store) forgetIDs(now time.Time) error {
	if count := s.ids.appended(); count != s.idsCut {
		end, err := s.ids.cut()
		if err != nil {
			return err
		}
		s.idsCut = count
		s.idSegments = append(s.idSegments, idSegment{end, now})
	}
	old := 0
	for old < len(s.idSegments) && now.Sub(s.idSegments[old].closed) > s.cfg.DedupWindow {
		old++
	}
	if old == 0 {
		return nil
	}
	if err := s.ids.truncate(s.idSegments[old-1].end); err != nil {
		return err
	}
	s.idSegments = append([]idSegment(nil), s.idSegments[old:]...)
	return nil
}

// dropAll drops the whole journal. The engine is closed, so all its rows are on the disk.
func (s *Store) dropAll() error {
	end, err := s.journal.cut()
	if err != nil {
		return err
	}
	last := s.epochs.current
	last.end = end
	s.epochs.past = append(s.epochs.past, last)
	return s.drop(len(s.epochs.past), time.Now())
}
