package elasticsearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"go.uber.org/zap"
)

// maintain drops what is past its retention until the context ends. Any number of processes may do
// so at the same time.
func (s *Store) maintain(ctx context.Context) {
	if s.cfg.MaintainEvery == 0 {
		return
	}
	unknown := map[string]bool{}
	for {
		if err := s.dropExpired(ctx, time.Now(), unknown); err != nil && ctx.Err() == nil {
			s.logger.Warn("indices past their retention could not be dropped", zap.Error(err))
		}
		if !sleep(ctx, s.cfg.MaintainEvery) {
			return
		}
	}
}

// dropExpired drops the indices whose days are past the retention of their class. Indices of a class
// that the configuration does not know stay; told notes which were warned about.
func (s *Store) dropExpired(ctx context.Context, now time.Time, told map[string]bool) error {
	names, err := s.indexNames(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		class, start, ok := s.classes.parse(name)
		switch {
		case !ok && !told[name]:
			told[name] = true
			s.logger.Warn("index is kept for ever: it is of no class of the configuration", zap.String("index", name))
			continue
		case !ok || !class.expired(start, now):
			continue
		}
		status, content, err := s.client.send(ctx, esapi.IndicesDeleteRequest{Index: []string{name}})
		if err != nil {
			return err
		}
		if status > 299 && status != http.StatusNotFound { // another process was faster
			return fmt.Errorf("drop index %s: %w", name, explainStatus(status, content))
		}
		s.logger.Info("index is past its retention and dropped", zap.String("index", name), zap.Duration("retention", class.retention))
	}
	return nil
}

// indexNames returns the names of all indices of the store.
func (s *Store) indexNames(ctx context.Context) ([]string, error) {
	yes := true
	var answer map[string]json.RawMessage
	err := s.client.do(ctx, esapi.IndicesGetSettingsRequest{
		Index: []string{s.classes.pattern()}, Name: []string{"index.uuid"}, AllowNoIndices: &yes, IgnoreUnavailable: &yes,
	}, &answer)
	if err != nil {
		return nil, fmt.Errorf("list the indices of the log store: %w", err)
	}
	names := make([]string, 0, len(answer))
	for name := range answer {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}
