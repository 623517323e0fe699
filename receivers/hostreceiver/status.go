package hostreceiver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// status tells the Collector which scrapers fail, whenever that changes.
type status struct {
	host component.Host

	mu      sync.Mutex // guards failing
	failing map[string]error
}

func newStatus(host component.Host) *status {
	return &status{host: host, failing: map[string]error{}}
}

// scraped notes how the run of a scraper ended.
func (s *status) scraped(scraper string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, failed := s.failing[scraper]; failed == (err != nil) {
		return
	}
	if err != nil {
		s.failing[scraper] = err
	} else {
		delete(s.failing, scraper)
	}
	if len(s.failing) == 0 {
		componentstatus.ReportStatus(s.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	names := slices.Sorted(maps.Keys(s.failing))
	first := fmt.Errorf("scraper %s: %w", names[0], s.failing[names[0]])
	if more := names[1:]; len(more) > 0 {
		first = fmt.Errorf("%w (%s too)", first, strings.Join(more, ", "))
	}
	componentstatus.ReportStatus(s.host, componentstatus.NewRecoverableErrorEvent(first))
}
