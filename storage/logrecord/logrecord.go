// Package logrecord maps OpenTelemetry log records to the fields that Pharos stores, and back
// to the records that queries return.
//
// A record has fields of its own (see package logfilter), labels (resource, scope and record
// attributes) and a json object (attributes that are maps or lists, members of a body that is
// a map, and the object of POST /v1/ingest/logs), whose nested members are joined by dots.
// Values are text; a field without a value is absent.
package logrecord

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-obs/pharos/internal/recordid"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

const (
	// IDAttribute is the attribute of a log record that holds its id: batch id, "-", and the
	// record's ordinal in the batch as a decimal number. The name is OpenTelemetry's.
	IDAttribute = recordid.Attribute
	// JSONAttribute is the attribute that holds the `json` object of a record that came in by
	// POST /v1/ingest/logs, as a map.
	JSONAttribute = "pharos.json"
)

// Resource attributes that are fields of their own, and so no labels.
const (
	serviceAttribute  = "service.name"
	instanceAttribute = "service.instance.id"
	hostAttribute     = "host.name" // stays a label
)

// MaxNameLength is how long the name of a field can be, prefix included. Objects nested so
// that a name would be longer are kept as JSON text.
const MaxNameLength = 128

// maxDepth is how deeply objects are flattened; what lies deeper is kept as JSON text.
const maxDepth = 16

// Row is a record as flat fields.
type Row struct {
	Time   int64             // Unix nanoseconds
	ID     string            // of IDAttribute; empty when there is none
	Fields []logfilter.Field // without time and id; every name once, no empty values
}

// Get returns the value of a field, empty when it is absent.
func (r *Row) Get(name string) string {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			return r.Fields[i].Value
		}
	}
	return ""
}

// add appends a field unless it has no value or the name is there already.
func (r *Row) add(name, value string) {
	if value == "" || slices.ContainsFunc(r.Fields, func(f logfilter.Field) bool { return f.Name == name }) {
		return
	}
	r.Fields = append(r.Fields, logfilter.Field{Name: name, Value: value})
}

// SplitID returns the batch id and the ordinal of a record id; false when it is no such id.
func SplitID(id string) (batch string, ordinal uint64, ok bool) {
	at := strings.LastIndexByte(id, '-')
	if at <= 0 || at+1 == len(id) || id[at+1] == '0' && at+2 != len(id) {
		return "", 0, false
	}
	ordinal, err := strconv.ParseUint(id[at+1:], 10, 64)
	return id[:at], ordinal, err == nil && id[at+1] != '+'
}
