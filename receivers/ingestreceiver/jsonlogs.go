package ingestreceiver

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/storage/logrecord"
)

// logItems turns items of POST /v1/ingest/logs into log records, one resource for each service
// and instance.
type logItems struct {
	now    time.Time
	logs   plog.Logs
	groups []*logGroup // in the order of the resources
	known  map[logSource]*logGroup
	timed  bool // every record brought its own time

	seen    seenFields
	at      time.Time
	source  logSource
	level   string
	message string
	labels  pcommon.Map
	object  pcommon.Map
	hasJSON bool
}

type logSource struct{ service, instance string }

// logGroup holds the records of one source.
type logGroup struct {
	records plog.LogRecordSlice
	indexes []int // places in the body
}

func newLogItems(now time.Time) *logItems {
	return &logItems{now: now, logs: plog.NewLogs(), known: map[logSource]*logGroup{}, timed: true}
}

func (l *logItems) reset() {
	l.seen, l.at, l.source, l.level, l.message = 0, time.Time{}, logSource{}, "", ""
	l.labels, l.object, l.hasJSON = pcommon.NewMap(), pcommon.Map{}, false
}

func (l *logItems) field(values *jsonReader, name []byte) (err error) {
	switch string(name) {
	case fieldTime:
		if err = l.seen.mark(0, fieldTime); err == nil {
			l.at, err = values.time(fieldTime)
		}
	case fieldService:
		if err = l.seen.mark(1, fieldService); err == nil {
			l.source.service, err = values.word(fieldService)
		}
	case fieldInstance:
		if err = l.seen.mark(2, fieldInstance); err == nil {
			l.source.instance, err = values.word(fieldInstance)
		}
	case fieldLevel:
		if err = l.seen.mark(3, fieldLevel); err == nil {
			l.level, err = values.word(fieldLevel)
		}
	case fieldMessage:
		if err = l.seen.mark(4, fieldMessage); err == nil {
			l.message, err = values.text(fieldMessage)
		}
	case fieldLabels:
		if err = l.seen.mark(5, fieldLabels); err == nil {
			err = values.strings(fieldLabels, l.label)
		}
	case fieldJSON:
		if err = l.seen.mark(6, fieldJSON); err == nil {
			err = l.readJSON(values)
		}
	default:
		return errUnknownField(name, "time, service, instance_id, level, message, labels and json")
	}
	return err
}

func (l *logItems) label(name, value string) error {
	switch name {
	case "":
		return &itemError{fieldLabels, reasonLabel, "a label has an empty name"}
	case logrecord.IDAttribute, logrecord.JSONAttribute:
		return &itemError{fieldLabels, reasonLabel, fmt.Sprintf("%q is reserved; rename it", name)}
	}
	if _, ok := l.labels.Get(name); ok {
		return &itemError{fieldLabels, reasonLabel, fmt.Sprintf("%q is there twice", shorten(name))}
	}
	if l.labels.Len() == 0 {
		l.labels.EnsureCapacity(8) // room for the id as well
	}
	l.labels.PutStr(name, value)
	return nil
}

func (l *logItems) readJSON(values *jsonReader) error {
	if null, err := values.null(); null || err != nil {
		return err
	}
	l.object, l.hasJSON = pcommon.NewMap(), true
	return values.object(fieldJSON, l.object)
}

func (l *logItems) complete() error {
	switch {
	case l.source.service == "":
		return &itemError{fieldService, reasonMissing, "is missing; name the service that sends the log"}
	case l.message == "" && !l.hasJSON:
		return &itemError{fieldMessage, reasonMissing, "is missing; send a message, or an object in json"}
	}
	return nil
}

func (l *logItems) add(index int) error {
	group := l.group()
	group.indexes = append(group.indexes, index)
	record := group.records.AppendEmpty()
	if l.at.IsZero() {
		l.timed = false
		record.SetObservedTimestamp(pcommon.NewTimestampFromTime(l.now))
	} else {
		record.SetTimestamp(pcommon.NewTimestampFromTime(l.at))
	}
	record.SetSeverityText(l.level)
	record.SetSeverityNumber(severityOf(l.level))
	record.Body().SetStr(l.message)
	l.labels.MoveTo(record.Attributes())
	if l.hasJSON {
		l.object.MoveTo(record.Attributes().PutEmptyMap(logrecord.JSONAttribute))
	}
	return nil
}

// group returns where the current item goes.
func (l *logItems) group() *logGroup {
	if group, ok := l.known[l.source]; ok {
		return group
	}
	resource := l.logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", l.source.service)
	if l.source.instance != "" {
		resource.Resource().Attributes().PutStr("service.instance.id", l.source.instance)
	}
	group := &logGroup{records: resource.ScopeLogs().AppendEmpty().LogRecords()}
	l.groups = append(l.groups, group)
	l.known[l.source] = group
	return group
}

// places returns the place in the body of each record, by ordinal.
func (l *logItems) places() []int {
	var places []int
	for _, group := range l.groups {
		places = append(places, group.indexes...)
	}
	return places
}

// severityOf reads the names of levels that logging libraries use; others have no number.
func severityOf(level string) plog.SeverityNumber {
	switch strings.ToLower(level) {
	case "trace":
		return plog.SeverityNumberTrace
	case "debug":
		return plog.SeverityNumberDebug
	case "info", "information", "notice":
		return plog.SeverityNumberInfo
	case "warn", "warning":
		return plog.SeverityNumberWarn
	case "error", "err":
		return plog.SeverityNumberError
	case "fatal", "critical", "crit", "panic", "alert", "emergency", "emerg":
		return plog.SeverityNumberFatal
	}
	return plog.SeverityNumberUnspecified
}
