package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Reasons of Options.Dropped.
const (
	DroppedFull    = "queue_full" // to make room for newer ones
	DroppedAge     = "too_old"
	DroppedDamaged = "damaged" // on disk
)

// Options set up a queue. All are needed but Sync and MaxAge.
type Options struct {
	// MaxBytes bounds the segments on disk; the oldest is dropped to stay below.
	MaxBytes int64
	// MaxAge is how old a record may be when it is taken; 0 means any age.
	MaxAge time.Duration
	// SegmentBytes is how large a segment grows. What is sent is freed, and what is too much is
	// dropped, a segment at a time.
	SegmentBytes int64
	// Sync makes Append return only when the record would survive the loss of power.
	Sync bool
	// StateEvery is how often the progress of sending is written down at most. What was sent
	// since is sent again after a crash.
	StateEvery time.Duration
	// Now is the clock.
	Now func() time.Time
	// Dropped is told what was dropped. It is called under the queue's lock.
	Dropped func(reason string, records, items int)
}

// Queue is an open queue. Append may be called by many at once, Take by one.
type Queue struct {
	dir  string
	opts Options

	mu       sync.Mutex
	segments []*segment // those with records left, the oldest first, and the one that grows
	spans    []*span    // the oldest first; the last one grows
	active   *os.File   // of the last segment; nil when there is none that grows
	next     uint64     // id of the next segment
	encoded  []byte
	wake     chan struct{}
	backlog  bool // whose turn it is
	saved    time.Time
	unsaved  bool   // records were sent since
	unsynced uint64 // a segment whose end may not be on the disk
	recent   recent

	syncing sync.Mutex
	durable position // everything before it would survive the loss of power
}

// Open opens the queue in a folder, which it creates. One process may use it.
func Open(dir string, opts Options) (*Queue, error) {
	if err := os.MkdirAll(dir, directoryPerm); err != nil {
		return nil, fmt.Errorf("create the queue's folder: %w", err)
	}
	q := &Queue{dir: dir, opts: opts, next: 1, wake: make(chan struct{}, 1)}
	if err := q.load(); err != nil {
		return nil, err
	}
	return q, nil
}

// Append adds a record behind all others. When it returns nil the record survives the death of
// the process. OutOfSpace means that the disk is full and nothing of the queue is left to drop.
func (q *Queue) Append(payload []byte, items int) error { return q.append(0, payload, items) }

func (q *Queue) append(key uint64, payload []byte, items int) error {
	marked, payload := withKey(key, items, payload)
	size := int64(headerBytes + len(payload))
	if size > q.opts.MaxBytes || len(payload) > maxRecord {
		return errcode.New(errcode.TooLarge, "a batch of %d bytes does not fit into a queue of %d", size, q.opts.MaxBytes)
	}
	end, file, err := q.write(key, payload, marked, size)
	if err != nil {
		return err
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
	if q.opts.Sync {
		return q.sync(file, end)
	}
	return nil
}

func (q *Queue) write(key uint64, payload []byte, items uint32, size int64) (position, *os.File, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.opts.Now().UnixNano()
	q.encoded = appendRecord(q.encoded[:0], now, items, payload)
	defer func() {
		if cap(q.encoded) > 256<<10 {
			q.encoded = nil
		}
	}()
	for {
		err := q.room(size)
		if err == nil {
			_, err = q.active.Write(q.encoded)
		}
		if err == nil {
			break
		}
		// What was written of it is no record: the next one needs a segment of its own.
		err = errors.Join(err, q.rotate())
		if !outOfSpace(err) || !q.dropOldest() {
			return position{}, nil, coded(err)
		}
	}
	last := q.segments[len(q.segments)-1]
	if last.Records == 0 {
		last.Oldest = now
	}
	last.Size += size
	last.Newest = now
	last.Records++
	last.Items += int(items &^ keyed)
	q.recent.add(key)
	return position{last.ID, last.Size}, q.active, nil
}

func outOfSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func coded(err error) error {
	if outOfSpace(err) {
		return errcode.New(errcode.OutOfSpace, "write into the queue: %w", err)
	}
	return errcode.New(errcode.Unavailable, "write into the queue: %w", err)
}

// room makes place for a record in the bounds, and a segment that takes it.
func (q *Queue) room(size int64) error {
	if q.active != nil && q.segments[len(q.segments)-1].Size+size > q.opts.SegmentBytes {
		if err := q.rotate(); err != nil {
			return err
		}
		if q.opts.Now().Sub(q.saved) >= q.opts.StateEvery {
			_ = q.save() // it saves reading the segment at the next start; Done tells of errors
		}
	}
	for len(q.segments) > 1 && q.tooOld(q.segments[0].Newest) {
		q.drop(q.segments[0], DroppedAge)
	}
	for q.bytes()+size > q.opts.MaxBytes {
		if !q.dropOldest() {
			break
		}
	}
	if q.active != nil {
		return nil
	}
	fresh := &segment{ID: q.next}
	file, err := os.OpenFile(fresh.path(q.dir), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, segmentPerm)
	if err != nil {
		return err
	}
	q.next++
	q.active = file
	q.segments = append(q.segments, fresh)
	return nil
}

// rotate ends the segment that grows.
func (q *Queue) rotate() error {
	if q.active == nil {
		return nil
	}
	var err error
	last := q.segments[len(q.segments)-1]
	if q.opts.Sync {
		if err = q.active.Sync(); err != nil {
			q.unsynced = last.ID
		}
	}
	err = errors.Join(err, q.active.Close())
	q.active = nil
	if last.Records == 0 {
		q.remove(last)
	}
	return err
}

// sync returns when everything before the end is on the disk; who waits meanwhile shares the next
// one.
func (q *Queue) sync(file *os.File, end position) error {
	q.syncing.Lock()
	defer q.syncing.Unlock()
	if !q.durable.before(end) {
		return nil
	}
	q.mu.Lock()
	upTo := end
	if q.active == file {
		upTo.Offset = q.segments[len(q.segments)-1].Size
	}
	q.mu.Unlock()
	err := file.Sync()
	if errors.Is(err, fs.ErrClosed) {
		err = nil // it was synced when it was full
		q.mu.Lock()
		if q.unsynced == end.Segment {
			err = syscall.EIO
		}
		q.mu.Unlock()
	} else if err != nil {
		// The system may have forgotten what it could not write: a second attempt would lie.
		q.mu.Lock()
		if q.active == file {
			err = errors.Join(err, q.rotate())
		}
		q.mu.Unlock()
	}
	if err == nil && q.durable.Segment != end.Segment {
		err = syncDirectory(q.dir)
	}
	if err != nil {
		return coded(err)
	}
	q.durable = upTo
	return nil
}

func syncDirectory(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

func (q *Queue) bytes() int64 {
	total := int64(0)
	for _, one := range q.segments {
		total += one.Size
	}
	return total
}

// dropOldest removes the oldest segment, and says whether there was one.
func (q *Queue) dropOldest() bool {
	if len(q.segments) == 0 {
		return false
	}
	oldest := q.segments[0]
	if q.active != nil && len(q.segments) == 1 {
		if oldest.Size == 0 || q.rotate() != nil {
			return false
		}
		if len(q.segments) == 0 {
			return true // all of it was sent
		}
	}
	q.drop(oldest, DroppedFull)
	return true
}

// drop removes a segment with what is left in it.
func (q *Queue) drop(s *segment, reason string) {
	if s.Records > 0 {
		q.opts.Dropped(reason, s.Records, s.Items)
	}
	q.remove(s)
}

// remove forgets a segment and its file. A file that stays is removed at the next start.
func (q *Queue) remove(s *segment) {
	if q.recent.fresh {
		_ = q.save() // the segment holds keys
	}
	_ = os.Remove(s.path(q.dir))
	q.segments = slices.DeleteFunc(q.segments, func(one *segment) bool { return one == s })
	for _, left := range q.spans {
		if left.From.Segment == s.ID { // others may be left before one that was given up, or never filled
			left.From = position{Segment: s.ID + 1}
		}
	}
	q.tidy()
}

// tidy forgets ranges without records, but the last.
func (q *Queue) tidy() {
	last := len(q.spans) - 1
	kept := q.spans[:0]
	for i, left := range q.spans {
		if i == last || q.left(*left) {
			kept = append(kept, left)
		}
	}
	q.spans = kept
}

// Split makes a backlog of everything that is left: what is appended from now on does not wait
// for it.
func (q *Queue) Split() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	last := q.spans[len(q.spans)-1]
	if !q.left(*last) {
		return nil
	}
	if err := q.rotate(); err != nil {
		return coded(err)
	}
	last.End = q.next
	q.spans = append(q.spans, &span{From: position{Segment: q.next}})
	return nil
}

// Stats are measures of a queue.
type Stats struct {
	Records int       // left to send
	Items   int       // in them
	Bytes   int64     // of the segments on disk
	Oldest  time.Time // no record is older; zero when there is none
}

// Stats measures.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	stats := Stats{Bytes: q.bytes()}
	oldest := int64(0)
	for _, one := range q.segments {
		if one.Records == 0 {
			continue
		}
		stats.Records += one.Records
		stats.Items += one.Items
		if oldest == 0 || one.Oldest < oldest {
			oldest = one.Oldest
		}
	}
	if oldest != 0 {
		stats.Oldest = time.Unix(0, oldest)
	}
	return stats
}

// Close writes down what is left and closes the files. Nothing may be called at the same time.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return errors.Join(q.rotate(), q.save())
}

// save writes the state.
func (q *Queue) save() error {
	q.saved = q.opts.Now()
	kept := state{Recent: q.recent.keys}
	for _, left := range q.spans {
		kept.Spans = append(kept.Spans, *left)
	}
	for _, one := range q.segments {
		kept.Segments = append(kept.Segments, *one)
	}
	err := kept.write(q.dir, q.opts.Sync)
	if err == nil {
		q.recent.fresh = false
	}
	q.unsaved = err != nil
	return err
}

// wait returns when something may have been appended. Meanwhile it writes the state that Done has
// put off.
func (q *Queue) wait(ctx context.Context) error {
	q.mu.Lock()
	unsaved := q.unsaved
	q.mu.Unlock()
	var due <-chan time.Time
	if unsaved {
		timer := time.NewTimer(q.opts.StateEvery)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-q.wake:
		return nil
	case <-due:
		q.mu.Lock()
		defer q.mu.Unlock()
		_ = q.save() // Done tells of errors; until then it is tried again
		return nil
	}
}

func (q *Queue) file(s *segment) string { return filepath.Clean(s.path(q.dir)) }
