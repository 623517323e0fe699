package querytest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// Logs is a log store for tests. Records come in by Add.
type Logs struct {
	mu      sync.Mutex
	records []storage.LogRecord
	tails   map[chan []storage.LogRecord]*logfilter.Filter
	failIn  int   // searches that still succeed
	failure error // nil for none
	// Block makes every query wait for the end of its context.
	Block bool
}

// NewLogs returns an empty store.
func NewLogs() *Logs {
	return &Logs{tails: map[chan []storage.LogRecord]*logfilter.Filter{}}
}

// Add stores records and shows them to those who tail.
func (l *Logs) Add(records ...storage.LogRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, records...)
	for tail, filter := range l.tails {
		matching := slices.DeleteFunc(slices.Clone(records), func(r storage.LogRecord) bool { return !matches(filter, r) })
		if len(matching) > 0 {
			tail <- matching
		}
	}
}

// Tails returns how many are tailing.
func (l *Logs) Tails() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tails)
}

func matches(filter *logfilter.Filter, r storage.LogRecord) bool {
	return logfilter.Match(filter, fieldsOf(r))
}

func fieldsOf(r storage.LogRecord) []logfilter.Field {
	fields := []logfilter.Field{
		{Name: logfilter.FieldTime, Value: r.Time.Format(time.RFC3339Nano)},
		{Name: logfilter.FieldID, Value: r.ID},
		{Name: logfilter.FieldService, Value: r.Service},
		{Name: logfilter.FieldInstanceID, Value: r.InstanceID},
		{Name: logfilter.FieldLevel, Value: r.Level},
		{Name: logfilter.FieldMessage, Value: r.Message},
	}
	for name, value := range r.Labels {
		fields = append(fields, logfilter.Field{Name: logfilter.LabelsPrefix + name, Value: value})
	}
	return fields
}

// FailAfter makes every search after so many fail with err.
func (l *Logs) FailAfter(searches int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failIn, l.failure = searches, err
}

// failing counts a search, and returns the failure when it is due.
func (l *Logs) failing() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failIn--
	if l.failIn < 0 {
		return l.failure
	}
	return nil
}

// find returns the matching records, the newest first.
func (l *Logs) find(ctx context.Context, filter *logfilter.Filter, from, to time.Time) ([]storage.LogRecord, error) {
	if l.Block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []storage.LogRecord
	for _, r := range l.records {
		if !r.Time.Before(from) && (to.IsZero() || r.Time.Before(to)) && matches(filter, r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b storage.LogRecord) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID))
	})
	return out, nil
}

// Search implements storage.LogReader. Its cursor is a position.
func (l *Logs) Search(ctx context.Context, _ storage.OrgID, q storage.LogQuery) (storage.LogPage, error) {
	found, err := l.find(ctx, q.Filter, q.From, q.To)
	if err == nil {
		err = l.failing()
	}
	if err != nil {
		return storage.LogPage{}, err
	}
	if q.OldestFirst {
		slices.Reverse(found)
	}
	start := 0
	if q.Cursor != "" {
		if start, err = strconv.Atoi(q.Cursor); err != nil {
			return storage.LogPage{}, errcode.InvalidField("cursor", "is not one of ours", "use next of the page before")
		}
	}
	found = found[min(start, len(found)):]
	page := storage.LogPage{Records: found}
	if len(found) > q.Limit {
		page = storage.LogPage{Records: found[:q.Limit], Next: strconv.Itoa(start + q.Limit)}
	}
	return page, nil
}

// Histogram implements storage.LogReader.
func (l *Logs) Histogram(ctx context.Context, _ storage.OrgID, q storage.HistogramQuery) ([]storage.LogBucket, error) {
	found, err := l.find(ctx, q.Filter, q.From, q.To)
	if err != nil {
		return nil, err
	}
	var out []storage.LogBucket
	for _, r := range slices.Backward(found) {
		next := storage.LogBucket{Time: r.Time.Truncate(q.Step), By: valueOf(r, q.By), Count: 1}
		i := slices.IndexFunc(out, func(b storage.LogBucket) bool { return b.Time.Equal(next.Time) && b.By == next.By })
		if i >= 0 {
			out[i].Count++
		} else {
			out = append(out, next)
		}
	}
	return out, nil
}

func valueOf(r storage.LogRecord, name string) string {
	for _, field := range fieldsOf(r) {
		if field.Name == name {
			return field.Value
		}
	}
	return ""
}

// Fields implements storage.LogReader.
func (l *Logs) Fields(ctx context.Context, _ storage.OrgID, q storage.FieldsQuery) ([]storage.LogField, error) {
	found, err := l.find(ctx, q.Filter, q.From, q.To)
	if err != nil {
		return nil, err
	}
	var out []storage.LogField
	for _, name := range q.Names {
		field := storage.LogField{Name: name}
		for _, r := range found {
			value := valueOf(r, name)
			if value == "" {
				continue
			}
			field.Records++
			i := slices.IndexFunc(field.Values, func(v storage.FieldValue) bool { return v.Value == value })
			if i >= 0 {
				field.Values[i].Count++
			} else {
				field.Values = append(field.Values, storage.FieldValue{Value: value, Count: 1})
				if q.Newest { // the newest come first
					field.Values[len(field.Values)-1].Newest = &r.Time
				}
			}
		}
		field.Total = uint64(len(field.Values))
		out = append(out, field)
	}
	return out, nil
}

// Tail implements storage.LogReader.
func (l *Logs) Tail(ctx context.Context, _ storage.OrgID, filter *logfilter.Filter, fn func([]storage.LogRecord, int) error) error {
	tail := make(chan []storage.LogRecord, 100)
	l.mu.Lock()
	l.tails[tail] = filter
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.tails, tail)
		l.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case records := <-tail:
			if err := fn(records, 0); err != nil {
				return err
			}
		}
	}
}

// Write implements storage.LogWriter; tests use Add.
func (*Logs) Write(context.Context, storage.OrgID, plog.Logs) error {
	return errors.New("this store takes records by Add")
}

// Delete implements storage.LogAdmin.
func (l *Logs) Delete(_ context.Context, _ storage.OrgID, filter *logfilter.Filter, from, to time.Time) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.records)
	l.records = slices.DeleteFunc(l.records, func(r storage.LogRecord) bool {
		return !r.Time.Before(from) && r.Time.Before(to) && matches(filter, r)
	})
	return int64(before - len(l.records)), nil
}

// Retention implements storage.LogAdmin.
func (*Logs) Retention() storage.Retention { return storage.Retention{Bytes: 1 << 30} }

// LogStats implements storage.LogAdmin.
func (l *Logs) LogStats(context.Context, storage.OrgID) (storage.LogStats, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return storage.LogStats{Records: uint64(len(l.records))}, nil
}

// Health implements storage.LogStore.
func (*Logs) Health(context.Context) error { return nil }

// Close implements storage.LogStore.
func (*Logs) Close() error { return nil }
