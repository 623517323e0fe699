package ingestreceiver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// records prints logs, a line a record, without ids.
func records(t *testing.T, batches []plog.Logs) []string {
	t.Helper()
	var lines []string
	for _, logs := range batches {
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					attributes := record.Attributes().AsRaw()
					delete(attributes, logrecord.IDAttribute)
					encoded, err := json.Marshal([]any{resource.Resource().Attributes().AsRaw(), attributes})
					require.NoError(t, err)
					at := "t" + record.Timestamp().AsTime().Format("05.000")
					if record.Timestamp() == 0 {
						at = "o" + record.ObservedTimestamp().AsTime().Format("05.000")
					}
					lines = append(lines, fmt.Sprintf("%s %s=%d %q %s", at, record.SeverityText(), record.SeverityNumber(), record.Body().Str(), encoded))
				}
			}
		}
	}
	return lines
}

func TestJSONLogsAccepts(t *testing.T) {
	tests := []struct{ name, item, want string }{
		{
			"everything",
			`{"time":"2026-11-24T01:02:03.5Z","service":"checkout","instance_id":"i-1","level":"ERROR","message":"no","labels":{"any name/at.all":"x"},"json":{"a":1,"b":[1.5,"s",true,null],"c":{"d":{}}}}`,
			`t03.500 ERROR=17 "no" [{"service.instance.id":"i-1","service.name":"checkout"},{"any name/at.all":"x","pharos.json":{"a":1,"b":[1.5,"s",true,null],"c":{"d":{}}}}]`,
		},
		{"little", `{"service":"a","message":"m"}`, `o03.004 =0 "m" [{"service.name":"a"},{}]`},
		{"json and no message", `{"service":"a","json":{}}`, `o03.004 =0 "" [{"service.name":"a"},{"pharos.json":{}}]`},
		{"large whole numbers stay", `{"service":"a","message":"m","json":{"n":9007199254740993}}`, `o03.004 =0 "m" [{"service.name":"a"},{"pharos.json":{"n":9007199254740993}}]`},
		{"a level of their own", `{"service":"a","message":"m","level":"loud","json":null}`, `o03.004 loud=0 "m" [{"service.name":"a"},{}]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t)
			bed.receiver.now = testTime
			answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/logs", test.item))
			require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
			assert.Equal(t, []string{test.want}, records(t, bed.logs))
		})
	}
}

func TestJSONLogsGroupsByService(t *testing.T) {
	bed := start(t)
	bed.receiver.now = testTime
	body := `{"service":"a","message":"1"}
{"service":"b","message":"2"}
{"service":"a","instance_id":"i","message":"3"}
{"service":"a","message":"4"}`
	answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/logs", body))
	require.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, []string{
		`o03.004 =0 "1" [{"service.name":"a"},{}]`,
		`o03.004 =0 "4" [{"service.name":"a"},{}]`,
		`o03.004 =0 "2" [{"service.name":"b"},{}]`,
		`o03.004 =0 "3" [{"service.instance.id":"i","service.name":"a"},{}]`,
	}, records(t, bed.logs))
}

func TestSeverities(t *testing.T) {
	for level, want := range map[string]plog.SeverityNumber{
		"trace": 1, "Debug": 5, "INFO": 9, "warn": 13, "WARNING": 13, "err": 17, "error": 17, "critical": 21, "FATAL": 21, "panic": 21, "": 0, "5": 0,
	} {
		assert.Equal(t, want, severityOf(level), level)
	}
}

const goodLog = `{"service":"a","message":"good"}`

func refusedLogs() []refusedItem {
	return []refusedItem{
		{"no service", `{"message":"m"}`, "service", "is missing"},
		{"no message", `{"service":"a"}`, "message", "is missing; send a message, or an object in json"},
		{"message is an object", `{"service":"a","message":{}}`, "message", "must be a string, is an object"},
		{"message is not UTF-8", "{\"service\":\"a\",\"message\":\"\xf0\x28\"}", "message", "is not valid UTF-8"},
		{"level is a number", `{"service":"a","message":"m","level":3}`, "level", "must be a string, is a number"},
		{"unknown field", `{"service":"a","message":"m","metric_name":"x"}`, "metric_name", "is not a field; known are time, service, instance_id, level, message, labels and json"},
		{"label is null", `{"service":"a","message":"m","labels":{"x":null}}`, "labels", `the value of "x" must be a string, is null`},
		{"label without a name", `{"service":"a","message":"m","labels":{"":"x"}}`, "labels", "empty name"},
		{"label twice", `{"service":"a","message":"m","labels":{"x":"1","x":"1"}}`, "labels", "is there twice"},
		{"label that holds the id", `{"service":"a","message":"m","labels":{"log.record.uid":"x"}}`, "labels", "is reserved"},
		{"json is an array", `{"service":"a","message":"m","json":[]}`, "json", "must be an object, is an array"},
		{"json is text", `{"service":"a","message":"m","json":"{}"}`, "json", "must be an object, is a string"},
		{"json with a huge number", `{"service":"a","message":"m","json":{"x":1e999}}`, "json", "1e999 is too large"},
		{"json too deep", `{"service":"a","message":"m","json":` + strings.Repeat(`{"x":`, 40) + "1" + strings.Repeat("}", 40) + `}`, "json", "nests deeper than 32 levels"},
		{"json not UTF-8", "{\"service\":\"a\",\"message\":\"m\",\"json\":{\"x\":[\"\xff\"]}}", "json", "is not valid UTF-8"},
		{"time", `{"service":"a","message":"m","time":"12:00"}`, "time", "is not a time"},
	}
}

func TestJSONLogsRefusesItems(t *testing.T) {
	for _, test := range refusedLogs() {
		t.Run(test.name, func(t *testing.T) {
			for _, body := range []string{"[" + goodLog + "," + test.item + "," + goodLog + "]", goodLog + "\n" + test.item + "\n" + goodLog} {
				bed := start(t)
				answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/logs", body))
				require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
				decoded := decodeAnswer(t, answer)
				assert.Equal(t, 2, decoded.Accepted)
				require.Len(t, decoded.Rejected, 1)
				assert.Equal(t, 1, decoded.Rejected[0].Index)
				assert.Equal(t, test.field, decoded.Rejected[0].Field)
				assert.Contains(t, decoded.Rejected[0].Error, test.message)
				assert.Len(t, records(t, bed.logs), 2)
			}
		})
	}
}

func TestJSONLogsRefusedLater(t *testing.T) {
	bed := start(t)
	bed.onLogs = func(ctx context.Context, logs plog.Logs) error {
		for _, resource := range logs.ResourceLogs().All() {
			resource.ScopeLogs().At(0).LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				if record.Body().Str() != "bad" {
					return false
				}
				id, _ := record.Attributes().Get(logrecord.IDAttribute)
				rejection.FromContext(ctx).Add(rejection.Item{Key: id.Str(), Field: "message", Reason: "too_large", Message: "is too large"})
				return true
			})
		}
		rejection.FromContext(ctx).Add(rejection.Item{Key: "nobody's", Message: "unknown"})
		return nil
	}
	body := `{"service":"a","message":"good"}
{"service":"b","message":"bad"}
{"message":"refused at once"}
{"service":"a","message":"bad"}
{"service":"b","message":"good"}`
	answer := bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/logs", body))
	require.Equal(t, http.StatusOK, answer.Code)
	decoded := decodeAnswer(t, answer)
	assert.Equal(t, 1, decoded.Accepted)
	var indexes []int
	for _, rejected := range decoded.Rejected {
		indexes = append(indexes, rejected.Index)
	}
	assert.Equal(t, []int{unknownPlace, 1, 2, 3}, indexes)
}

func TestJSONLogIDs(t *testing.T) {
	const timed = `{"service":"a","message":"m","time":1795482123}`
	tests := []struct {
		name, body string
		key        string
		same       bool
	}{
		{"times in every item", timed, "", true},
		{"one without a time", timed + "\n" + goodLog, "", false},
		{"a key", goodLog, "k", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t)
			for range 2 {
				require.Equal(t, 200, bed.do(frontdoor.HTTP, jsonPost("/v1/ingest/logs", test.body, idempotencyHeader, test.key)).Code)
			}
			assert.Equal(t, test.same, recordIDs(bed.logs[0])[0] == recordIDs(bed.logs[1])[0])
		})
	}
}

func FuzzJSONLogs(f *testing.F) {
	f.Add([]byte(goodLog), false)
	for _, refused := range refusedLogs() {
		f.Add([]byte(refused.item+"\n"+goodLog), true)
		f.Add([]byte("["+refused.item+","+goodLog+"]"), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, lines bool) {
		items := newLogItems(testTime())
		rejected := 0
		total, err := decodeItems(body, lines, items, func(int, *itemError) { rejected++ })
		if err != nil {
			return
		}
		assert.Equal(t, total, rejected+items.logs.LogRecordCount(), "every item is stored or refused")
		assert.Len(t, items.places(), items.logs.LogRecordCount())
		stampLogs(items.logs, testTime(), newIDSource(testOrg, "key"))
		for ordinal, id := range recordIDs(items.logs) {
			assert.True(t, strings.HasSuffix(id, fmt.Sprintf("-%d", ordinal)))
			assert.GreaterOrEqual(t, logPlace(items.places(), id), 0)
		}
	})
}
