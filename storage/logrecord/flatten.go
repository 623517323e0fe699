package logrecord

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/storage/logfilter"
)

// Flattener makes rows of log records. It keeps buffers from one call to the next and is for
// one goroutine at a time. The zero value is ready.
type Flattener struct {
	row      Row
	resource []logfilter.Field // own fields and labels of the resource and the scope
	names    []prefixedName    // of record attributes, by position: they repeat from record to record
}

type prefixedName struct{ key, name string }

// Each calls fn with every record, in order, until it returns an error, which Each returns.
// The row is reused: fn copies what it keeps, but the strings are its own.
func (f *Flattener) Each(logs plog.Logs, fn func(row *Row) error) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			f.setResource(resource.Resource().Attributes(), scope.Scope())
			for _, record := range scope.LogRecords().All() {
				f.flatten(record)
				if err := fn(&f.row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// setResource prepares the fields that the records of a scope share.
func (f *Flattener) setResource(resource pcommon.Map, scope pcommon.InstrumentationScope) {
	shared := Row{Fields: f.resource[:0]}
	shared.add(logfilter.FieldService, attributeText(resource, serviceAttribute))
	instance := attributeText(resource, instanceAttribute)
	if instance == "" {
		instance = attributeText(resource, hostAttribute)
	}
	shared.add(logfilter.FieldInstanceID, instance)
	for key, value := range scope.Attributes().All() {
		shared.addAttribute(logfilter.LabelsPrefix+clean(key), key, value)
	}
	for key, value := range resource.All() {
		if key != serviceAttribute && key != instanceAttribute {
			shared.addAttribute(logfilter.LabelsPrefix+clean(key), key, value)
		}
	}
	if scope.Name() != "" {
		shared.add(logfilter.LabelsPrefix+"otel.scope.name", clean(scope.Name()))
	}
	f.resource = shared.Fields
}

func (f *Flattener) flatten(record plog.LogRecord) {
	row := &f.row
	row.ID = ""
	row.Fields = row.Fields[:0]
	row.Time = int64(record.Timestamp())
	if row.Time == 0 {
		row.Time = int64(record.ObservedTimestamp())
	}
	// Service and instance come first, as the stores want them.
	shared := f.resource
	for len(shared) > 0 && !strings.HasPrefix(shared[0].Name, logfilter.LabelsPrefix) && !strings.HasPrefix(shared[0].Name, logfilter.JSONPrefix) {
		row.Fields = append(row.Fields, shared[0])
		shared = shared[1:]
	}
	row.addOwn(logfilter.FieldLevel, clean(Level(record.SeverityText(), record.SeverityNumber())))
	row.addBody(record.Body())
	if id := record.TraceID(); !id.IsEmpty() {
		row.addOwn(logfilter.FieldTraceID, hex.EncodeToString(id[:]))
	}
	if id := record.SpanID(); !id.IsEmpty() {
		row.addOwn(logfilter.FieldSpanID, hex.EncodeToString(id[:]))
	}
	f.addAttributes(record.Attributes())
	own := len(row.Fields)
	for i := range shared {
		// A record's attribute hides one of the resource with the same name.
		if !hasName(row.Fields[:own], shared[i].Name) {
			row.Fields = append(row.Fields, shared[i])
		}
	}
}

func hasName(fields []logfilter.Field, name string) bool {
	for i := range fields {
		if fields[i].Name == name {
			return true
		}
	}
	return false
}

// addOwn adds a field that no attribute can have.
func (r *Row) addOwn(name, value string) {
	if value != "" {
		r.Fields = append(r.Fields, logfilter.Field{Name: name, Value: value})
	}
}

func (r *Row) addBody(body pcommon.Value) {
	switch body.Type() {
	case pcommon.ValueTypeStr:
		r.addOwn(logfilter.FieldMessage, clean(body.Str()))
	case pcommon.ValueTypeMap:
		used := ""
		for _, key := range [...]string{"message", "msg"} {
			if value, ok := body.Map().Get(key); ok && value.Type() == pcommon.ValueTypeStr && value.Str() != "" {
				used = key
				r.addOwn(logfilter.FieldMessage, clean(value.Str()))
				break
			}
		}
		if used == "" {
			r.addOwn(logfilter.FieldMessage, clean(body.AsString()))
		}
		for key, value := range body.Map().All() {
			if key != used {
				r.addJSON(logfilter.JSONPrefix+clean(key), value, 1)
			}
		}
	default:
		r.addOwn(logfilter.FieldMessage, clean(body.AsString()))
	}
}

func (f *Flattener) addAttributes(attributes pcommon.Map) {
	position := 0
	for key, value := range attributes.All() {
		switch {
		case key == IDAttribute:
			f.row.ID = value.AsString()
		case key == JSONAttribute && value.Type() == pcommon.ValueTypeMap:
			for member, value := range value.Map().All() {
				f.row.addJSON(logfilter.JSONPrefix+clean(member), value, 1)
			}
		default:
			f.row.addAttribute(f.labelName(position, key), key, value)
			position++
		}
	}
}

// labelName returns LabelsPrefix and key, without making a new string when the record before
// had the same attribute in this place.
func (f *Flattener) labelName(position int, key string) string {
	if position == len(f.names) {
		f.names = append(f.names, prefixedName{})
	}
	cached := &f.names[position]
	if cached.name == "" || cached.key != key {
		// The key is cut out of a request's memory, which it would keep alive.
		name := logfilter.LabelsPrefix + clean(key)
		*cached = prefixedName{strings.Clone(key), name}
	}
	return cached.name
}

// addAttribute adds a label, or members of the json object when the value is a map or a list.
func (r *Row) addAttribute(label, key string, value pcommon.Value) {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		r.add(label, clean(value.Str()))
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		r.addJSON(logfilter.JSONPrefix+clean(key), value, 1)
	default:
		r.add(label, scalarText(value))
	}
}

// addJSON adds a value of the json object; members of objects get names of their own.
func (r *Row) addJSON(name string, value pcommon.Value, depth int) {
	if value.Type() != pcommon.ValueTypeMap {
		r.add(name, scalarText(value))
		return
	}
	fits := depth < maxDepth
	for key := range value.Map().All() {
		fits = fits && len(name)+1+len(key) <= MaxNameLength
	}
	if !fits {
		r.add(name, clean(value.AsString()))
		return
	}
	for key, member := range value.Map().All() {
		r.addJSON(name+"."+clean(key), member, depth+1)
	}
}

// attributeText returns the text of an attribute, empty when it is absent.
func attributeText(attributes pcommon.Map, key string) string {
	value, ok := attributes.Get(key)
	if !ok {
		return ""
	}
	return scalarText(value)
}

// scalarText writes numbers so that they can be compared with ranges: without an exponent.
func scalarText(value pcommon.Value) string {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		return clean(value.Str())
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(value.Double(), 'f', -1, 64)
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(value.Int(), 10)
	}
	return clean(value.AsString())
}

// clean makes text valid UTF-8.
func clean(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
