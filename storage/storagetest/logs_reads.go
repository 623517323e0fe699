package storagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

func timestamp(at time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(at) }

// trafficLines are 30 lines over three minutes: 15 info, 10 warn, 5 error.
func trafficLines(start time.Time) []logLine {
	var lines []logLine
	for i := range 30 {
		line := logLine{at: start.Add(time.Duration(i%3) * time.Minute).Add(time.Duration(i) * time.Second), service: "api", level: "info", message: "request"}
		switch {
		case i < 5:
			line.level = "error"
		case i < 15:
			line.level = "warn"
			line.service = "web"
		}
		line.labels = map[string]string{"region": []string{"north", "south"}[i%2]}
		lines = append(lines, line)
	}
	return lines
}

func logHistogram(t *testing.T, store storage.LogStore) {
	t.Helper()
	start := logTime()
	writeLogs(t, store, logOrg, "traffic", 0, trafficLines(start)...)
	counts := func(query storage.HistogramQuery) map[string]uint64 {
		query.Step = time.Minute
		buckets, err := store.Histogram(t.Context(), logOrg, query)
		require.NoError(t, err)
		result := map[string]uint64{}
		for i, bucket := range buckets {
			if i > 0 {
				assert.False(t, bucket.Time.Before(buckets[i-1].Time))
			}
			by := bucket.By
			if bucket.Other {
				by = "other"
			}
			result[fmt.Sprintf("%d %s", int(bucket.Time.Sub(start).Minutes()), by)] = bucket.Count
		}
		return result
	}
	assert.Equal(t, map[string]uint64{"0 ": 10, "1 ": 10, "2 ": 10}, counts(storage.HistogramQuery{}))
	assert.Equal(t, map[string]uint64{"0 ": 2, "1 ": 2, "2 ": 1}, counts(storage.HistogramQuery{Filter: mustFilter(t, "level:error")}))
	assert.Equal(t, map[string]uint64{"1 ": 10}, counts(storage.HistogramQuery{From: start.Add(time.Minute), To: start.Add(2 * time.Minute)}))
	assert.Equal(t, map[string]uint64{
		"0 info": 5, "1 info": 5, "2 info": 5, "0 warn": 3, "1 warn": 3, "2 warn": 4, "0 other": 2, "1 other": 2, "2 other": 1,
	}, counts(storage.HistogramQuery{By: "level", Limit: 2}))
	assert.Equal(t, map[string]uint64{
		"0 north": 5, "1 north": 5, "2 north": 5, "0 south": 5, "1 south": 5, "2 south": 5,
	}, counts(storage.HistogramQuery{By: "region"}))
	assert.Equal(t, map[string]uint64{"0 ": 10, "1 ": 10, "2 ": 10}, counts(storage.HistogramQuery{By: "absent"}), "nobody has the field")
	writeLogs(t, store, logOrg, "some", 0, logLine{at: start, service: "api", level: "fatal", message: "no region"})
	assert.Equal(t, map[string]uint64{
		"0 north": 5, "1 north": 5, "2 north": 5, "0 other": 5, "1 other": 5, "2 other": 5, "0 ": 1,
	}, counts(storage.HistogramQuery{By: "region", Limit: 1}))
}

func logFields(t *testing.T, store storage.LogStore) {
	t.Helper()
	start := logTime()
	writeLogs(t, store, logOrg, "traffic", 0, trafficLines(start)...)
	fields, err := store.Fields(t.Context(), logOrg, storage.FieldsQuery{Names: []string{"level", "region", "absent"}, Limit: 2})
	require.NoError(t, err)
	require.Len(t, fields, 3)
	assert.Equal(t, storage.LogField{
		Name: "level", Values: []storage.FieldValue{{Value: "info", Count: 15}, {Value: "warn", Count: 10}}, Total: 3, Records: 30,
	}, fields[0])
	assert.Equal(t, "region", fields[1].Name)
	assert.ElementsMatch(t, []storage.FieldValue{{Value: "north", Count: 15}, {Value: "south", Count: 15}}, fields[1].Values)
	assert.Empty(t, fields[2].Values)
	assert.Zero(t, fields[2].Total)

	fields, err = store.Fields(t.Context(), logOrg, storage.FieldsQuery{Names: []string{"service"}, Newest: true})
	require.NoError(t, err)
	require.Len(t, fields[0].Values, 2)
	assert.Equal(t, start.Add(2*time.Minute+29*time.Second), *fields[0].Values[0].Newest, "api")
	assert.Equal(t, start.Add(2*time.Minute+14*time.Second), *fields[0].Values[1].Newest, "web")

	all, err := store.Fields(t.Context(), logOrg, storage.FieldsQuery{Filter: mustFilter(t, "level:error")})
	require.NoError(t, err)
	found := map[string][]storage.FieldValue{}
	for _, field := range all {
		found[field.Name] = field.Values
	}
	assert.Equal(t, []storage.FieldValue{{Value: "error", Count: 5}}, found["level"])
	assert.Equal(t, []storage.FieldValue{{Value: "api", Count: 5}}, found["service"])
	assert.Equal(t, []storage.FieldValue{{Value: "north", Count: 3}, {Value: "south", Count: 2}}, found["labels.region"])
}

func logTail(t *testing.T, store storage.LogStore) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	filter := mustFilter(t, "wanted or probe")
	got := make(chan storage.LogRecord, 1000)
	ended := make(chan error, 1)
	go func() {
		ended <- store.Tail(ctx, logOrg, filter, func(records []storage.LogRecord, missed int) error {
			assert.Zero(t, missed)
			for _, record := range records {
				got <- record
			}
			return nil
		})
	}()
	// The reader is there when it sees a probe.
	probes := 0
	require.Eventually(t, func() bool {
		writeLogs(t, store, logOrg, fmt.Sprintf("probe%d", probes), 0, logLine{at: time.Now(), service: "s", message: "probe"})
		probes++
		return len(got) > 0
	}, 10*time.Second, 10*time.Millisecond)

	lines := numbered(logTime(), 5, time.Second)
	lines[1].message, lines[3].message = "wanted 1", "wanted 3"
	lines[3].labels = map[string]string{"env": "prod"}
	writeLogs(t, store, logOtherOrg, "other", 0, lines...)
	writeLogs(t, store, logOrg, "tail", 0, lines...)
	writeLogs(t, store, logOrg, "tail", 0, lines...) // a retry does not show up
	writeLogs(t, store, logOrg, "last", 0, logLine{at: time.Now(), service: "s", message: "wanted last"})
	var wanted []storage.LogRecord
	for len(wanted) < 3 {
		if record := <-got; record.Message != "probe" {
			wanted = append(wanted, record)
		}
	}
	assert.Equal(t, []string{"wanted 1", "wanted 3", "wanted last"}, messagesOf(wanted))
	assert.Equal(t, "tail-3", wanted[1].ID)
	assert.Equal(t, map[string]string{"env": "prod"}, wanted[1].Labels)
	cancel()
	require.NoError(t, <-ended)

	failure := fmt.Errorf("reader failed")
	go func() {
		ended <- store.Tail(t.Context(), logOrg, nil, func([]storage.LogRecord, int) error { return failure })
	}()
	var err error
	require.Eventually(t, func() bool {
		writeLogs(t, store, logOrg, fmt.Sprintf("probe%d", probes), 0, logLine{at: time.Now(), service: "s", message: "probe"})
		probes++
		select {
		case err = <-ended:
			return true
		default:
			return false
		}
	}, 10*time.Second, 10*time.Millisecond)
	assert.ErrorIs(t, err, failure)
}

func logDelete(t *testing.T, store storage.LogStore) {
	t.Helper()
	start := logTime()
	writeLogs(t, store, logOrg, "traffic", 0, trafficLines(start)...)
	writeLogs(t, store, logOtherOrg, "traffic", 0, trafficLines(start)...)

	count, err := store.Delete(t.Context(), logOrg, mustFilter(t, "level:warn"), start.Add(time.Minute), start.Add(2*time.Minute))
	require.NoError(t, err)
	assert.Equal(t, int64(3), count)
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 100}), 27)
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 100, Filter: mustFilter(t, "level:warn")}), 7)

	count, err = store.Delete(t.Context(), logOrg, mustFilter(t, "nowhere"), time.Time{}, time.Time{})
	require.NoError(t, err)
	assert.Zero(t, count)
	count, err = store.Delete(t.Context(), logOrg, nil, time.Time{}, time.Time{})
	require.NoError(t, err)
	assert.Equal(t, int64(27), count)
	assert.Empty(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 100}))
	assert.Len(t, searchAll(t, store, logOtherOrg, storage.LogQuery{Limit: 100}), 30)

	writeLogs(t, store, logOrg, "after", 0, logLine{at: time.Now(), service: "s", message: "later"})
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 100}), 1)
}

func logStats(t *testing.T, store storage.LogStore) {
	t.Helper()
	stats, err := store.LogStats(t.Context(), logOrg)
	require.NoError(t, err)
	assert.Zero(t, stats.Records)
	assert.True(t, stats.Oldest.IsZero())

	start := logTime()
	writeLogs(t, store, logOtherOrg, "stats", 0, numbered(start, 30, time.Second)...)
	stats, err = store.LogStats(t.Context(), logOtherOrg)
	require.NoError(t, err)
	assert.Equal(t, uint64(30), stats.Records)
	assert.Positive(t, stats.Bytes)
	assert.Equal(t, start, stats.Oldest.UTC())
	assert.Equal(t, start.Add(29*time.Second), stats.Newest.UTC())
}

func logBadRequests(t *testing.T, store storage.LogStore) {
	t.Helper()
	writeLogs(t, store, logOrg, "batch", 0, numbered(logTime(), 3, time.Second)...)
	_, err := store.Search(t.Context(), logOrg, storage.LogQuery{})
	assert.Equal(t, errcode.Invalid, errcode.Of(err), "limit 0")
	_, err = store.Search(t.Context(), logOrg, storage.LogQuery{Limit: 1, Cursor: "nonsense"})
	assert.Equal(t, errcode.Invalid, errcode.Of(err), "cursor")
	_, err = store.Histogram(t.Context(), logOrg, storage.HistogramQuery{Step: time.Microsecond})
	assert.Equal(t, errcode.Invalid, errcode.Of(err), "step")
	_, err = store.Histogram(t.Context(), logOrg, storage.HistogramQuery{Step: time.Second, By: "time"})
	assert.Equal(t, errcode.Invalid, errcode.Of(err), "by")
}

func logCancelled(t *testing.T, store storage.LogStore) {
	t.Helper()
	writeLogs(t, store, logOrg, "batch", 0, numbered(logTime(), 3, time.Second)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := store.Search(ctx, logOrg, storage.LogQuery{Limit: 1})
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.Histogram(ctx, logOrg, storage.HistogramQuery{Step: time.Minute})
	assert.ErrorIs(t, err, context.Canceled)
}

func logReopen(t *testing.T, open func(t *testing.T, dir string) storage.LogStore) {
	t.Helper()
	dir := t.TempDir()
	lines := numbered(logTime(), 50, time.Second)
	store := open(t, dir)
	writeLogs(t, store, logOrg, "before", 0, lines...)
	writeLogs(t, store, logOtherOrg, "before", 0, lines[:3]...)
	require.NoError(t, store.Close())
	_, err := store.Search(t.Context(), logOrg, storage.LogQuery{Limit: 1})
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))

	store = open(t, dir)
	defer func() { assert.NoError(t, store.Close()) }()
	writeLogs(t, store, logOrg, "before", 0, lines...) // the retry of before comes after
	writeLogs(t, store, logOrg, "after", 0, lines[:5]...)
	assert.Len(t, searchAll(t, store, logOrg, storage.LogQuery{Limit: 20}), 55)
	assert.Len(t, searchAll(t, store, logOtherOrg, storage.LogQuery{Limit: 20}), 3)
}
