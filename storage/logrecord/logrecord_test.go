package logrecord

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/storage/logfilter"
)

// flatten returns the only row of logs.
func flatten(t *testing.T, logs plog.Logs) Row {
	t.Helper()
	var rows []Row
	var flattener Flattener
	require.NoError(t, flattener.Each(logs, func(row *Row) error {
		rows = append(rows, Row{Time: row.Time, ID: row.ID, Fields: append([]logfilter.Field(nil), row.Fields...)})
		return nil
	}))
	require.Len(t, rows, 1)
	return rows[0]
}

func oneRecord() (plog.Logs, plog.ResourceLogs, plog.LogRecord) {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	return logs, resource, resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
}

func TestFlatten(t *testing.T) {
	logs, resource, record := oneRecord()
	require.NoError(t, resource.Resource().Attributes().FromRaw(map[string]any{
		"service.name": "checkout", "service.instance.id": "pod-1", "host.name": "node", "env": "prod", "replicas": 3,
	}))
	scope := resource.ScopeLogs().At(0).Scope()
	scope.SetName("logger")
	scope.Attributes().PutStr("lib", "zap")
	record.SetTimestamp(42)
	record.SetSeverityText("Warning")
	record.Body().SetStr("hello \xff")
	record.SetTraceID(pcommon.TraceID{1, 2})
	record.SetSpanID(pcommon.SpanID{3})
	require.NoError(t, record.Attributes().FromRaw(map[string]any{
		IDAttribute: "batch-7", "env": "hidden", "ratio": 0.000001, "ok": true, "empty": "",
		"user": map[string]any{"name": "Ann", "tags": []any{"a", 1}}, "list": []any{1, 2},
		JSONAttribute: map[string]any{"a": map[string]any{"b": 1}},
	}))
	row := flatten(t, logs)
	assert.Equal(t, int64(42), row.Time)
	assert.Equal(t, "batch-7", row.ID)
	assert.Equal(t, logfilter.Field{Name: "service", Value: "checkout"}, row.Fields[0])
	assert.Equal(t, logfilter.Field{Name: "instance_id", Value: "pod-1"}, row.Fields[1])
	assert.ElementsMatch(t, []logfilter.Field{
		{Name: "service", Value: "checkout"},
		{Name: "instance_id", Value: "pod-1"},
		{Name: "level", Value: "warn"},
		{Name: "message", Value: "hello \ufffd"},
		{Name: "trace_id", Value: "01020000000000000000000000000000"},
		{Name: "span_id", Value: "0300000000000000"},
		{Name: "labels.env", Value: "hidden"},
		{Name: "labels.ratio", Value: "0.000001"},
		{Name: "labels.ok", Value: "true"},
		{Name: "labels.host.name", Value: "node"},
		{Name: "labels.replicas", Value: "3"},
		{Name: "labels.lib", Value: "zap"},
		{Name: "labels.otel.scope.name", Value: "logger"},
		{Name: "json.user.name", Value: "Ann"},
		{Name: "json.user.tags", Value: `["a",1]`},
		{Name: "json.list", Value: "[1,2]"},
		{Name: "json.a.b", Value: "1"},
	}, row.Fields)
	assert.Equal(t, "Ann", row.Get("json.user.name"))
	assert.Empty(t, row.Get("absent"))
}

func TestFlattenFallbacks(t *testing.T) {
	logs, resource, record := oneRecord()
	resource.Resource().Attributes().PutStr("host.name", "node")
	record.SetObservedTimestamp(43)
	record.SetSeverityNumber(plog.SeverityNumberError2)
	row := flatten(t, logs)
	assert.Equal(t, int64(43), row.Time)
	assert.Equal(t, []logfilter.Field{{Name: "instance_id", Value: "node"}, {Name: "level", Value: "error"}, {Name: "labels.host.name", Value: "node"}}, row.Fields)
}

func TestFlattenReusesNames(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, keys := range [][]string{{"a", "b"}, {"a", "c"}, {"b"}, {}, {"a", "b", "c"}} {
		record := records.AppendEmpty()
		for _, key := range keys {
			record.Attributes().PutStr(key, key)
		}
	}
	var flattener Flattener
	var got [][]string
	require.NoError(t, flattener.Each(logs, func(row *Row) error {
		names := []string{}
		for _, f := range row.Fields {
			assert.Equal(t, "labels."+f.Value, f.Name)
			names = append(names, f.Value)
		}
		got = append(got, names)
		return nil
	}))
	assert.Equal(t, [][]string{{"a", "b"}, {"a", "c"}, {"b"}, {}, {"a", "b", "c"}}, got)
}

func TestBodies(t *testing.T) {
	tests := []struct {
		name    string
		body    any
		message string
		json    map[string]string
	}{
		{"message", map[string]any{"message": "hi", "n": 1}, "hi", map[string]string{"json.n": "1"}},
		{"msg", map[string]any{"msg": "hi"}, "hi", nil},
		{"object", map[string]any{"n": 1}, `{"n":1}`, map[string]string{"json.n": "1"}},
		{"list", []any{"a"}, `["a"]`, nil},
		{"number", int64(5), "5", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			logs, _, record := oneRecord()
			require.NoError(t, record.Body().FromRaw(tt.body))
			row := flatten(t, logs)
			assert.Equal(t, tt.message, row.Get("message"))
			for name, value := range tt.json {
				assert.Equal(t, value, row.Get(name))
			}
			assert.Len(t, row.Fields, 1+len(tt.json))
		})
	}
}

func TestDeepObjectsStayText(t *testing.T) {
	logs, _, record := oneRecord()
	inner := record.Attributes().PutEmptyMap("deep")
	for range 40 {
		inner = inner.PutEmptyMap("level")
	}
	inner.PutStr("end", "x")
	row := flatten(t, logs)
	require.Len(t, row.Fields, 1)
	assert.LessOrEqual(t, len(row.Fields[0].Name), MaxNameLength)
	assert.Contains(t, row.Fields[0].Value, `{"end":"x"}`)
}

func TestLevel(t *testing.T) {
	tests := []struct {
		text   string
		number plog.SeverityNumber
		want   string
	}{
		{"", 0, ""},
		{"", 1, "trace"},
		{"", 8, "debug"},
		{"", 9, "info"},
		{"", 13, "warn"},
		{"", 20, "error"},
		{"", 21, "fatal"},
		{"INFO", 17, "info"},
		{"Information", 0, "info"},
		{"WARNING", 0, "warn"},
		{"err", 0, "error"},
		{"Critical", 0, "fatal"},
		{"Notice", 0, "notice"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Level(tt.text, tt.number), "%q %d", tt.text, tt.number)
	}
}

func TestRecordAndBack(t *testing.T) {
	fields := []logfilter.Field{
		{Name: "service", Value: "checkout"},
		{Name: "instance_id", Value: "pod"},
		{Name: "level", Value: "warn"},
		{Name: "message", Value: "hi"},
		{Name: "trace_id", Value: "01"},
		{Name: "span_id", Value: "02"},
		{Name: "json.a", Value: "text"},
		{Name: "json.a.b", Value: "1"},
		{Name: "json.c.d.e", Value: "2"},
		{Name: "json.c.d.f", Value: "[1,2]"},
		{Name: "json.g", Value: "[no"},
		{Name: "labels.env", Value: "prod"},
		{Name: "labels.k8s.pod", Value: "x"},
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	record := Record(at.UnixNano(), "batch-1", append([]logfilter.Field(nil), fields...))
	assert.Equal(t, at, record.Time)
	assert.Equal(t, map[string]string{"env": "prod", "k8s.pod": "x"}, record.Labels)
	assert.JSONEq(t, `{"a":"text","a.b":"1","c":{"d":{"e":"2","f":[1,2]}},"g":"[no"}`, string(record.JSON))

	back := append([]logfilter.Field{{Name: "time", Value: "2026-01-02T03:04:05.000000006Z"}, {Name: "id", Value: "batch-1"}}, fields...)
	assert.Equal(t, back, Fields(record))
}

func TestSplitID(t *testing.T) {
	batch, ordinal, ok := SplitID("0193-ab-12")
	assert.True(t, ok)
	assert.Equal(t, "0193-ab", batch)
	assert.Equal(t, uint64(12), ordinal)
	_, ordinal, ok = SplitID("b-0")
	assert.True(t, ok)
	assert.Zero(t, ordinal)
	for _, id := range []string{"", "b", "-1", "b-", "b-01", "b-x", "b-+1", "b-99999999999999999999"} {
		_, _, ok = SplitID(id)
		assert.False(t, ok, id)
	}
}
