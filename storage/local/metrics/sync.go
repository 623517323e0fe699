package metrics

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// syncer makes the write-ahead logs durable against a loss of power. Commits that wait at
// the same time share one round: the TSDB can't sync its log, but a file synced through any
// descriptor is synced.
type syncer struct {
	dirs []string

	mu      sync.Mutex
	running *syncRound
	next    *syncRound
}

type syncRound struct {
	done chan struct{}
	err  error
}

func newSyncer(dir string) *syncer {
	return &syncer{dirs: []string{filepath.Join(dir, "wal"), filepath.Join(dir, "wbl")}}
}

// wait returns when all that was written before the call is on the disk.
func (s *syncer) wait() error {
	s.mu.Lock()
	round := s.next
	lead := round == nil
	if lead {
		round = &syncRound{done: make(chan struct{})}
		s.next = round
	}
	running := s.running
	s.mu.Unlock()
	if !lead {
		<-round.done
		return round.err
	}

	if running != nil {
		<-running.done
	}
	s.mu.Lock()
	s.running, s.next = round, nil
	s.mu.Unlock()
	round.err = s.syncAll()
	close(round.done)
	return round.err
}

func (s *syncer) syncAll() error {
	for _, dir := range s.dirs {
		if err := syncSegments(dir); err != nil {
			return err
		}
	}
	return nil
}

// syncSegments syncs the last two segments of a log: a commit may just have begun a new one,
// while the one before is still being synced by the log itself.
func syncSegments(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(entry os.DirEntry) bool { return !entry.Type().IsRegular() })
	for _, entry := range entries[max(0, len(entries)-2):] {
		if err := syncPath(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return syncPath(dir)
}

func syncPath(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the log was truncated meanwhile
	}
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
