package storagetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
	"github.com/pharos-obs/pharos/test/matrix"
)

// LogCapability is something that a log store may declare it can't do.
type LogCapability string

// LogTail is to tell readers what is written, as it is.
const LogTail LogCapability = "Tail"

// RunLogStore runs everything that a log store must hold, but for what it declares it can't do.
// open opens the store in a folder, again after the suite has closed it; stores without a folder
// take it as a name.
func RunLogStore(t *testing.T, open func(t *testing.T, dir string) storage.LogStore, without ...LogCapability) {
	t.Helper()
	suite := matrix.Begin(t, "conformance of log stores", matrix.Store(t))
	for _, test := range []struct {
		name string
		run  func(t *testing.T, store storage.LogStore)
	}{
		{"WriteAndRead", logWriteAndRead},
		{"Paging", logPaging},
		{"PagingOfTies", logPagingOfTies},
		{"CursorStaysTrue", logCursorStaysTrue},
		{"OldestFirst", logOldestFirst},
		{"BothOrders", logBothOrders},
		{"SeenAtOnce", logSeenAtOnce},
		{"Duplicates", logDuplicates},
		{"MissingID", logMissingID},
		{"TimeWindow", logTimeWindow},
		{"TimeBounds", logTimeBounds},
		{"Organisations", logOrganisations},
		{"Histogram", logHistogram},
		{"Fields", logFields},
		{"Tail", logTail},
		{"Delete", logDelete},
		{"Stats", logStats},
		{"BadRequests", logBadRequests},
		{"Cancelled", logCancelled},
		{"FilterTable", logFilterTable},
		{"RandomFilters", logRandomFilters},
		{"RandomCounts", logRandomCounts},
	} {
		if slices.Contains(without, LogCapability(test.name)) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			suite.Part(t)
			store := open(t, t.TempDir())
			t.Cleanup(func() { assert.NoError(t, store.Close()) })
			test.run(t, store)
		})
	}
	t.Run("Reopen", func(t *testing.T) {
		suite.Part(t)
		logReopen(t, open)
	})
}

const (
	logOrg      storage.OrgID = "5ab35aa1-8a5c-4b0e-9d6d-0c7b2a6f1111"
	logOtherOrg storage.OrgID = "9e7d6c5b-4a39-4281-b706-f5e4d3c2b222"
)

// logLine is a record that a test writes.
type logLine struct {
	at      time.Time
	service string
	level   string
	message string
	labels  map[string]string
	json    map[string]any
}

// logsOf makes plog.Logs, with ids of the batch from first on.
func logsOf(t *testing.T, batch string, first int, lines ...logLine) plog.Logs {
	t.Helper()
	logs := plog.NewLogs()
	for i, line := range lines {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", line.service)
		record := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetTimestamp(timestamp(line.at))
		record.SetSeverityText(line.level)
		record.Body().SetStr(line.message)
		for name, value := range line.labels {
			record.Attributes().PutStr(name, value)
		}
		if line.json != nil {
			require.NoError(t, record.Attributes().PutEmptyMap(logrecord.JSONAttribute).FromRaw(line.json))
		}
		record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("%s-%d", batch, first+i))
	}
	return logs
}

func writeLogs(t *testing.T, store storage.LogStore, org storage.OrgID, batch string, first int, lines ...logLine) {
	t.Helper()
	report := &rejection.Report{}
	require.NoError(t, store.Write(rejection.NewContext(t.Context(), report), org, logsOf(t, batch, first, lines...)))
	require.Empty(t, report.Items())
}

// searchAll reads all pages.
func searchAll(t *testing.T, store storage.LogStore, org storage.OrgID, query storage.LogQuery) []storage.LogRecord {
	t.Helper()
	var records []storage.LogRecord
	for {
		page, err := store.Search(t.Context(), org, query)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Records), query.Limit)
		records = append(records, page.Records...)
		if page.Next == "" {
			return records
		}
		require.Len(t, page.Records, query.Limit, "only the last page may be short")
		query.Cursor = page.Next
	}
}

func messagesOf(records []storage.LogRecord) []string {
	messages := make([]string, len(records))
	for i, record := range records {
		messages[i] = record.Message
	}
	return messages
}

func mustFilter(t *testing.T, text string) *logfilter.Filter {
	t.Helper()
	filter, err := logfilter.Parse(text)
	require.NoError(t, err, text)
	return filter
}

// logTime is a recent time without odd nanoseconds.
func logTime() time.Time { return time.Now().UTC().Add(-time.Hour).Truncate(time.Minute) }

func logWriteAndRead(t *testing.T, store storage.LogStore) {
	t.Helper()
	at := logTime().Add(123456789)
	writeLogs(t, store, logOrg, "batch", 0, logLine{
		at: at, service: "checkout", level: "WARNING", message: "card declined",
		labels: map[string]string{"env": "prod", "empty": ""},
		json:   map[string]any{"user": map[string]any{"name": "Ann"}, "amount": 12.5, "tags": []any{"a", "b"}},
	})
	page, err := store.Search(t.Context(), logOrg, storage.LogQuery{Limit: 10})
	require.NoError(t, err)
	require.Len(t, page.Records, 1)
	record := page.Records[0]
	assert.JSONEq(t, `{"user":{"name":"Ann"},"amount":"12.5","tags":["a","b"]}`, string(record.JSON))
	record.JSON = nil
	assert.Equal(t, storage.LogRecord{
		Time: at, ID: "batch-0", Service: "checkout", Level: "warn", Message: "card declined",
		Labels: map[string]string{"env": "prod"},
	}, record)
	assert.Empty(t, page.Next)
	assert.NoError(t, store.Health(t.Context()))
}

// numbered makes lines, each a step after the one before.
func numbered(start time.Time, count int, step time.Duration) []logLine {
	lines := make([]logLine, count)
	for i := range lines {
		lines[i] = logLine{at: start.Add(time.Duration(i) * step), service: "numbers", level: "info", message: fmt.Sprintf("line %d", i)}
	}
	return lines
}

func logPaging(t *testing.T, store storage.LogStore) {
	t.Helper()
	lines := numbered(logTime(), 57, 7*time.Second)
	writeLogs(t, store, logOrg, "pages", 0, lines...)
	for _, limit := range []int{1, 10, 19, 57, 100} {
		records := searchAll(t, store, logOrg, storage.LogQuery{Limit: limit})
		require.Len(t, records, len(lines), "limit %d", limit)
		for i, record := range records {
			assert.Equal(t, lines[len(lines)-1-i].message, record.Message)
		}
	}
}

func logPagingOfTies(t *testing.T, store storage.LogStore) {
	t.Helper()
	start := logTime()
	writeLogs(t, store, logOrg, "first", 0, numbered(start, 30, 0)...)
	writeLogs(t, store, logOrg, "second", 0, numbered(start, 30, 0)...)
	writeLogs(t, store, logOrg, "third", 0, numbered(start.Add(time.Nanosecond), 5, 0)...)
	writeLogs(t, store, logOrg, "fourth", 0, numbered(start.Add(-time.Nanosecond), 5, 0)...)
	for _, limit := range []int{1, 7, 64} {
		ascending := searchAll(t, store, logOrg, storage.LogQuery{Limit: limit, OldestFirst: true})
		slices.Reverse(ascending)
		assert.Equal(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: limit}), ascending, "limit %d", limit)
		seen := map[string]bool{}
		var last storage.LogRecord
		for i, record := range searchAll(t, store, logOrg, storage.LogQuery{Limit: limit}) {
			assert.False(t, seen[record.ID], "%s came twice", record.ID)
			seen[record.ID] = true
			if i > 0 {
				assert.False(t, record.Time.After(last.Time))
				if record.Time.Equal(last.Time) {
					assert.Less(t, record.ID, last.ID)
				}
			}
			last = record
		}
		assert.Len(t, seen, 70, "limit %d", limit)
	}
}

func logCursorStaysTrue(t *testing.T, store storage.LogStore) {
	t.Helper()
	start := logTime()
	writeLogs(t, store, logOrg, "old", 0, numbered(start, 10, time.Second)...)
	page, err := store.Search(t.Context(), logOrg, storage.LogQuery{Limit: 4})
	require.NoError(t, err)
	writeLogs(t, store, logOrg, "new", 0, numbered(start.Add(time.Minute), 10, time.Second)...)
	rest := searchAll(t, store, logOrg, storage.LogQuery{Limit: 4, Cursor: page.Next})
	assert.Equal(t, []string{"line 5", "line 4", "line 3", "line 2", "line 1", "line 0"}, messagesOf(rest))
}

func logDuplicates(t *testing.T, store storage.LogStore) {
	t.Helper()
	lines := numbered(logTime(), 20, time.Second)
	writeLogs(t, store, logOrg, "twice", 0, lines...)
	writeLogs(t, store, logOrg, "twice", 0, lines...)
	writeLogs(t, store, logOrg, "twice", 10, lines[10:]...) // a part of it
	writeLogs(t, store, logOrg, "other", 0, lines...)       // the same lines are other records
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 100}), 40)

	// Records that are new in a batch that is known are stored.
	writeLogs(t, store, logOrg, "twice", 15, numbered(logTime(), 10, time.Second)...)
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 100}), 45)

	done := make(chan error)
	for range 4 {
		logs := logsOf(t, "race", 0, lines...)
		go func() { done <- store.Write(context.Background(), logOrg, logs) }()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 100}), 65)
}

func logMissingID(t *testing.T, store storage.LogStore) {
	t.Helper()
	logs := logsOf(t, "batch", 0, numbered(logTime(), 2, 0)...)
	logs.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords().At(0).Attributes().Remove(logrecord.IDAttribute)
	assert.Equal(t, errcode.Invalid, errcode.Of(store.Write(t.Context(), logOrg, logs)))
	assert.Empty(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 10}))
}

func logTimeWindow(t *testing.T, store storage.LogStore) {
	t.Helper()
	now := time.Now().UTC()
	report := &rejection.Report{}
	ctx := rejection.NewContext(t.Context(), report)
	require.NoError(t, store.Write(ctx, logOrg, logsOf(t, "window", 0,
		logLine{at: now.Add(-time.Minute), service: "s", message: "kept"},
		logLine{at: now.AddDate(-1, 0, 0), service: "s", message: "too old"},
		logLine{at: now.Add(48 * time.Hour), service: "s", message: "too new"},
	)))
	assert.Equal(t, []string{"kept"}, messagesOf(searchAll(t, store, logOrg, storage.LogQuery{Limit: 10})))
	items := report.Items()
	require.Len(t, items, 2)
	assert.Equal(t, "window-1", items[0].Key)
	assert.Equal(t, "too_old", items[0].Reason)
	assert.Equal(t, "window-2", items[1].Key)
	assert.Equal(t, "too_far_in_future", items[1].Reason)
	for _, item := range items {
		assert.Equal(t, "time", item.Field)
		assert.NotEmpty(t, item.Message)
	}
}

func logTimeBounds(t *testing.T, store storage.LogStore) {
	t.Helper()
	start := logTime()
	writeLogs(t, store, logOrg, "bounds", 0, numbered(start, 10, time.Second)...)
	query := storage.LogQuery{Limit: 3, From: start.Add(2 * time.Second), To: start.Add(6 * time.Second)}
	assert.Equal(t, []string{"line 5", "line 4", "line 3", "line 2"}, messagesOf(searchAll(t, store, logOrg, query)))
	query.To = query.From
	assert.Empty(t, searchAll(t, store, logOrg, query))
}

func logOrganisations(t *testing.T, store storage.LogStore) {
	t.Helper()
	lines := numbered(logTime(), 3, time.Second)
	writeLogs(t, store, logOrg, "batch", 0, lines...)
	writeLogs(t, store, logOtherOrg, "batch", 0, lines[:1]...)
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 10}), 3)
	assert.Len(t, searchAll(t, store, logOtherOrg, storage.LogQuery{Limit: 10}), 1)
	assert.Empty(t, searchAll(t, store, "unknown", storage.LogQuery{Limit: 10}))
}
