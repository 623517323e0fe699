// Package livelogs is a log store that keeps nothing: it hands what is written to those who tail.
//
// A backend whose logs are in a store without a tail of its own writes to it what it reads from
// Kafka, and joins both (storage/tiered).
package livelogs

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/logtail"
)

// memory is how many records are remembered, to show none twice: a request that was repeated is in
// Kafka twice.
const memory = 1 << 16

// Store is a storage.LogStore of which only Write and Tail are of use.
type Store struct {
	hub    logtail.Hub
	closed atomic.Bool

	mu   sync.Mutex
	seed maphash.Seed
	seen map[uint64]struct{}
	ring []uint64 // of seen, the oldest at next once it is full
	next int
}

var _ storage.LogStore = (*Store)(nil)

// New returns a store that nobody reads yet.
func New() *Store {
	return &Store{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
}

// Write implements storage.LogWriter: it stores nothing.
func (s *Store) Write(_ context.Context, org storage.OrgID, logs plog.Logs) error {
	if s.closed.Load() {
		return errClosed()
	}
	if !s.hub.Wanted(org) {
		return nil
	}
	var missing error
	s.hub.Publish(org, func(yield func(*logrecord.Row) bool) {
		var flattener logrecord.Flattener
		_ = flattener.Each(logs, func(row *logrecord.Row) error {
			if row.ID == "" {
				missing = errcode.InvalidField(logrecord.IDAttribute, "is missing", "send logs to a receiver of Pharos, which gives them ids")
				return missing
			}
			if s.isNew(org, row.ID) && !yield(row) {
				return context.Canceled
			}
			return nil
		})
	})
	return missing
}

// isNew says whether a record was not handed on already.
func (s *Store) isNew(org storage.OrgID, id string) bool {
	var hash maphash.Hash
	hash.SetSeed(s.seed)
	_, _ = hash.WriteString(string(org))
	_ = hash.WriteByte(0)
	_, _ = hash.WriteString(id)
	key := hash.Sum64()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.seen[key]; known {
		return false
	}
	s.seen[key] = struct{}{}
	if len(s.ring) < memory {
		s.ring = append(s.ring, key)
		return true
	}
	delete(s.seen, s.ring[s.next])
	s.ring[s.next] = key
	s.next = (s.next + 1) % memory
	return true
}

// Tail implements storage.LogReader.
func (s *Store) Tail(ctx context.Context, org storage.OrgID, filter *logfilter.Filter, fn func(records []storage.LogRecord, missed int) error) error {
	return s.hub.Tail(ctx, org, filter, fn)
}

// Search implements storage.LogReader: there is nothing to search.
func (s *Store) Search(context.Context, storage.OrgID, storage.LogQuery) (storage.LogPage, error) {
	return storage.LogPage{}, errKeepsNothing()
}

// Histogram implements storage.LogReader: there is nothing to count.
func (s *Store) Histogram(context.Context, storage.OrgID, storage.HistogramQuery) ([]storage.LogBucket, error) {
	return nil, errKeepsNothing()
}

// Fields implements storage.LogReader: there is nothing to look at.
func (s *Store) Fields(context.Context, storage.OrgID, storage.FieldsQuery) ([]storage.LogField, error) {
	return nil, errKeepsNothing()
}

// Delete implements storage.LogAdmin: there is nothing to delete.
func (s *Store) Delete(context.Context, storage.OrgID, *logfilter.Filter, time.Time, time.Time) (int64, error) {
	return 0, nil
}

// LogStats implements storage.LogAdmin.
func (s *Store) LogStats(context.Context, storage.OrgID) (storage.LogStats, error) {
	return storage.LogStats{}, nil
}

// Retention implements storage.LogAdmin.
func (s *Store) Retention() storage.Retention { return storage.Retention{} }

// Health implements storage.LogStore.
func (s *Store) Health(context.Context) error {
	if s.closed.Load() {
		return errClosed()
	}
	return nil
}

// Close implements storage.LogStore. It ends those who tail.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.hub.Close()
	return nil
}

func errClosed() error { return errcode.New(errcode.Unavailable, "log store is closed") }

func errKeepsNothing() error {
	return &errcode.Error{
		Code: errcode.Unimplemented, Message: "the log store `live` keeps nothing and only has a tail", Fix: "configure a store for the logs, and this one as its `hot`",
	}
}
