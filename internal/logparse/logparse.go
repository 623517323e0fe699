// Package logparse reads what programs write into their logs: JSON, logfmt, access and error logs
// of web servers, syslog, klog, and text that begins with a time and a level. It fills a record's
// time, severity, message and attributes. What it cannot read stays as it is: the message.
package logparse

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/pharos-obs/pharos/internal/recordid"
)

// Formats of Config.
const (
	Auto       = "auto"
	JSON       = "json"
	Logfmt     = "logfmt"
	Combined   = "combined"
	NginxError = "nginx_error"
	Syslog     = "syslog"
	Klog       = "klog"
	Container  = "container"
	Plain      = "plain"
	Regex      = "regex"
)

var formats = []string{Auto, JSON, Logfmt, Combined, NginxError, Syslog, Klog, Container, Plain, Regex} //nolint:gochecknoglobals // a constant list

// Config says how lines are read.
type Config struct {
	// Format is json, logfmt, combined (access logs of nginx and Apache), nginx_error, syslog
	// (RFC 3164 and 5424, also as in files), klog (Kubernetes), container (lines of a container runtime,
	// with any other format in them), plain (a time and a level at the
	// beginning are seen, the message is the whole line), regex, or auto: whichever fits a line.
	Format string `mapstructure:"format"`
	// Regex has named groups: time, level and message are what they say, others become
	// attributes. For the format regex.
	Regex string `mapstructure:"regex"`
	// TimeLayout is how Go would write "2006-01-02 15:04:05" of a time; empty means that the
	// usual forms are tried.
	TimeLayout string `mapstructure:"time_layout"`
	// Timezone is where times without a zone were written: a name such as Europe/Berlin, UTC, or
	// empty for this host's.
	Timezone string `mapstructure:"timezone"`
}

// Validate names the field that is wrong, and the fix.
func (c *Config) Validate() error {
	if !slices.Contains(formats, c.Format) {
		return fmt.Errorf("format is %q: use one of %s", c.Format, strings.Join(formats, ", "))
	}
	if (c.Regex != "") != (c.Format == Regex) {
		return errors.New("regex goes with `format: regex`, and only with it")
	}
	if expression, err := regexp.Compile(c.Regex); err != nil {
		return fmt.Errorf("regex: %w", err)
	} else if c.Regex != "" && len(groups(expression)) == 0 {
		return errors.New("regex has no named group: name what it finds, for example (?P<message>.*)")
	}
	if _, err := c.location(); err != nil {
		return fmt.Errorf("timezone is %q, which this host does not know: use a name such as Europe/Berlin or UTC", c.Timezone)
	}
	return nil
}

func (c *Config) location() (*time.Location, error) {
	if c.Timezone == "" {
		return time.Local, nil
	}
	return time.LoadLocation(c.Timezone)
}

func groups(expression *regexp.Regexp) []string {
	return slices.DeleteFunc(expression.SubexpNames(), func(name string) bool { return name == "" })
}

// maxAttributes is what a server takes of one record; a line with more fields stays text.
const maxAttributes = 100

// Parser reads lines. It is for one goroutine.
type Parser struct {
	format     string
	expression *regexp.Regexp
	layout     string
	local      *time.Location

	now     time.Time
	inside  bool // a line of a container runtime
	decoder *jsontext.Decoder
	buffer  bytes.Buffer
	scratch []byte
}

// New returns a parser; the configuration must be valid.
func New(cfg Config) (*Parser, error) {
	local, err := cfg.location()
	if err != nil {
		return nil, fmt.Errorf("timezone: %w", err)
	}
	p := &Parser{format: cfg.Format, layout: cfg.TimeLayout, local: local}
	p.decoder = jsontext.NewDecoder(&p.buffer, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if cfg.Format == Regex {
		if p.expression, err = regexp.Compile(cfg.Regex); err != nil {
			return nil, fmt.Errorf("regex: %w", err)
		}
	}
	return p, nil
}

// Parse fills a record with a line, or several that belong together, which was read now. The
// record's time is the line's own when that makes sense, else now; it always has a body.
func (p *Parser) Parse(line string, now time.Time, record plog.LogRecord) {
	p.now = now
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	if !p.try(line, record) && !p.firstLine(line, record) {
		p.plain(line, record)
	}
	if record.Timestamp() == 0 {
		record.SetTimestamp(record.ObservedTimestamp())
	}
}

// try reads a line, and leaves nothing of it in the record when it cannot.
func (p *Parser) try(line string, record plog.LogRecord) bool {
	if p.read(line, record) && record.Attributes().Len() <= maxAttributes {
		return true
	}
	record.Attributes().Clear()
	pcommon.NewValueEmpty().CopyTo(record.Body())
	record.SetTimestamp(0)
	record.SetSeverityText("")
	record.SetSeverityNumber(plog.SeverityNumberUnspecified)
	record.SetTraceID(pcommon.NewTraceIDEmpty())
	record.SetSpanID(pcommon.NewSpanIDEmpty())
	return false
}

// firstLine reads the first of several lines: what follows, a stack trace, goes behind its message.
func (p *Parser) firstLine(lines string, record plog.LogRecord) bool {
	first, rest, several := strings.Cut(lines, "\n")
	if !several || !p.try(first, record) {
		return false
	}
	record.Body().SetStr(record.Body().AsString() + "\n" + rest)
	return true
}

func (p *Parser) read(line string, record plog.LogRecord) bool {
	switch p.format {
	case Auto:
		return p.auto(line, record)
	case JSON:
		return p.json(line, record)
	case Logfmt:
		return p.logfmt(line, record)
	case Combined:
		return p.combined(line, record)
	case NginxError:
		return p.nginxError(line, record)
	case Syslog:
		return p.syslog(line, record)
	case Klog:
		return p.klog(line, record)
	case Container:
		return p.container(line, record)
	case Regex:
		return p.regex(line, record)
	}
	return false
}

// auto looks at the first bytes to find the formats that may fit.
func (p *Parser) auto(line string, record plog.LogRecord) bool {
	if len(line) < 2 {
		return false
	}
	switch first := line[0]; {
	case first == '{':
		return p.json(line, record)
	case first == '<' && digit(line[1]):
		return p.syslog(line, record)
	case digit(line[1]) && strings.IndexByte("IWEF", first) >= 0:
		return p.klog(line, record)
	case digit(first) && len(line) > 19 && line[4] == '/' && line[7] == '/':
		return p.nginxError(line, record)
	case digit(first) && len(line) > 19 && line[4] == '-' && line[10] == 'T':
		return !p.inside && p.container(line, record) || p.syslogFile(line, record)
	case looksLikeAccess(line):
		return p.combined(line, record)
	case monthName(line) != 0:
		return p.syslog(line, record)
	case looksLikePairs(line):
		return p.logfmt(line, record)
	}
	return false
}

// plain keeps the line, and takes a time and a level that it begins with.
func (p *Parser) plain(line string, record plog.LogRecord) {
	record.Body().SetStr(line)
	rest := line
	if at, after, ok := p.leadingTime(strings.TrimPrefix(line, "[")); ok {
		p.setTime(at, record)
		rest = after
	}
	if word := levelAtBeginning(rest); word != "" {
		setLevel(word, record)
	}
}

// regex takes named groups.
func (p *Parser) regex(line string, record plog.LogRecord) bool {
	found := p.expression.FindStringSubmatchIndex(line)
	if found == nil {
		return false
	}
	record.Body().SetStr(line)
	for i, name := range p.expression.SubexpNames() {
		if name == "" || found[2*i] < 0 {
			continue
		}
		value := line[found[2*i]:found[2*i+1]]
		switch name {
		case "time":
			p.setTimeText(value, record)
		case "level":
			setLevel(value, record)
		case "message":
			record.Body().SetStr(value)
		default:
			put(record, name, value)
		}
	}
	return true
}

// put adds an attribute. The id of a record is not for a line to give.
func put(record plog.LogRecord, name, value string) {
	if name != "" {
		record.Attributes().PutStr(attributeName(name), value)
	}
}

func attributeName(name string) string {
	if name == recordid.Attribute {
		return "record.uid"
	}
	return name
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
