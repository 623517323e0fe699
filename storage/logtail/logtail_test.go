package logtail

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const acme, other storage.OrgID = "acme", "other"

// rows makes records of a level.
func rows(level string, count int) iter.Seq[*logrecord.Row] {
	return func(yield func(*logrecord.Row) bool) {
		var row logrecord.Row
		for n := range count {
			row = logrecord.Row{Time: int64(n), ID: fmt.Sprintf("%s-%d", level, n), Fields: []logfilter.Field{{Name: logfilter.FieldLevel, Value: level}}}
			if !yield(&row) {
				return
			}
		}
	}
}

// tail reads until it has seen an id, and returns all ids.
func tail(t *testing.T, hub *Hub, org storage.OrgID, filter, last string) (ids func() []string) {
	t.Helper()
	parsed, err := logfilter.Parse(filter)
	require.NoError(t, err)
	done := make(chan []string, 1)
	go func() {
		var seen []string
		_ = hub.Tail(t.Context(), org, parsed, func(records []storage.LogRecord, _ int) error {
			for i := range records {
				seen = append(seen, records[i].ID)
			}
			if slices.Contains(seen, last) {
				return errors.New("enough")
			}
			return nil
		})
		done <- seen
	}()
	return func() []string { return <-done }
}

// begun waits until so many read.
func begun(hub *Hub, readers int) bool {
	for {
		hub.mu.RLock()
		count := len(hub.readers)
		hub.mu.RUnlock()
		if count == readers {
			return true
		}
	}
}

func TestEachGetsItsOwn(t *testing.T) {
	var hub Hub
	hub.Publish(acme, rows("error", 3))
	assert.False(t, hub.Wanted(acme))
	all := tail(t, &hub, acme, "", "info-1")
	errors := tail(t, &hub, acme, "level:error", "error-1")
	foreign := tail(t, &hub, other, "", "info-0")
	begun(&hub, 3)
	assert.True(t, hub.Wanted(acme))
	hub.Publish(acme, rows("error", 2))
	hub.Publish(acme, rows("info", 2))
	hub.Publish(other, rows("info", 1))
	assert.Equal(t, []string{"error-0", "error-1", "info-0", "info-1"}, all())
	assert.Equal(t, []string{"error-0", "error-1"}, errors())
	assert.Equal(t, []string{"info-0"}, foreign())
	begun(&hub, 0)
}

func TestSlowReaderMisses(t *testing.T) {
	var hub Hub
	r := &reader{org: acme, records: make(chan []storage.LogRecord, buffer)}
	hub.add(r)
	for range buffer + 2 {
		hub.Publish(acme, rows("info", 3))
	}
	assert.Equal(t, int64(6), r.missed.Load())
	assert.Len(t, r.records, buffer)
	hub.remove(r)

	told := 0
	var seen int
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		begun(&hub, 1)
		hub.Publish(acme, rows("info", 1))
	}()
	err := hub.Tail(ctx, acme, nil, func(records []storage.LogRecord, missed int) error {
		seen, told = seen+len(records), told+missed
		switch seen {
		case 1:
			for range buffer + 10 { // while it works
				hub.Publish(acme, rows("info", 1))
			}
		case 1 + buffer:
			hub.Publish(acme, rows("info", 1))
		case 2 + buffer:
			cancel()
		}
		return nil
	})
	require.NoError(t, err, "the end of the context is no error")
	assert.Equal(t, 10, told)
}

func TestClosing(t *testing.T) {
	var hub Hub
	ended := make(chan error)
	nothing := func([]storage.LogRecord, int) error { return nil }
	go func() { ended <- hub.Tail(context.Background(), acme, nil, nothing) }()
	begun(&hub, 1)
	hub.Close()
	assert.Equal(t, errcode.Unavailable, errcode.Of(<-ended))
	assert.Equal(t, errcode.Unavailable, errcode.Of(hub.Tail(t.Context(), acme, nil, nothing)))
}
