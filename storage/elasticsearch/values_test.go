package elasticsearch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// oddLogs are records that an index could choke on.
func oddLogs(at time.Time) plog.Logs {
	long, hash := strings.Repeat("a", 2000), strings.Repeat("0123456789abcdef", 4)
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i, odd := range []struct {
		message string
		labels  map[string]string
	}{
		{strings.Repeat("x", 400_000), nil},
		{"short", map[string]string{"value": long}},
		{"short", map[string]string{"value": long + "b"}},
		{"short", map[string]string{"value": long[:1024]}},
		{"short", map[string]string{"value": "the end of " + strings.Repeat("many words ", 5000) + "is here"}},
		{"sha256:" + hash, map[string]string{"digest": "sha256:" + hash, "plain": hash}},
		{"sha256:" + hash + "ffffffffffffffffffffffffffffffffffffff", map[string]string{"digest": hash + hash + hash}},
		{strings.Repeat("İ", 89) + " " + strings.Repeat("K", 100), map[string]string{"fold": strings.Repeat("İ", 95)}},
		{strings.Repeat("ł", 200), map[string]string{"fold": strings.Repeat("Ł", 89)}},
		{"names", map[string]string{
			"": "empty", ".": "dot", "a..b": "dots", " ": "space", "a b": "two words", "a\nb": "line", `a"b\`: "quote", "a=b": "sign", "%": "percent",
			"łódź": "letters", strings.Repeat("n", 100): "long name", "a": "1", "a.b": "2", "<a>&": "html", "a\u2028b": "separator", "_id": "own", "*": "star",
		}},
		{"control \x00\x01\x7f \u2028 end", map[string]string{"zero": "a\x00b", "bell": "\a"}},
		{"𝒳𝒴 math 𐐀𐐨", map[string]string{"deseret": "𐐀 𐐨"}},
	} {
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(i) * time.Second)))
		record.Body().SetStr(odd.message)
		for name, value := range odd.labels {
			record.Attributes().PutStr(name, value)
		}
		record.Attributes().PutStr(logrecord.IDAttribute, fmt.Sprintf("odd-%d", i))
	}
	return logs
}

func TestOddValues(t *testing.T) {
	store := openTest(t)
	logs := oddLogs(recent())
	long := strings.Repeat("i", 600)
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1).Attributes().PutStr(logrecord.IDAttribute, long+"-0")
	refused, err := write(t.Context(), store, logs)
	require.NoError(t, err)
	require.Empty(t, refused)
	_, err = write(t.Context(), store, logs)
	require.NoError(t, err)
	page, err := store.Search(t.Context(), testOrg, storage.LogQuery{Limit: 100})
	require.NoError(t, err)
	require.Len(t, page.Records, logs.LogRecordCount())
	assert.Equal(t, strings.Repeat("x", 400_000), page.Records[len(page.Records)-1].Message)

	hash := strings.Repeat("0123456789abcdef", 4)
	filters := []string{
		strings.Repeat("x", 400), strings.Repeat("x", 89), strings.Repeat("x", 90) + "*", strings.Repeat("x", 20) + "*", "i(" + strings.Repeat("X", 60) + "*)",
		"value:=" + strings.Repeat("a", 2000), "value:=" + strings.Repeat("a", 1024), "-value:=" + strings.Repeat("a", 2000), "value:" + strings.Repeat("a", 2000),
		"value:*", "-value:*", "value:in(b, " + strings.Repeat("a", 2000) + "b)", `value:"is here"`, `value:"the end"`, "value:words", `value:~"here$"`, "-value:here", `value:"many words many"`,
		hash, "digest:" + hash, "plain:" + hash, "plain:=" + hash, "digest:" + hash[:40] + "*", "i(" + hash + ")", `"sha256 ` + hash + `"`, "digest:" + hash + hash + hash, "digest:" + hash + hash, "plain:" + hash[:20] + "*",
		"i(" + strings.Repeat("i", 89) + ")", "i(" + strings.Repeat("i", 90) + ")", "fold:i(" + strings.Repeat("i", 95) + ")", "fold:i(" + strings.Repeat("i", 94) + ")", "i(" + strings.Repeat("k", 100) + ")", "i(" + strings.Repeat("K", 99) + "*)",
		"fold:i(" + strings.Repeat("ł", 89) + ")", strings.Repeat("ł", 200), strings.Repeat("ł", 199), strings.Repeat("ł", 5) + "*",
		`"labels.":empty`, `labels..:=dot`, `a..b:dots`, `" ":=space`, `"a b":two`, `"a b":"two words"`, `"a\nb":line`, `"a\"b\\":quote`, "a=b:sign"[:0] + `"a=b":sign`, `"%":percent`, "łódź:letters", `"łódź":i(LETTERS)`,
		strings.Repeat("n", 100) + `:"long name"`, strings.Repeat("n", 100) + ":i(LONG)", "a:1", "a:>0", "a.b:2", "a.b:<2", `"<a>&":html`, "\"a\u2028b\":separator", "_id:own", `"labels.*x":star`, "control", "end", `"control end"`, `"zero":"a b"`, `bell:*`, "𝒳𝒴", "i(𐐀𐐨)", "deseret:i(𐐨)", "deseret:𐐀",
		`="short"`, `~"x{300}"`, `i("SHA256 ` + hash + `")`, `="` + hash + `"`, "in(short, names)",
		"id:odd-3", "id:in(odd-3, odd-4)", "id:" + long + "-0", "-id:odd-3 short", "id:=" + long + "-1",
	}
	for _, text := range filters {
		if text == "" {
			continue
		}
		filter, err := logfilter.Parse(text)
		require.NoError(t, err, text)
		var want []string
		for _, record := range page.Records {
			if logfilter.Match(filter, logrecord.Fields(record)) {
				want = append(want, record.ID)
			}
		}
		found, err := store.Search(t.Context(), testOrg, storage.LogQuery{Filter: filter, Limit: 100})
		require.NoError(t, err, "%.200s", text)
		var got []string
		for _, record := range found.Records {
			got = append(got, record.ID)
		}
		assert.Equal(t, want, got, "%.200s", text)
		buckets, err := store.Histogram(t.Context(), testOrg, storage.HistogramQuery{Filter: filter, Step: 24 * time.Hour})
		require.NoError(t, err, "%.200s", text)
		counted := 0
		for _, bucket := range buckets {
			counted += int(bucket.Count)
		}
		assert.Equal(t, len(want), counted, "%.200s", text)
	}

	// Long values are records of the field, and not among its values.
	fields, err := store.Fields(t.Context(), testOrg, storage.FieldsQuery{Names: []string{"value"}})
	require.NoError(t, err)
	assert.Equal(t, []storage.LogField{{
		Name: "value", Values: []storage.FieldValue{{Value: strings.Repeat("a", 1024), Count: 1}}, Total: 1, Records: 4,
	}}, fields)
	buckets, err := store.Histogram(t.Context(), testOrg, storage.HistogramQuery{Filter: mustFilter(t, "value:*"), Step: 24 * time.Hour, By: "value"})
	require.NoError(t, err)
	others := uint64(0)
	for _, bucket := range buckets {
		if bucket.Other {
			others += bucket.Count
		}
	}
	assert.Equal(t, uint64(3), others)
	deleted, err := store.Delete(t.Context(), testOrg, nil, time.Time{}, time.Time{})
	require.NoError(t, err)
	assert.Equal(t, int64(logs.LogRecordCount()), deleted)
}

func mustFilter(tb testing.TB, text string) *logfilter.Filter {
	tb.Helper()
	filter, err := logfilter.Parse(text)
	require.NoError(tb, err)
	return filter
}

// TestCountsByMessage are made by reading: messages are not indexed whole.
func TestCountsByMessage(t *testing.T) {
	store := openTest(t, func(cfg *Config) { cfg.MaxScan = 1000 })
	at := recent()
	logs := testLogs("batch", 0, 30, at)
	for i, record := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		record.Body().SetStr([]string{"one", "two", "two", "three", "three", "three"}[i%6])
	}
	_, err := write(t.Context(), store, logs)
	require.NoError(t, err)
	fields, err := store.Fields(t.Context(), testOrg, storage.FieldsQuery{Names: []string{"message", "service"}, Limit: 2, Newest: true})
	require.NoError(t, err)
	newest, before := at.Add(29*time.Millisecond), at.Add(26*time.Millisecond)
	assert.Equal(t, []storage.LogField{
		{Name: "message", Total: 3, Records: 30, Values: []storage.FieldValue{{Value: "three", Count: 15, Newest: &newest}, {Value: "two", Count: 10, Newest: &before}}},
		{Name: "service", Total: 1, Records: 30, Values: []storage.FieldValue{{Value: "checkout", Count: 30, Newest: &newest}}},
	}, fields)
	start := at.Truncate(24 * time.Hour)
	buckets, err := store.Histogram(t.Context(), testOrg, storage.HistogramQuery{Step: 24 * time.Hour, By: "message", Limit: 1})
	require.NoError(t, err)
	assert.ElementsMatch(t, []storage.LogBucket{{Time: start, By: "three", Count: 15}, {Time: start, Other: true, Count: 15}}, buckets)

	// A step that the server has no buckets for.
	buckets, err = store.Histogram(t.Context(), testOrg, storage.HistogramQuery{Step: 1_500_000 * time.Nanosecond, To: at.Add(4 * time.Millisecond)})
	require.NoError(t, err)
	total := uint64(0)
	for _, bucket := range buckets {
		assert.Zero(t, bucket.Time.UnixNano()%1_500_000)
		total += bucket.Count
	}
	assert.Equal(t, uint64(4), total)

	_, err = write(t.Context(), store, testLogs("more", 0, 1000, at))
	require.NoError(t, err)
	_, err = store.Histogram(t.Context(), testOrg, storage.HistogramQuery{Step: time.Minute, By: "message"})
	require.ErrorContains(t, err, "matches more than 1000 records")
	_, err = store.Histogram(t.Context(), testOrg, storage.HistogramQuery{Step: time.Millisecond, From: at.Add(-100 * time.Hour)})
	require.NoError(t, err, "empty buckets cost nothing")
}

// TestFieldsOfManyValues holds the counts of the most frequent ones where there are thousands.
func TestFieldsOfManyValues(t *testing.T) {
	store := openTest(t)
	logs := testLogs("batch", 0, 6000, recent())
	for i, record := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		record.Attributes().PutStr("session", fmt.Sprintf("s%d", i%3000))
		if i%3 == 0 {
			record.Attributes().PutStr("session", fmt.Sprintf("often%d", i%9/3))
		}
	}
	_, err := write(t.Context(), store, logs)
	require.NoError(t, err)
	fields, err := store.Fields(t.Context(), testOrg, storage.FieldsQuery{Names: []string{"labels.session", "session"}, Limit: 4})
	require.NoError(t, err)
	for _, field := range fields {
		assert.Equal(t, uint64(6000), field.Records)
		assert.InDelta(t, 2003, field.Total, 40, "approximate")
		assert.Equal(t, []string{"often0", "often1", "often2"}, valuesOf(field)[:3])
		assert.Equal(t, uint64(667), field.Values[0].Count)
	}
	all, err := store.Fields(t.Context(), testOrg, storage.FieldsQuery{})
	require.NoError(t, err)
	var names []string
	for _, field := range all {
		names = append(names, field.Name)
	}
	assert.Equal(t, []string{"instance_id", "level", "service", "labels.host.name", "labels.http.status", "labels.session", "labels.user_agent"}, names)
}

func valuesOf(field storage.LogField) []string {
	var values []string
	for _, value := range field.Values {
		values = append(values, value.Value)
	}
	slices.Sort(values[:min(3, len(values))])
	return values
}
