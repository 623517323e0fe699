package logrecord

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// Record makes the record that queries return of flat fields. It keeps the strings.
func Record(at int64, id string, fields []logfilter.Field) storage.LogRecord {
	record := storage.LogRecord{Time: time.Unix(0, at).UTC(), ID: id}
	var members []logfilter.Field
	for _, f := range fields {
		switch f.Name {
		case logfilter.FieldService:
			record.Service = f.Value
		case logfilter.FieldInstanceID:
			record.InstanceID = f.Value
		case logfilter.FieldLevel:
			record.Level = f.Value
		case logfilter.FieldMessage:
			record.Message = f.Value
		case logfilter.FieldTraceID:
			record.TraceID = f.Value
		case logfilter.FieldSpanID:
			record.SpanID = f.Value
		default:
			if label, ok := strings.CutPrefix(f.Name, logfilter.LabelsPrefix); ok {
				if record.Labels == nil {
					record.Labels = make(map[string]string, len(fields))
				}
				record.Labels[label] = f.Value
			} else if strings.HasPrefix(f.Name, logfilter.JSONPrefix) {
				members = append(members, f)
			}
		}
	}
	record.JSON = rebuild(members)
	return record
}

// Fields returns the flat fields of a record, time and id included, as logfilter.Match takes
// them. Labels and json members are in the order of their names.
func Fields(record storage.LogRecord) []logfilter.Field {
	var row Row
	row.add(logfilter.FieldTime, record.Time.UTC().Format(time.RFC3339Nano))
	row.add(logfilter.FieldID, record.ID)
	row.add(logfilter.FieldService, record.Service)
	row.add(logfilter.FieldInstanceID, record.InstanceID)
	row.add(logfilter.FieldLevel, record.Level)
	row.add(logfilter.FieldMessage, record.Message)
	row.add(logfilter.FieldTraceID, record.TraceID)
	row.add(logfilter.FieldSpanID, record.SpanID)
	own := len(row.Fields)
	for name, value := range record.Labels {
		row.add(logfilter.LabelsPrefix+name, value)
	}
	var object map[string]any
	if json.Unmarshal(record.JSON, &object) == nil {
		row.addObject(logfilter.JSONPrefix, object)
	}
	slices.SortFunc(row.Fields[own:], func(a, b logfilter.Field) int { return strings.Compare(a.Name, b.Name) })
	return row.Fields
}

func (r *Row) addObject(prefix string, object map[string]any) {
	for key, value := range object {
		switch value := value.(type) {
		case map[string]any:
			r.addObject(prefix+key+".", value)
		case string:
			r.add(prefix+key, value)
		default:
			text, err := json.Marshal(value)
			if err == nil && value != nil {
				r.add(prefix+key, string(text))
			}
		}
	}
}

// rebuild makes an object of flattened members. Lists come back as lists, other values as
// strings. Where a name is both a value and an object ("a" and "a.b"), the object's members
// keep their joined names.
func rebuild(members []logfilter.Field) json.RawMessage {
	if len(members) == 0 {
		return nil
	}
	slices.SortFunc(members, func(a, b logfilter.Field) int { return strings.Compare(a.Name, b.Name) })
	root := map[string]any{}
	for _, f := range members {
		insert(root, strings.TrimPrefix(f.Name, logfilter.JSONPrefix), memberValue(f.Value))
	}
	text, err := json.Marshal(root)
	if err != nil {
		return nil
	}
	return text
}

func memberValue(text string) any {
	if strings.HasPrefix(text, "[") && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}

func insert(object map[string]any, name string, value any) {
	for {
		key, rest, nested := strings.Cut(name, ".")
		if !nested {
			object[name] = value
			return
		}
		switch inner := object[key].(type) {
		case nil:
			next := map[string]any{}
			object[key] = next
			object, name = next, rest
		case map[string]any:
			object, name = inner, rest
		default:
			object[name] = value
			return
		}
	}
}
