package logparse

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// syslog reads a message of RFC 5424 or RFC 3164, and a line as syslog daemons write it into
// files, which has no priority. RFC 3164 describes what was seen and not a grammar: everything but
// the message may be missing. That is why no library reads it here; those that do refuse what is
// common.
func (p *Parser) syslog(line string, record plog.LogRecord) bool {
	priority, rest, ok := priorityOf(line)
	if !ok {
		return p.syslogFile(line, record)
	}
	if after, is5424 := strings.CutPrefix(rest, "1 "); is5424 && p.rfc5424(after, record) {
		p.setPriority(priority, record)
		return true
	}
	record.Attributes().Clear()
	p.rfc3164(rest, record)
	p.setPriority(priority, record)
	return true
}

// syslogFile reads a line of a daemon's file; it must have a time, a host and a tag.
func (p *Parser) syslogFile(line string, record plog.LogRecord) bool {
	at, rest, ok := p.leadingTime(line)
	if !ok || !strings.HasPrefix(rest, " ") {
		return false
	}
	host, rest, ok := strings.Cut(rest[1:], " ")
	if !ok || !isHost(host) || severity(host) != plog.SeverityNumberUnspecified {
		return false
	}
	tag, message, ok := tagOf(rest)
	if !ok {
		return false
	}
	p.setTime(at, record)
	setTag(tag, record)
	put(record, "syslog.hostname", host)
	record.Body().SetStr(message)
	if word := levelAtBeginning(message); word != "" {
		setLevel(word, record)
	}
	return true
}

func priorityOf(line string) (priority int, rest string, ok bool) {
	if !strings.HasPrefix(line, "<") {
		return 0, line, false
	}
	digits, _, found := strings.Cut(line[1:min(len(line), 5)], ">")
	priority, ok = number(digits)
	if !found || !ok || priority > 191 {
		return 0, line, false
	}
	return priority, line[len(digits)+2:], true
}

func (p *Parser) setPriority(priority int, record plog.LogRecord) {
	SetPriority(priority&7, record)
	record.Attributes().PutStr("syslog.facility", facility(priority>>3))
}

func facility(number int) string {
	names := strings.Fields(`kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock
		local0 local1 local2 local3 local4 local5 local6 local7`)
	if number < len(names) {
		return names[number]
	}
	return ""
}

// rfc3164 takes what is there: a time, a host, a tag.
func (p *Parser) rfc3164(text string, record plog.LogRecord) {
	record.Body().SetStr(text)
	rest := text
	if at, after, ok := p.leadingTime(strings.TrimLeft(text, "*")); ok {
		p.setTime(at, record)
		rest = strings.TrimPrefix(strings.TrimPrefix(after, ":"), " ")
		record.Body().SetStr(rest)
	}
	// A host is a word before a tag; without one it may be the message's first word.
	if host, after, ok := strings.Cut(rest, " "); ok && isHost(host) && len(rest) < len(text) {
		if tag, message, ok := tagOf(after); ok {
			put(record, "syslog.hostname", host)
			setTag(tag, record)
			record.Body().SetStr(message)
			return
		}
	}
	if tag, message, ok := tagOf(rest); ok {
		setTag(tag, record)
		record.Body().SetStr(message)
	}
}

// tagOf reads `name[pid]: ` or `name: `.
func tagOf(text string) (tag, message string, ok bool) {
	const longest = 64
	end := strings.IndexByte(text[:min(len(text), longest)], ':')
	if end <= 0 || strings.ContainsAny(text[:end], " \t\"'=") {
		return "", text, false
	}
	message = text[end+1:]
	if message != "" && message[0] != ' ' {
		return "", text, false
	}
	return text[:end], strings.TrimPrefix(message, " "), true
}

func setTag(tag string, record plog.LogRecord) {
	name, rest, found := strings.Cut(tag, "[")
	put(record, "syslog.appname", name)
	if found {
		setProcess(strings.TrimSuffix(rest, "]"), record)
	}
}

func setProcess(text string, record plog.LogRecord) {
	if _, ok := number(text); ok && len(text) < 18 {
		putNumber(record, "process.pid", text)
		return
	}
	put(record, "syslog.procid", text)
}

func isHost(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c != '.' && c != '-' && c != '_' && c != ':' && !digit(c) && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return text != "" && text[len(text)-1] != ':'
}

// rfc5424 reads what comes behind priority and version: TIME HOST APP PROCID MSGID DATA MESSAGE.
func (p *Parser) rfc5424(text string, record plog.LogRecord) bool {
	var words [5]string
	for i := range words {
		word, rest, ok := strings.Cut(text, " ")
		if !ok || word == "" {
			return false
		}
		words[i], text = word, rest
	}
	if words[0] != "-" {
		at, rest, ok := p.leadingTime(words[0])
		if !ok || rest != "" {
			return false
		}
		p.setTime(at, record)
	}
	for i, name := range []string{"", "syslog.hostname", "syslog.appname", "syslog.procid", "syslog.msgid"} {
		switch {
		case name == "" || words[i] == "-":
		case name == "syslog.procid":
			setProcess(words[i], record)
		default:
			put(record, name, words[i])
		}
	}
	message, ok := structuredData(text, record)
	if !ok {
		return false
	}
	// rsyslog puts the space behind RFC 3164's tag before the message.
	message = strings.TrimPrefix(strings.TrimPrefix(message, " "), "\ufeff")
	record.Body().SetStr(strings.TrimPrefix(message, " "))
	return true
}

// structuredData reads `-` or `[id name="value" ...]...`.
func structuredData(text string, record plog.LogRecord) (message string, ok bool) {
	if after, none := strings.CutPrefix(text, "-"); none {
		return after, after == "" || after[0] == ' '
	}
	if !strings.HasPrefix(text, "[") {
		return text, false
	}
	for strings.HasPrefix(text, "[") {
		end := strings.IndexAny(text, " ]")
		if end < 2 {
			return text, false
		}
		id := text[1:end]
		for text = text[end:]; strings.HasPrefix(text, " "); {
			name, rest, found := strings.Cut(text[1:], `="`)
			if !found || name == "" || strings.ContainsAny(name, ` ]"`) {
				return text, false
			}
			value, after, closed := structuredValue(rest)
			if !closed {
				return text, false
			}
			put(record, id+"."+name, value)
			text = after
		}
		if !strings.HasPrefix(text, "]") {
			return text, false
		}
		text = text[1:]
	}
	return text, text == "" || text[0] == ' '
}

// structuredValue reads up to the closing quote; a backslash quotes a quote, a bracket and itself.
func structuredValue(text string) (value, rest string, ok bool) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			value = text[:i]
			if strings.IndexByte(value, '\\') >= 0 {
				value = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\]`, `]`).Replace(value)
			}
			return value, text[i+1:], true
		}
	}
	return "", text, false
}
