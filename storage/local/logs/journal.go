package logs

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// journal appends records to segments. A record is durable against the death of the process
// when append returns, and against the loss of power after sync.
type journal struct {
	dir string
	wal *wlog.WL

	mu     sync.Mutex
	broken bool   // the last append failed: the segment may end in half a record
	count  uint64 // records appended

	syncMu sync.Mutex
	synced uint64 // records known to be on the disk
}

// segmentBytes is when a segment is full; it is a multiple of wlog's page size.
const segmentBytes = 128 << 20

// openJournal opens a journal for appending. It always begins a new segment, so that what the
// last process left, perhaps half written, is never appended to.
func openJournal(dir string) (*journal, error) {
	wal, err := wlog.NewSize(slog.New(slog.DiscardHandler), nil, dir, segmentBytes, compression.None)
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", dir, err)
	}
	return &journal{dir: dir, wal: wal}, nil
}

// append writes records and returns how many the journal has now, for sync.
func (j *journal) append(records ...[]byte) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken {
		// Readers stop at a broken record and go on with the next segment.
		if _, err := j.wal.NextSegmentSync(); err != nil {
			return 0, journalError(err)
		}
		j.broken = false
	}
	if err := j.wal.Log(records...); err != nil {
		j.broken = true
		return 0, journalError(err)
	}
	j.count += uint64(len(records))
	return j.count, nil
}

func journalError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errcode.New(errcode.OutOfSpace, "write log journal: %w", err)
	}
	return errcode.New(errcode.Unavailable, "write log journal: %w", err)
}

// sync waits until the first count records are on the disk. One caller syncs for all that wait.
func (j *journal) sync(count uint64) error {
	j.syncMu.Lock()
	defer j.syncMu.Unlock()
	if j.synced >= count {
		return nil
	}
	j.mu.Lock()
	appended := j.count
	j.mu.Unlock()
	if err := j.wal.Sync(); err != nil {
		return errcode.New(errcode.Unavailable, "sync log journal: %w", err)
	}
	j.synced = appended
	return nil
}

// cut begins a new segment and returns its number: everything appended before lies below.
func (j *journal) cut() (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	segment, err := j.wal.NextSegmentSync()
	if err != nil {
		return 0, journalError(err)
	}
	j.broken = false
	return segment, nil
}

// truncate removes the segments below the number.
func (j *journal) truncate(segment int) error {
	if err := j.wal.Truncate(segment); err != nil {
		return fmt.Errorf("remove journal segments below %d: %w", segment, err)
	}
	return nil
}

func (j *journal) close() error { return j.wal.Close() }

// readJournal calls fn with every record of a journal, in order, with the number of its segment
// and how many came before. The record is reused. A broken record ends its segment: in the
// last one it is what a killed process was writing, and was never acknowledged.
func readJournal(dir string, logger *zap.Logger, fn func(record []byte, segment, index int) error) error {
	segments, err := listSegments(dir)
	if err != nil {
		return err
	}
	index := 0
	for _, number := range segments {
		err := readSegment(dir, number, func(record []byte) error {
			index++
			return fn(record, number, index-1)
		})
		var corrupt *wlog.CorruptionErr
		if errors.As(err, &corrupt) || errors.Is(err, errTorn) {
			logger.Warn("journal segment ends in a torn record, which is left out: a write that was never acknowledged, or a damaged disk",
				zap.String("dir", dir), zap.Int("segment", number), zap.Error(err))
			continue
		}
		if err != nil {
			return fmt.Errorf("read journal segment %d in %s: %w", number, dir, err)
		}
	}
	return nil
}

var errTorn = errors.New("torn record")

func readSegment(dir string, number int, fn func(record []byte) error) error {
	segment, err := wlog.OpenReadSegment(wlog.SegmentName(dir, number))
	if err != nil {
		return err
	}
	buffered := wlog.NewSegmentBufReader(segment)
	defer buffered.Close() //nolint:errcheck // only read
	reader := wlog.NewReader(buffered)
	for reader.Next() {
		if err := fn(reader.Record()); err != nil {
			return err
		}
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("%w: %w", errTorn, err)
	}
	return nil
}

// listSegments returns the numbers of a journal's segments, in order.
func listSegments(dir string) ([]int, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list journal %s: %w", dir, err)
	}
	var numbers []int
	for _, file := range files {
		if number, err := strconv.Atoi(filepath.Base(file.Name())); err == nil {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// appended returns how many records the journal has.
func (j *journal) appended() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.count
}
