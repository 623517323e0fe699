package logsearch

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/backend/query/queryjson"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// exportFormat writes the records of a download.
type exportFormat interface {
	contentType() string
	extension() string
	appendHeader(b []byte) []byte
	appendRecord(b []byte, record storage.LogRecord) []byte
}

func formatOf(name, fields string) (exportFormat, error) {
	names, err := fieldList(fields)
	if err != nil {
		return nil, err
	}
	switch name {
	case "ndjson":
		return ndjsonFormat{names}, nil
	case "csv":
		if len(names) == 0 {
			names = csvColumns()
		}
		return csvFormat{names}, nil
	}
	return nil, errcode.InvalidField("format", "is "+strconv.Quote(name), "use ndjson or csv")
}

// ndjsonFormat writes a JSON object a line: the record as a search returns it, or an object of
// the fields asked for, without those that the record does not have.
type ndjsonFormat struct{ fields []string }

func (ndjsonFormat) contentType() string          { return "application/x-ndjson" }
func (ndjsonFormat) extension() string            { return "ndjson" }
func (ndjsonFormat) appendHeader(b []byte) []byte { return b }

func (f ndjsonFormat) appendRecord(b []byte, record storage.LogRecord) []byte {
	if len(f.fields) == 0 {
		line := bytes.NewBuffer(b)
		encoder := json.NewEncoder(line)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(record) != nil { // a record that was read can be written
			return b
		}
		return line.Bytes()
	}
	values := fieldValues(record)
	b = append(b, '{')
	first := true
	for _, name := range f.fields {
		value := values.get(name)
		if value == "" {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = queryjson.AppendString(b, name)
		b = append(b, ':')
		if name == columnLabels || name == columnJSON {
			b = append(b, value...) // an object already
		} else {
			b = queryjson.AppendString(b, value)
		}
	}
	return append(b, '}', '\n')
}

// csvFormat writes RFC 4180 for spreadsheets.
type csvFormat struct{ fields []string }

// csvColumns are the columns when nobody chose any. Labels and json are objects in one cell.
func csvColumns() []string {
	return []string{
		logfilter.FieldTime, logfilter.FieldLevel, logfilter.FieldService, logfilter.FieldInstanceID, logfilter.FieldMessage,
		columnLabels, columnJSON, logfilter.FieldTraceID, logfilter.FieldSpanID, logfilter.FieldID,
	}
}

// Columns that hold objects.
const (
	columnLabels = "labels"
	columnJSON   = "json"
)

func (csvFormat) contentType() string { return "text/csv; charset=utf-8; header=present" }
func (csvFormat) extension() string   { return "csv" }

func (f csvFormat) appendHeader(b []byte) []byte {
	for i, name := range f.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, name)
	}
	return append(b, '\r', '\n')
}

func (f csvFormat) appendRecord(b []byte, record storage.LogRecord) []byte {
	values := fieldValues(record)
	for i, name := range f.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, values.get(name))
	}
	return append(b, '\r', '\n')
}

// appendCell quotes where RFC 4180 asks for it, and disarms what a spreadsheet would run: log
// messages are written by strangers.
func appendCell(b []byte, text string) []byte {
	formula := isFormula(text)
	if !formula && !strings.ContainsAny(text, "\",\r\n") && strings.TrimSpace(text) == text {
		return append(b, text...)
	}
	b = append(b, '"')
	if formula {
		b = append(b, '\'')
	}
	b = append(b, strings.ReplaceAll(text, `"`, `""`)...)
	return append(b, '"')
}

// isFormula says whether a spreadsheet may take a text for a formula. A number is none.
func isFormula(text string) bool {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err != nil
}

// recordValues are the values of a record by field.
type recordValues struct {
	record storage.LogRecord
	flat   map[string]string
}

func fieldValues(record storage.LogRecord) *recordValues { return &recordValues{record: record} }

// get returns the value of a field as the filter language names it: a record's own field, a
// label or a member of json with or without its prefix.
func (v *recordValues) get(name string) string {
	switch name {
	case logfilter.FieldTime:
		return v.record.Time.UTC().Format(time.RFC3339Nano)
	case logfilter.FieldID:
		return v.record.ID
	case logfilter.FieldService:
		return v.record.Service
	case logfilter.FieldInstanceID:
		return v.record.InstanceID
	case logfilter.FieldLevel:
		return v.record.Level
	case logfilter.FieldMessage:
		return v.record.Message
	case logfilter.FieldTraceID:
		return v.record.TraceID
	case logfilter.FieldSpanID:
		return v.record.SpanID
	case columnLabels:
		return labelsText(v.record.Labels)
	case columnJSON:
		return string(v.record.JSON)
	}
	if v.flat == nil {
		v.flat = map[string]string{}
		for _, field := range logrecord.Fields(v.record) {
			v.flat[field.Name] = field.Value
		}
	}
	for _, prefix := range []string{"", logfilter.LabelsPrefix, logfilter.JSONPrefix} {
		if value := v.flat[prefix+name]; value != "" {
			return value
		}
	}
	return ""
}

// labelsText writes labels as an object, in the order of their names.
func labelsText(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	b := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(labels)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = queryjson.AppendString(b, name)
		b = append(b, ':')
		b = queryjson.AppendString(b, labels[name])
	}
	return string(append(b, '}'))
}
