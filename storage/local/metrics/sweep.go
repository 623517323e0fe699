package metrics

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage"
)

// sweepEvery is how often retention is looked after in organisations that nobody opens. The
// TSDB does it for open ones.
const sweepEvery = time.Hour

// sweep opens organisations with blocks past their retention, which deletes these, at the start
// and then again and again until the store closes.
func (s *Store) sweep() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		s.sweepExpired(ctx)
		select {
		case <-s.stop:
			return
		case <-ticker.C:
		}
	}
}

func (s *Store) sweepExpired(ctx context.Context) {
	before := notBefore(s.cfg.RetentionTime)
	folders, err := os.ReadDir(s.dir)
	if err != nil {
		s.logger.Warn("look for metrics past their retention", zap.Error(err))
		return
	}
	for _, folder := range folders {
		select {
		case <-s.stop:
			return
		default:
		}
		id := storage.OrgID(folder.Name())
		if !folder.IsDir() || !orgPattern.MatchString(string(id)) || s.isOpen(id) || !hasExpiredBlock(filepath.Join(s.dir, folder.Name()), before) {
			continue
		}
		metrics, err := s.Open(ctx, id)
		if err == nil {
			err = metrics.Close()
		}
		if err != nil {
			s.logger.Warn("delete metrics past their retention", zap.String("org", string(id)), zap.Error(err))
		}
	}
}

// isOpen says whether an organisation's TSDB is open or being opened.
func (s *Store) isOpen(id storage.OrgID) bool {
	s.mu.Lock()
	o := s.orgs[id]
	s.mu.Unlock()
	if o == nil {
		return false
	}
	if !o.mu.TryLock() {
		return true
	}
	defer o.mu.Unlock()
	return o.db != nil
}

// hasExpiredBlock reads only what the blocks say of themselves.
func hasExpiredBlock(dir string, before int64) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if _, err := ulid.ParseStrict(entry.Name()); err != nil {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name(), "meta.json"))
		if err != nil {
			continue
		}
		var meta struct {
			MaxTime int64 `json:"maxTime"`
		}
		if json.Unmarshal(content, &meta) == nil && meta.MaxTime <= before {
			return true
		}
	}
	return false
}
