package limitsprocessor

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/utf8text"
	"github.com/pharos-obs/pharos/storage/logrecord"
	"github.com/pharos-obs/pharos/storage/rejection"
)

// logLimits is the processor of logs.
type logLimits struct {
	*limits
	next consumer.Logs
}

// ConsumeLogs implements consumer.Logs.
func (l *logLimits) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	check := l.newCheck()
	if check.allow(logs) {
		return l.next.ConsumeLogs(ctx, logs)
	}
	removed := newRemoval(ctx)
	check.remove(logs, removed)
	l.count(ctx, removed)
	if logs.ResourceLogs().Len() == 0 {
		return nil
	}
	return l.next.ConsumeLogs(ctx, logs)
}

// logCheck checks one batch.
type logCheck struct {
	*logLimits
	window     window
	attributes attributeLimits
}

func (l *logLimits) newCheck() *logCheck {
	cfg := l.cfg.Logs
	return &logCheck{logLimits: l, window: l.window(), attributes: attributeLimits{
		count: cfg.MaxAttributes, name: cfg.MaxAttributeNameLength, value: cfg.MaxAttributeValueLength, word: "attributes",
	}}
}

// allow says whether nothing of the batch has to go.
func (c *logCheck) allow(logs plog.Logs) bool {
	for _, resource := range logs.ResourceLogs().All() {
		if !resourceLimits().allow(resource.Resource().Attributes()) {
			return false
		}
		for _, scope := range resource.ScopeLogs().All() {
			records := scope.LogRecords()
			for i := range records.Len() {
				if !c.allowRecord(records.At(i)) {
					return false
				}
			}
		}
	}
	return true
}

// allowRecord lets a record pass whose json object is large for an attribute only after a closer
// look.
func (c *logCheck) allowRecord(record plog.LogRecord) bool {
	if size, ok := measure(record.Body()); !ok || size > c.cfg.Logs.MaxMessageBytes {
		return false
	}
	if !c.window.holds(timeOf(record)) || !c.allowLevel(record.SeverityText()) {
		return false
	}
	return c.attributes.allow(record.Attributes()) || c.record(record) == nil
}

// timeOf is the record's own time, else when it was first seen.
func timeOf(record plog.LogRecord) pcommon.Timestamp {
	if at := record.Timestamp(); at != 0 {
		return at
	}
	return record.ObservedTimestamp()
}

func (c *logCheck) allowLevel(level string) bool {
	return len(level) <= c.attributes.name && utf8text.Valid(level)
}

// record returns what is wrong with a record.
func (c *logCheck) record(record plog.LogRecord) *violation {
	if found := c.outside(c.window, timeOf(record)); found != nil {
		return found
	}
	if found := c.content(fieldMessage, record.Body()); found != nil {
		return found
	}
	if level := record.SeverityText(); !c.allowLevel(level) {
		return &violation{fieldLevel, reasonValue, fmt.Sprintf("the level %q is longer than the %d bytes allowed or not valid UTF-8; send a word", prefix(level), c.attributes.name)}
	}
	attributes := record.Attributes()
	if object, ok := attributes.Get(logrecord.JSONAttribute); ok {
		if found := c.content(fieldJSON, object); found != nil {
			return found
		}
		others := pcommon.NewMap()
		attributes.CopyTo(others)
		others.Remove(logrecord.JSONAttribute)
		attributes = others
	}
	return c.attributes.find(attributes)
}

// content checks a message or a json object.
func (c *logCheck) content(field string, value pcommon.Value) *violation {
	size, ok := measure(value)
	if !ok {
		return &violation{field, reasonValue, "the " + field + " is not valid UTF-8; encode text as UTF-8"}
	}
	if limit := c.cfg.Logs.MaxMessageBytes; size > limit {
		return &violation{field, reasonTooLarge, fmt.Sprintf("the %s is %d bytes, longer than the %d allowed; shorten or split it", field, size, limit)}
	}
	return nil
}

// remove takes out what violates a limit, and what is left empty by that.
func (c *logCheck) remove(logs plog.Logs, removed *removal) {
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		fault := resourceLimits().find(resource.Resource().Attributes())
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool {
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				found := fault
				if found == nil {
					found = c.record(record)
				}
				if found != nil {
					removed.add(found, idOf(record), rejection.Milliseconds(timeOf(record)))
				}
				return found != nil
			})
			return scope.LogRecords().Len() == 0
		})
		return resource.ScopeLogs().Len() == 0
	})
}

func idOf(record plog.LogRecord) string {
	if id, ok := record.Attributes().Get(logrecord.IDAttribute); ok {
		return id.Str()
	}
	return ""
}
