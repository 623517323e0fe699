package journaldreceiver

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/logparse"
)

// fields are what is asked of the journal; the cursor and the times come in any case.
const fields = "MESSAGE,PRIORITY,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,SYSLOG_IDENTIFIER,_PID,_COMM,_TRANSPORT," +
	"CODE_FILE,CODE_LINE,CODE_FUNC"

// entry is a line of journalctl.
type entry struct {
	Cursor     string `json:"__CURSOR"`
	Time       string `json:"__REALTIME_TIMESTAMP"` // microseconds
	Message    text   `json:"MESSAGE"`
	Priority   text   `json:"PRIORITY"`
	Unit       text   `json:"_SYSTEMD_UNIT"`
	UserUnit   text   `json:"_SYSTEMD_USER_UNIT"`
	Identifier text   `json:"SYSLOG_IDENTIFIER"`
	PID        text   `json:"_PID"`
	Command    text   `json:"_COMM"`
	Transport  text   `json:"_TRANSPORT"`
	File       text   `json:"CODE_FILE"`
	Line       text   `json:"CODE_LINE"`
	Function   text   `json:"CODE_FUNC"`
}

// text is the value of a field: a string, bytes as numbers when it is not text, null when it is
// too large, or several of these when the field is there several times.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(content []byte) error {
	var whole string
	if json.Unmarshal(content, &whole) == nil {
		*t = text(whole)
		return nil
	}
	var numbers []uint16
	if json.Unmarshal(content, &numbers) == nil {
		bytes := make([]byte, len(numbers))
		for i, number := range numbers {
			bytes[i] = byte(number)
		}
		*t = text(strings.ToValidUTF8(string(bytes), "\uFFFD"))
		return nil
	}
	var several []text
	if err := json.Unmarshal(content, &several); err != nil {
		return err
	}
	lines := make([]string, len(several))
	for i, one := range several {
		lines[i] = string(one)
	}
	*t = text(strings.Join(lines, "\n"))
	return nil
}

var errNoCursor = errors.New("the entry has no cursor")

// readEntry reads a line. One that was cut keeps its cursor, which comes early.
func readEntry(line []byte, cut bool) (*entry, error) {
	one := &entry{}
	if cut {
		_, after, found := strings.Cut(string(line[:min(len(line), 4096)]), `"__CURSOR":"`)
		cursor, _, closed := strings.Cut(after, `"`)
		if !found || !closed {
			return nil, errNoCursor
		}
		one.Cursor, one.Message = cursor, "(a message of the journal that is too long)"
		return one, nil
	}
	if err := json.Unmarshal(line, one); err != nil {
		return nil, err
	}
	if one.Cursor == "" {
		return nil, errNoCursor
	}
	return one, nil
}

// at is when the entry was written.
func (e *entry) at() time.Time {
	micros, err := strconv.ParseInt(e.Time, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

// service is the unit without its suffix, or the program.
func (e *entry) service() string {
	unit := e.Unit
	if e.UserUnit != "" {
		unit = e.UserUnit
	}
	switch {
	case e.Transport == "kernel":
		return "kernel"
	case strings.HasSuffix(string(unit), ".service"):
		return strings.TrimSuffix(string(unit), ".service")
	case e.Identifier != "":
		return string(e.Identifier)
	case e.Command != "":
		return string(e.Command)
	}
	return "journald"
}

// fill makes a record of the entry.
func (e *entry) fill(parser *logparse.Parser, now time.Time, record plog.LogRecord) {
	parser.Parse(strings.TrimRight(string(e.Message), "\n"), now, record)
	if at := e.at(); !at.IsZero() {
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	}
	// What a program writes to its output has the priority of its unit: its own word is better.
	if priority, err := strconv.Atoi(string(e.Priority)); err == nil && (e.Transport != "stdout" || record.SeverityNumber() == plog.SeverityNumberUnspecified) {
		logparse.SetPriority(priority, record)
	}
	for _, one := range []struct {
		name  string
		value text
	}{
		{"systemd.unit", e.Unit},
		{"systemd.user_unit", e.UserUnit},
		{"syslog.appname", e.Identifier},
		{"process.executable.name", e.Command},
		{"code.file.path", e.File},
		{"code.function.name", e.Function},
		{"log.transport", e.Transport},
	} {
		if one.value != "" {
			record.Attributes().PutStr(one.name, string(one.value))
		}
	}
	for name, value := range map[string]text{"process.pid": e.PID, "code.line.number": e.Line} {
		if number, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			record.Attributes().PutInt(name, number)
		}
	}
}
