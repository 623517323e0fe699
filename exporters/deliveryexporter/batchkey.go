package deliveryexporter

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/recordid"
)

// batchKey tells a batch whose source has given its records ids from others. It is 0 when a record
// has none: such a batch cannot be known again.
func batchKey(logs plog.Logs) uint64 {
	hash := xxhash.New()
	var size [4]byte
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id, found := record.Attributes().Get(recordid.Attribute)
				if !found || id.Str() == "" {
					return 0
				}
				binary.LittleEndian.PutUint32(size[:], uint32(len(id.Str())))
				_, _ = hash.Write(size[:])
				_, _ = hash.WriteString(id.Str())
			}
		}
	}
	return hash.Sum64()
}
