// Package recordid gives log records their ids, by which every store knows a record that it has
// already.
package recordid

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Attribute is the attribute of a log record that holds its id: batch id, "-", and the record's
// ordinal in the batch as a decimal number. The name is OpenTelemetry's.
const Attribute = "log.record.uid"

// Identify gives every record without an id one: the batch id, a hyphen, and the record's
// ordinal, which is its place in the batch also when others bring their ids. It must come before
// anything drops or splits the batch, and a batch id must not be used for other records. It asks
// for the batch id at most once, and only when a record needs it.
func Identify(logs plog.Logs, batchID func() string) {
	var stamp idStamp
	ordinal := 0
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				attributes := record.Attributes()
				if id, ok := attributes.Get(Attribute); !ok || id.Type() != pcommon.ValueTypeStr || id.Str() == "" {
					if stamp.prefix == nil {
						stamp.prefix = append([]byte(batchID()), '-')
					}
					attributes.PutStr(Attribute, stamp.id(ordinal))
				}
				ordinal++
			}
		}
	}
}

// idStamp makes the ids of a batch, many to an allocation.
type idStamp struct {
	prefix []byte
	chunk  string // ids from first on, each of width bytes
	first  int
	width  int
}

// idsPerChunk bounds what one surviving id keeps alive.
const idsPerChunk = 64

// id returns the id with an ordinal; ordinals come in ascending order.
func (s *idStamp) id(ordinal int) string {
	width := len(s.prefix) + 1
	for rest := ordinal; rest >= 10; rest /= 10 {
		width++
	}
	at := (ordinal - s.first) * s.width
	if s.width != width || at+width > len(s.chunk) {
		buf := make([]byte, 0, idsPerChunk*width)
		for next := range idsPerChunk {
			buf = strconv.AppendInt(append(buf, s.prefix...), int64(ordinal+next), 10)
		}
		s.chunk, s.first, s.width, at = string(buf), ordinal, width, 0
	}
	return s.chunk[at : at+width]
}
