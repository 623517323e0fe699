package logrecord

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestIdentify(t *testing.T) {
	logs := plog.NewLogs()
	for range 2 {
		records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		records.AppendEmpty()
		records.AppendEmpty()
	}
	stamped := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1)
	stamped.Attributes().PutStr(IDAttribute, "agent-7")

	Identify(logs, "batch")
	Identify(logs, "again")

	var ids []string
	for _, resource := range logs.ResourceLogs().All() {
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			id, _ := record.Attributes().Get(IDAttribute)
			ids = append(ids, id.Str())
		}
	}
	assert.Equal(t, []string{"batch-0", "agent-7", "batch-2", "batch-3"}, ids)
}
