package agentstatusextension

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

const (
	// faultLasts is how long after an error in its log a part still counts as failing.
	faultLasts = 15 * time.Minute
	// maxPaths bounds the files of a part that are remembered as unreadable.
	maxPaths = 100
)

// Fields of a log entry: the first two are the Collector's, the others those of file_log.
const (
	fieldKind         = "otelcol.component.kind"
	fieldID           = "otelcol.component.id"
	fieldPath         = "path"
	fieldOriginalPath = "original_path"
)

// Faults learns from the program's log which parts fail: many parts tell of their errors nowhere
// else. A part that has logged an error counts as failing for a quarter of an hour; one that may
// not read a file, until it says of that file that it can, for it complains but once.
type Faults struct {
	now func() time.Time

	mu      sync.Mutex // guards the rest
	parts   map[partKey]*fault
	changed func()
}

type partKey struct{ kind, id string }

type fault struct {
	text  string
	since time.Time
	until time.Time
	// denied are the files that may not be read, with what was said of them.
	denied map[string]string
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
		part := Part{Kind: key.kind, ID: key.id, State: StateFailing, Since: one.since}
		switch {
		case len(one.denied) > 0:
			part.Error = one.denied[slices.Min(slices.Collect(maps.Keys(one.denied)))]
		case now.Before(one.until):
			part.Error = one.text
		default:
			delete(f.parts, key)
			continue
		}
		found = append(found, part)
	}
	return found
}

// failed notes an error that a part has logged.
func (f *Faults) failed(key partKey, text, path string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	one := f.parts[key]
	if one == nil {
		one = &fault{since: now, denied: map[string]string{}}
		f.parts[key] = one
	}
	if path != "" && errors.Is(err, fs.ErrPermission) {
		if len(one.denied) < maxPaths {
			one.denied[path] = text
		}
	} else {
		one.text, one.until = text, now.Add(faultLasts)
	}
	f.changed()
}

// works notes that a part has told something good of a file.
func (f *Faults) works(key partKey, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one := f.parts[key]; one != nil && one.denied[path] != "" {
		delete(one.denied, path)
		f.changed()
	}
}

// watchingCore tells faults what the log of a part says.
type watchingCore struct {
	zapcore.Core
	faults *Faults
	part   partKey
}

// Enabled implements zapcore.Core: what a log that is less talkative leaves out is looked at too.
func (c watchingCore) Enabled(level zapcore.Level) bool {
	return level >= zapcore.InfoLevel || c.Core.Enabled(level)
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
	switch {
	case c.part.id == "":
	case entry.Level >= zapcore.ErrorLevel:
		c.failed(entry, fields)
	case entry.Level == zapcore.InfoLevel && len(fields) > 0:
		if path := encode(fields).text(fieldPath); path != "" {
			c.faults.works(c.part, path)
		}
	}
	if !c.Core.Enabled(entry.Level) {
		return nil
	}
	return c.Core.Write(entry, fields)
}

func (c watchingCore) failed(entry zapcore.Entry, fields []zapcore.Field) {
	said := encode(fields)
	path := said.text(fieldOriginalPath)
	if path == "" {
		path = said.text(fieldPath)
	}
	text := entry.Message
	var cause error
	for i := range fields {
		if err, ok := fields[i].Interface.(error); ok && fields[i].Type == zapcore.ErrorType {
			cause = err
			text += ": " + err.Error()
		}
	}
	if path != "" && !strings.Contains(text, path) {
		text += " (" + path + ")"
	}
	c.faults.failed(c.part, text, path, cause)
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
