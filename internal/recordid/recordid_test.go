package recordid

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	stamped.Attributes().PutStr(Attribute, "agent-7")

	Identify(logs, func() string { return "batch" })
	Identify(logs, func() string {
		t.Error("every record has an id")
		return "again"
	})

	var ids []string
	for _, resource := range logs.ResourceLogs().All() {
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			id, _ := record.Attributes().Get(Attribute)
			ids = append(ids, id.Str())
		}
	}
	assert.Equal(t, []string{"batch-0", "agent-7", "batch-2", "batch-3"}, ids)
}

func TestIdentifyCounts(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 1234 {
		records.AppendEmpty()
	}
	Identify(logs, func() string { return "batch" })
	for i, record := range records.All() {
		id, _ := record.Attributes().Get(Attribute)
		require.Equal(t, fmt.Sprintf("batch-%d", i), id.Str())
	}
}
