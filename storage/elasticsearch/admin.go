package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// Delete implements storage.LogAdmin. It deletes what it finds, a page after the other, so that
// records that are written meanwhile may stay.
func (s *Store) Delete(ctx context.Context, org storage.OrgID, filter *logfilter.Filter, from, to time.Time) (int64, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	r, err := s.begin(org, filter, from, to)
	if err != nil {
		return 0, err
	}
	// What was acknowledged may not be searchable yet.
	if err := s.refresh(ctx, r.targets); err != nil {
		return 0, err
	}
	if r.exact {
		r.source = false
	}
	var deleted int64
	var batch []hit
	flush := func() error {
		count, err := s.deleteBatch(ctx, org, batch)
		deleted += count
		batch = batch[:0]
		return err
	}
	err = s.each(ctx, r, largestPage, func(h *hit) error {
		if batch = append(batch, *h); len(batch) < largestPage {
			return nil
		}
		return flush()
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	if err != nil {
		return deleted, fmt.Errorf("delete logs, after %d records: %w", deleted, err)
	}
	s.stats.forget(org)
	return deleted, s.refresh(ctx, r.targets)
}

// refresh makes searchable what was written and unfindable what was deleted.
func (s *Store) refresh(ctx context.Context, targets []string) error {
	yes := true
	return s.client.do(ctx, esapi.IndicesRefreshRequest{Index: targets, IgnoreUnavailable: &yes, AllowNoIndices: &yes}, nil)
}

// deleteBatch deletes documents and returns how many were there.
func (s *Store) deleteBatch(ctx context.Context, org storage.OrgID, hits []hit) (int64, error) {
	var text []byte
	for i := range hits {
		text = append(text, `{"delete":{"_index":`...)
		text = appendString(text, hits[i].index)
		text = append(text, `,"_id":`...)
		text = appendString(text, hits[i].docID)
		text = append(text, "}}\n"...)
	}
	var answer bulkAnswer
	err := s.client.do(ctx, esapi.BulkRequest{
		Routing: string(org), Body: bytes.NewReader(text), FilterPath: []string{"errors", "items.*.status", "items.*.error"},
	}, &answer)
	if err != nil {
		return 0, err
	}
	var count int64
	for _, outcome := range answer.Items {
		switch result := outcome["delete"]; {
		case result.Error != nil:
			return count, explainItem(result.Status, result.Error)
		case result.Status < 300:
			count++
		}
	}
	return count, nil
}

// LogStats implements storage.LogAdmin. Bytes are of all organisations.
func (s *Store) LogStats(ctx context.Context, org storage.OrgID) (storage.LogStats, error) {
	if err := s.enter(); err != nil {
		return storage.LogStats{}, err
	}
	defer s.leave()
	if cached, ok := s.stats.get(org); ok {
		return cached, nil
	}
	started := time.Now()
	r, err := s.begin(org, nil, time.Time{}, time.Time{})
	if err != nil {
		return storage.LogStats{}, err
	}
	var result storage.LogStats
	if result.Newest, result.Records, err = s.edge(ctx, r, true); err != nil {
		return storage.LogStats{}, err
	}
	r.oldestFirst = true
	if result.Oldest, _, err = s.edge(ctx, r, false); err != nil {
		return storage.LogStats{}, err
	}
	if result.Bytes, err = s.size(ctx); err != nil {
		return storage.LogStats{}, err
	}
	s.stats.put(org, result, time.Since(started))
	return result, nil
}

// edge returns the time of the first record of a reading, and counts them all when asked to.
func (s *Store) edge(ctx context.Context, r reading, count bool) (time.Time, uint64, error) {
	order := "desc"
	if r.oldestFirst {
		order = "asc"
	}
	var answer struct {
		Hits struct {
			Total struct {
				Value uint64 `json:"value"`
			} `json:"total"`
			Hits []struct {
				Sort []string `json:"sort"`
			} `json:"hits"`
		} `json:"hits"`
	}
	err := s.search(ctx, r, object{
		"size": 1, "track_total_hits": count, "query": r.query, "_source": false,
		"sort": []object{{"time": object{"order": order, "format": "strict_date_optional_time_nanos", "numeric_type": "date_nanos"}}},
	}, &answer)
	if err != nil || len(answer.Hits.Hits) == 0 {
		return time.Time{}, 0, err
	}
	at, err := time.Parse(time.RFC3339Nano, answer.Hits.Hits[0].Sort[0])
	return at.UTC(), answer.Hits.Total.Value, err
}

// size returns the bytes on disk of all indices, with their replicas.
func (s *Store) size(ctx context.Context) (int64, error) {
	var answer struct {
		All struct {
			Total struct {
				Store struct {
					Bytes int64 `json:"size_in_bytes"`
				} `json:"store"`
			} `json:"total"`
		} `json:"_all"`
	}
	err := s.client.do(ctx, esapi.IndicesStatsRequest{
		Index: []string{s.classes.pattern()}, Metric: []string{"store"}, FilterPath: []string{"_all.total.store.size_in_bytes"},
	}, &answer)
	return answer.All.Total.Store.Bytes, err
}

// statsCache spares measuring for callers that ask every few seconds. The zero value is ready.
type statsCache struct {
	mu      sync.Mutex
	entries map[storage.OrgID]cachedStats
}

type cachedStats struct {
	storage.LogStats
	until time.Time
}

func (c *statsCache) get(org storage.OrgID) (storage.LogStats, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.entries[org]
	return entry.LogStats, ok && time.Now().Before(entry.until)
}

// put keeps stats for a second, or for longer when they took long.
func (c *statsCache) put(org storage.OrgID, stats storage.LogStats, cost time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[storage.OrgID]cachedStats{}
	}
	c.entries[org] = cachedStats{stats, time.Now().Add(max(time.Second, 20*cost))}
}

func (c *statsCache) forget(org storage.OrgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, org)
}

// Retention implements storage.LogAdmin: it is that of organisations without a class of their own.
func (s *Store) Retention() storage.Retention {
	return storage.Retention{Time: time.Duration(s.cfg.Retention)}
}
