package logparse

import (
	"strings"

	"github.com/go-logfmt/logfmt"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// logfmt reads key=value pairs.
func (p *Parser) logfmt(line string, record plog.LogRecord) bool {
	if strings.ContainsAny(line, "\n\r") {
		return false
	}
	decoder := logfmt.NewDecoderSize(strings.NewReader(line), len(line)+1)
	valued := false
	for decoder.ScanRecord() {
		for decoder.ScanKeyval() {
			name, value := string(decoder.Key()), string(decoder.Value())
			valued = valued || decoder.Value() != nil
			what := meaning(name)
			if what == isAttribute || what == isLevel && record.SeverityText() != "" || what == isMessage && record.Body().Type() != pcommon.ValueTypeEmpty {
				put(record, name, value)
				continue
			}
			p.setMeaning(what, name, value, record)
		}
	}
	if decoder.Err() != nil || !valued {
		return false
	}
	if record.Body().Type() == pcommon.ValueTypeEmpty {
		record.Body().SetStr(line)
	}
	return true
}

// looksLikePairs says whether a line is made of pairs: it begins with one and has another, or one
// of the usual names.
func looksLikePairs(line string) bool {
	name, rest, found := strings.Cut(line, "=")
	if !found || !isName(name) {
		return false
	}
	if meaning(name) != isAttribute {
		return true
	}
	end := strings.IndexByte(rest, ' ')
	if strings.HasPrefix(rest, `"`) {
		if end = strings.Index(rest[1:], `" `); end >= 0 {
			end += 2
		}
	}
	if end < 0 {
		return false
	}
	name, _, found = strings.Cut(rest[end+1:], "=")
	return found && isName(name)
}

func isName(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c != '_' && c != '.' && c != '-' && c != '@' && !digit(c) && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return text != "" && !digit(text[0])
}
