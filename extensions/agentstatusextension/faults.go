package agentstatusextension

import (
	"strings"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// faultLasts is how long after an error in its log a part still counts as failing.
const faultLasts = 15 * time.Minute

// Fields that the Collector adds to the log entries of a part.
const (
	fieldKind = "otelcol.component.kind"
	fieldID   = "otelcol.component.id"
)

// Faults learns from the program's log which parts fail: many parts tell of their errors nowhere
// else. A part that has logged an error counts as failing for a quarter of an hour.
type Faults struct {
	now func() time.Time

	mu      sync.Mutex // guards the rest
	parts   map[partKey]*fault
	changed func()
}

type partKey struct{ kind, id string }

type fault struct {
	text         string
	since, until time.Time
}

// NewFaults returns what a log is watched with.
func NewFaults() *Faults {
	return &Faults{now: time.Now, parts: map[partKey]*fault{}, changed: func() {}}
}

// Watch returns a core that writes to another, and learns from what it writes.
func (f *Faults) Watch(core zapcore.Core) zapcore.Core { return watchingCore{Core: core, faults: f} }

// notify sets what is called when a part begins to fail, or works again.
func (f *Faults) notify(changed func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = changed
}

// failing returns the parts that fail now.
func (f *Faults) failing() []Part {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	var found []Part
	for key, one := range f.parts {
		if !now.Before(one.until) {
			delete(f.parts, key)
			continue
		}
		found = append(found, Part{Kind: key.kind, ID: key.id, State: StateFailing, Error: one.text, Since: one.since})
	}
	return found
}

// failed notes an error that a part has logged.
func (f *Faults) failed(key partKey, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	one := f.parts[key]
	if one == nil || !now.Before(one.until) {
		one = &fault{since: now}
		f.parts[key] = one
	}
	one.text, one.until = text, now.Add(faultLasts)
	f.changed()
}

// watchingCore tells faults what the log of a part says.
type watchingCore struct {
	zapcore.Core
	faults *Faults
	part   partKey
}

// Enabled implements zapcore.Core: errors are looked at, also where the log leaves them out.
func (c watchingCore) Enabled(level zapcore.Level) bool {
	return level >= zapcore.ErrorLevel || c.Core.Enabled(level)
}

// With implements zapcore.Core.
func (c watchingCore) With(fields []zapcore.Field) zapcore.Core {
	said := encode(fields)
	if kind := said.text(fieldKind); kind != "" {
		c.part = partKey{strings.ToLower(kind), said.text(fieldID)}
	}
	c.Core = c.Core.With(fields)
	return c
}

// Check implements zapcore.Core.
func (c watchingCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write implements zapcore.Core.
func (c watchingCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if c.part.id != "" && entry.Level >= zapcore.ErrorLevel {
		said := []string{entry.Message}
		for i := range fields {
			if err, ok := fields[i].Interface.(error); ok && fields[i].Type == zapcore.ErrorType {
				said = append(said, err.Error())
			}
		}
		c.faults.failed(c.part, strings.Join(said, ": "))
	}
	if !c.Core.Enabled(entry.Level) {
		return nil
	}
	return c.Core.Write(entry, fields)
}

// fieldMap is what the fields of a log entry say.
type fieldMap map[string]any

func encode(fields []zapcore.Field) fieldMap {
	encoder := zapcore.NewMapObjectEncoder()
	for i := range fields {
		fields[i].AddTo(encoder)
	}
	return encoder.Fields
}

func (m fieldMap) text(name string) string {
	value, _ := m[name].(string)
	return value
}
