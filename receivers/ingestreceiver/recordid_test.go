package ingestreceiver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

func recordIDs(logs plog.Logs) []string {
	var ids []string
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id, _ := record.Attributes().Get(logrecord.IDAttribute)
				ids = append(ids, id.Str())
			}
		}
	}
	return ids
}

func TestRecordIDs(t *testing.T) {
	timed := testLogs(3)
	other := testLogs(4)
	observed := testLogs(2)
	for _, record := range observed.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		record.SetObservedTimestamp(record.Timestamp())
		record.SetTimestamp(0)
	}
	untimed := testLogs(2)
	untimed.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1).SetTimestamp(0)

	tests := []struct {
		name          string
		first, second plog.Logs
		keys          [2]string
		same          bool
	}{
		{"same body", timed, timed, [2]string{}, true},
		{"same body, observed times", observed, observed, [2]string{}, true},
		{"other body", timed, other, [2]string{}, false},
		{"same body, one record without a time", untimed, untimed, [2]string{}, false},
		{"same key", untimed, untimed, [2]string{"k", "k"}, true},
		{"same body, other key", timed, timed, [2]string{"k", "l"}, false},
		{"key and no key", timed, timed, [2]string{"k", ""}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bed := start(t)
			for i, logs := range []plog.Logs{test.first, test.second} {
				answer := bed.do(frontdoor.HTTP, post("/v1/logs", contentTypeProto, logsProto(t, logs), idempotencyHeader, test.keys[i]))
				require.Equal(t, 200, answer.Code)
			}
			first, second := recordIDs(bed.logs[0]), recordIDs(bed.logs[1])
			assert.Equal(t, test.same, first[0] == second[0])
			for i, id := range first {
				assert.Regexp(t, fmt.Sprintf("^[0-9A-V]{26}-%d$", i), id)
			}
		})
	}
}

func TestRecordIDsDependOnTheOrganisation(t *testing.T) {
	one, two := newIDSource("one", "key"), newIDSource("two", "key")
	assert.NotEqual(t, one.batchID(), two.batchID())
	one, two = newIDSource("one", ""), newIDSource("two", "")
	one.hashBody([]byte("body"))
	two.hashBody([]byte("body"))
	assert.NotEqual(t, one.batchID(), two.batchID())
}

func TestStampKeepsIDsAndTimes(t *testing.T) {
	logs := testLogs(3)
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	records.At(1).Attributes().PutStr(logrecord.IDAttribute, "agent-7")
	records.At(2).SetTimestamp(0)
	stampLogs(logs, testTime(), newIDSource(testOrg, "key"))

	ids := recordIDs(logs)
	assert.True(t, strings.HasSuffix(ids[0], "-0"))
	assert.Equal(t, "agent-7", ids[1])
	assert.True(t, strings.HasSuffix(ids[2], "-2"))
	assert.Zero(t, records.At(0).ObservedTimestamp())
	assert.Equal(t, testTime(), records.At(2).ObservedTimestamp().AsTime())
}
