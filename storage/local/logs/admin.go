package logs

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// deletePoll is how often Delete looks whether the engine is done; it begins within a second.
const deletePoll = 20 * time.Millisecond

// Delete implements storage.LogAdmin. The deletion is in the journal before it begins, so that
// a replay does not bring records back.
func (s *Store) Delete(ctx context.Context, org storage.OrgID, filter *logfilter.Filter, from, to time.Time) (int64, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	r, ok, err := s.begin(org, filter, from, to)
	if err != nil || !ok {
		return 0, err
	}
	count, _, _, err := s.measure(ctx, r)
	if err != nil || count == 0 {
		return 0, err
	}
	if err := s.journalDeletion(r, filter); err != nil {
		return 0, err
	}
	s.added.Add(1)
	s.makeVisible()
	text := "(" + r.filter + ") " + timeFilter(max(r.from, 0), min(r.to, farFuture))
	parsed, err := logstorage.ParseFilterAtTimestamp(text, 0)
	if err != nil {
		return 0, fmt.Errorf("translate deletion to %q: %w", text, err)
	}
	now := time.Now()
	task := strconv.FormatInt(now.UnixNano(), 36)
	// The engine deletes nothing younger than the task.
	begin := now.Add(s.cfg.FutureWindow + time.Minute).UnixNano()
	if err := s.engine.DeleteRunTask(ctx, task, begin, []logstorage.TenantID{tenant(r.org)}, parsed); err != nil {
		return 0, fmt.Errorf("delete logs: %w", err)
	}
	if err := s.awaitDeletion(ctx, task); err != nil {
		return 0, err
	}
	s.stats.forget(r.org)
	return int64(count), nil
}

// farFuture is 2200-01-01 in Unix nanoseconds: the engine writes times with four-digit years.
const farFuture = 7258118400 * int64(time.Second)

func (s *Store) journalDeletion(r reading, filter *logfilter.Filter) error {
	s.commit.Lock()
	defer s.commit.Unlock()
	record := []byte{kindDelete}
	record = binary.AppendUvarint(record, uint64(r.org))
	record = binary.AppendVarint(record, r.from)
	record = binary.AppendVarint(record, r.to)
	record = appendText(record, filter.String())
	count, err := s.journal.append(record)
	if err != nil {
		return err
	}
	s.epochs.note(r.org, nil, 0)
	if s.cfg.Sync {
		return s.journal.sync(count)
	}
	return nil
}

func decodeDeletion(record []byte) (deletion, error) {
	d := decoder{data: record[1:]}
	result := deletion{org: uint32(d.uvarint()), from: d.varint(), to: d.varint()}
	text := d.text()
	if d.err != nil {
		return deletion{}, d.err
	}
	var err error
	if result.filter, err = logfilter.Parse(text); err != nil {
		return deletion{}, fmt.Errorf("read deletion %q in the journal: %w", text, err)
	}
	return result, nil
}

// awaitDeletion waits until the engine has done the task. It goes on when the context ends.
func (s *Store) awaitDeletion(ctx context.Context, task string) error {
	ticker := time.NewTicker(deletePoll)
	defer ticker.Stop()
	for {
		active, err := s.engine.DeleteActiveTasks(ctx)
		if err != nil {
			return fmt.Errorf("wait for deletion: %w", err)
		}
		done := true
		for _, t := range active {
			done = done && t.TaskID != task
		}
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// LogStats implements storage.LogAdmin. Bytes are of all organisations.
func (s *Store) LogStats(ctx context.Context, org storage.OrgID) (storage.LogStats, error) {
	if err := s.enter(); err != nil {
		return storage.LogStats{}, err
	}
	defer s.leave()
	s.makeVisible()
	var engine logstorage.StorageStats
	s.engine.UpdateStats(&engine)
	result := storage.LogStats{
		Bytes: int64(engine.CompressedSmallPartSize + engine.CompressedBigPartSize + engine.CompressedInmemorySize + engine.IndexdbSizeBytes),
	}
	number, ok := s.orgs.lookup(org)
	if !ok {
		return result, nil
	}
	if cached, ok := s.stats.get(number); ok {
		cached.Bytes = result.Bytes
		return cached, nil
	}
	r, _, err := s.begin(org, nil, time.Time{}, time.Time{})
	if err != nil {
		return storage.LogStats{}, err
	}
	started := time.Now()
	count, oldest, newest, err := s.measure(ctx, r)
	if err != nil {
		return storage.LogStats{}, err
	}
	result.Records, result.Oldest, result.Newest = count, oldest, newest
	s.stats.put(number, result, time.Since(started))
	return result, nil
}

// measure counts the records of a reading and finds the first and the last time.
func (s *Store) measure(ctx context.Context, r reading) (count uint64, oldest, newest time.Time, err error) {
	query := fmt.Sprintf("%s | stats count() as hits, min(%s) as oldest, max(%s) as newest", r.filter, columnTime, columnTime)
	var mu sync.Mutex
	err = s.runText(ctx, r.org, query, r.from, r.to, func(block *logstorage.DataBlock) {
		mu.Lock()
		defer mu.Unlock()
		if count = parseCount(column(block, "hits").at(0)); count == 0 {
			return
		}
		// Without records these are no times.
		oldest, _ = time.Parse(time.RFC3339Nano, column(block, "oldest").at(0))
		newest, _ = time.Parse(time.RFC3339Nano, column(block, "newest").at(0))
	})
	return count, oldest, newest, err
}

// statsCache spares counting for callers that ask every few seconds. The zero value is ready.
type statsCache struct {
	mu      sync.Mutex
	entries map[uint32]cachedStats
}

type cachedStats struct {
	storage.LogStats
	until time.Time
}

func (c *statsCache) get(org uint32) (storage.LogStats, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.entries[org]
	return entry.LogStats, ok && time.Now().Before(entry.until)
}

// put keeps stats for a second, or for longer when they took long.
func (c *statsCache) put(org uint32, stats storage.LogStats, cost time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[uint32]cachedStats{}
	}
	c.entries[org] = cachedStats{stats, time.Now().Add(max(time.Second, 50*cost))}
}

func (c *statsCache) forget(org uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, org)
}

// Retention implements storage.LogAdmin.
func (s *Store) Retention() storage.Retention {
	return storage.Retention{Time: s.cfg.Retention, Bytes: s.cfg.RetentionBytes}
}
