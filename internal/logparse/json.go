package logparse

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// maxDepth is how deep objects are read as such; what is deeper stays JSON text.
const maxDepth = 8

// json reads one object a line. Its time, level, message, trace and span are found by the names
// that logging libraries use; everything else becomes attributes.
func (p *Parser) json(line string, record plog.LogRecord) bool {
	p.scratch = append(p.scratch[:0], line...)
	p.buffer = *bytes.NewBuffer(p.scratch)
	p.decoder.Reset(&p.buffer)
	if p.decoder.PeekKind() != '{' {
		return false
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return false
	}
	for p.decoder.PeekKind() == '"' {
		name, ok := p.text()
		if !ok || !p.member(name, record) {
			return false
		}
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return false
	}
	if rest := strings.TrimSpace(line[min(int(p.decoder.InputOffset()), len(line)):]); rest != "" {
		return false
	}
	if record.Body().Type() == pcommon.ValueTypeEmpty {
		record.Body().SetStr(line)
	}
	return true
}

// text reads a string.
func (p *Parser) text() (string, bool) {
	token, err := p.decoder.ReadToken()
	if err != nil {
		return "", false
	}
	return token.String(), true
}

// member reads a member of the outer object.
func (p *Parser) member(name string, record plog.LogRecord) bool {
	if name == "" {
		return p.decoder.SkipValue() == nil // no store can hold it
	}
	if kind := p.decoder.PeekKind(); kind == '"' || kind == '0' {
		what := meaning(name)
		if what == isAttribute || what == isLevel && record.SeverityText() != "" || what == isMessage && record.Body().Type() != pcommon.ValueTypeEmpty ||
			what == isTime && record.Timestamp() != 0 {
			return p.value(record.Attributes().PutEmpty(attributeName(name)), 0)
		}
		text, ok := p.text()
		if ok {
			p.setMeaning(what, name, text, record)
		}
		return ok
	}
	return p.value(record.Attributes().PutEmpty(attributeName(name)), 0)
}

// value reads any value.
func (p *Parser) value(into pcommon.Value, depth int) bool {
	kind := p.decoder.PeekKind()
	if depth >= maxDepth && (kind == '{' || kind == '[') {
		raw, err := p.decoder.ReadValue()
		into.SetStr(string(raw))
		return err == nil
	}
	token, err := p.decoder.ReadToken()
	if err != nil {
		return false
	}
	switch kind {
	case '"':
		into.SetStr(token.String())
	case '0':
		setNumber(into, token.String())
	case 't', 'f':
		into.SetBool(token.Bool())
	case '{':
		inner := into.SetEmptyMap()
		for p.decoder.PeekKind() == '"' {
			name, ok := p.text()
			if !ok || !p.value(inner.PutEmpty(name), depth+1) {
				return false
			}
		}
		_, err = p.decoder.ReadToken()
	case '[':
		inner := into.SetEmptySlice()
		for next := p.decoder.PeekKind(); next != ']'; next = p.decoder.PeekKind() {
			if next == jsontext.KindInvalid || !p.value(inner.AppendEmpty(), depth+1) {
				return false
			}
		}
		_, err = p.decoder.ReadToken()
	}
	return err == nil
}

func setNumber(into pcommon.Value, text string) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		into.SetInt(whole)
		return
	}
	if value, err := strconv.ParseFloat(text, 64); err == nil {
		into.SetDouble(value)
		return
	}
	into.SetStr(text)
}

type meant int

const (
	isAttribute meant = iota
	isTime
	isLevel
	isMessage
	isTrace
	isSpan
)

// meaning knows the names of zap, logrus, slog, zerolog, pino, bunyan, winston, logback, log4j,
// python, .NET, docker and the Elastic common schema.
func meaning(name string) meant {
	switch name {
	case "time", "timestamp", "ts", "@timestamp", "datetime", "Timestamp", "@t", "asctime":
		return isTime
	case "level", "severity", "lvl", "levelname", "log.level", "log_level", "loglevel", "Level", "LogLevel", "@l", "severity_text":
		return isLevel
	case "message", "msg", "log", "Message", "@m", "MESSAGE":
		return isMessage
	case "trace_id", "traceId", "traceID", "trace.id", "TraceId", "otelTraceID":
		return isTrace
	case "span_id", "spanId", "spanID", "span.id", "SpanId", "otelSpanID":
		return isSpan
	}
	return isAttribute
}

func (p *Parser) setMeaning(what meant, name, text string, record plog.LogRecord) {
	switch what {
	case isTime:
		p.setTimeText(text, record)
	case isLevel:
		setLevel(text, record)
	case isMessage:
		record.Body().SetStr(strings.TrimSuffix(text, "\n"))
	case isTrace:
		var id pcommon.TraceID
		if len(text) == 2*len(id) && decodes(id[:], text) {
			record.SetTraceID(id)
			return
		}
		put(record, name, text)
	case isSpan:
		var id pcommon.SpanID
		if len(text) == 2*len(id) && decodes(id[:], text) {
			record.SetSpanID(id)
			return
		}
		put(record, name, text)
	case isAttribute:
	}
}

func decodes(into []byte, text string) bool {
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}
