package logs

import (
	"sync"
	"time"
)

// droppedDays watches which days the engine drops for the sake of RetentionBytes. Until the
// next start it swallows rows of these days, so the store refuses them. The zero value is ready.
type droppedDays struct {
	mu    sync.Mutex
	known map[string]struct{}
	end   int64 // of the last day that was dropped
}

// until returns the end of the last day that was dropped, in Unix nanoseconds, given the days
// that the engine has now.
func (d *droppedDays) until(days []string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := make(map[string]struct{}, len(days))
	for _, day := range days {
		now[day] = struct{}{}
	}
	for day := range d.known {
		if _, ok := now[day]; ok {
			continue
		}
		if start, err := time.Parse("20060102", day); err == nil {
			d.end = max(d.end, start.AddDate(0, 0, 1).UnixNano())
		}
	}
	d.known = now
	return d.end
}
