package logrecord

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Identify gives every record without an id one: the batch id, a hyphen, and the record's
// ordinal in the batch. It must come before anything drops or splits the batch, and a batch id
// must not be used for other records.
func Identify(logs plog.Logs, batchID string) {
	buffer := append([]byte(batchID), '-')
	prefix := len(buffer)
	ordinal := 0
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				attributes := record.Attributes()
				if id, ok := attributes.Get(IDAttribute); !ok || id.Type() != pcommon.ValueTypeStr || id.Str() == "" {
					buffer = strconv.AppendInt(buffer[:prefix], int64(ordinal), 10)
					attributes.PutStr(IDAttribute, string(buffer))
				}
				ordinal++
			}
		}
	}
}
