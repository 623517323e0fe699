package tiered

import (
	"context"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// Logs is a durable log store with the tail of a live one.
type Logs struct {
	storage.LogStore
	live storage.LogReader
}

var _ storage.LogStore = (*Logs)(nil)

// NewLogs returns a durable store whose Tail is that of live. Closing it closes the durable one;
// the live one stays the caller's.
func NewLogs(durable storage.LogStore, live storage.LogReader) *Logs {
	return &Logs{LogStore: durable, live: live}
}

// Tail implements storage.LogReader.
func (l *Logs) Tail(ctx context.Context, org storage.OrgID, filter *logfilter.Filter, fn func(records []storage.LogRecord, missed int) error) error {
	return l.live.Tail(ctx, org, filter, fn)
}
