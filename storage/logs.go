package storage

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/storage/logfilter"
)

// LogStore holds the logs of every organisation.
type LogStore interface {
	LogWriter
	LogReader
	LogAdmin
	// Health returns nil when the store takes reads and writes, otherwise what is wrong:
	// OutOfSpace when it only serves reads.
	Health(ctx context.Context) error
	io.Closer
}

// LogWriter writes logs.
type LogWriter interface {
	// Write stores all records of one organisation, each under the id in its attribute
	// logrecord.IDAttribute; a record without one is refused with Invalid. It returns nil when
	// they are durable against the death of the process, or were stored before: a record whose
	// id was written within the last ten minutes, also before a restart, is not stored again.
	// Records the store will never take (outside its time window) are left out and added to the
	// rejection.Report of the context. The logs stay the caller's and are not changed.
	Write(ctx context.Context, org OrgID, logs plog.Logs) error
}

// LogReader reads logs. A zero From or To leaves that side open. From is inclusive, To is not.
type LogReader interface {
	// Search returns the newest records first, by (time, id), both descending, or the oldest
	// first, both ascending, and a cursor for the page after it; the cursor is empty when there
	// is nothing more. A cursor is a place between records: it stays true while records are
	// added, and with the other order it leads the other way. A nil filter matches everything.
	Search(ctx context.Context, org OrgID, query LogQuery) (LogPage, error)
	// Histogram counts the matching records in buckets of Step, aligned to Unix time, in time
	// order; with By, one bucket for each of the most frequent values of that field, one with
	// the value "" for the records without it, and one marked Other for the rest. Empty buckets
	// are left out.
	Histogram(ctx context.Context, org OrgID, query HistogramQuery) ([]LogBucket, error)
	// Fields returns the most frequent values of fields among the matching records, the most
	// frequent first, and how many there are. Without names in the query it returns every field
	// that occurs.
	Fields(ctx context.Context, org OrgID, query FieldsQuery) ([]LogField, error)
	// Tail calls fn with records as they are written, in order of arrival, until the context
	// ends or fn returns an error, which it returns; the context's end is no error. A reader
	// that is too slow misses records; fn is told how many it missed before this call.
	Tail(ctx context.Context, org OrgID, filter *logfilter.Filter, fn func(records []LogRecord, missed int) error) error
}

// LogAdmin deletes and measures logs.
type LogAdmin interface {
	// Delete removes the records in [from, to) that match. It returns when they can no longer
	// be read, with how many there were.
	Delete(ctx context.Context, org OrgID, filter *logfilter.Filter, from, to time.Time) (int64, error)
	// LogStats measures; it is cheap enough to call every few seconds.
	LogStats(ctx context.Context, org OrgID) (LogStats, error)
	// Retention says how long logs are kept.
	Retention() Retention
}

// LogRecord is one log record as queries return it. It marshals to the API's form.
type LogRecord struct {
	Time       time.Time         `json:"time"` // UTC, nanoseconds
	ID         string            `json:"id"`   // batch id, "-", ordinal
	Service    string            `json:"service"`
	InstanceID string            `json:"instance_id,omitempty"`
	Level      string            `json:"level,omitempty"` // trace, debug, info, warn, error, fatal or what was sent
	Message    string            `json:"message"`
	Labels     map[string]string `json:"labels,omitempty"`
	JSON       json.RawMessage   `json:"json,omitempty"` // an object; flattened and rebuilt, so that scalars in it may be strings
	TraceID    string            `json:"trace_id,omitempty"`
	SpanID     string            `json:"span_id,omitempty"`
}

// LogQuery asks for a page of records.
type LogQuery struct {
	Filter   *logfilter.Filter
	From, To time.Time
	Limit    int    // at least 1
	Cursor   string // from the page before; the other fields must be the same, but for OldestFirst
	// OldestFirst turns the order around.
	OldestFirst bool
}

// LogPage is a page of records.
type LogPage struct {
	Records []LogRecord
	Next    string // cursor of the next page; empty at the end
}

// HistogramQuery asks for counts over time.
type HistogramQuery struct {
	Filter   *logfilter.Filter
	From, To time.Time
	Step     time.Duration // at least a millisecond
	By       string        // field; empty for one count a bucket
	Limit    int           // values of By; 0 means 10
}

// LogBucket is a count of records in [Time, Time+Step).
type LogBucket struct {
	Time  time.Time
	By    string // value of the field counted by
	Other bool   // records with another value than the most frequent ones
	Count uint64
}

// FieldsQuery asks for field values.
type FieldsQuery struct {
	Filter   *logfilter.Filter
	From, To time.Time
	Names    []string // empty means all fields
	Limit    int      // values a field; 0 means 10
	Newest   bool     // the time of each value's newest record too
}

// LogField is a field with its most frequent values.
type LogField struct {
	Name    string       `json:"name"`
	Values  []FieldValue `json:"values"`
	Total   uint64       `json:"total"`   // different values
	Records uint64       `json:"records"` // records that have the field
}

// FieldValue is a value and how many records have it.
type FieldValue struct {
	Value  string     `json:"value"`
	Count  uint64     `json:"count"`
	Newest *time.Time `json:"newest,omitempty"` // nil when nobody asked for it
}

// LogStats are measures of one organisation's logs.
type LogStats struct {
	Records uint64    // records that can be read; an estimate
	Bytes   int64     // bytes on disk; of all organisations where a store cannot tell them apart
	Oldest  time.Time // zero when there is none
	Newest  time.Time // zero when there is none
}
