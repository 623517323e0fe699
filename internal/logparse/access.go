package logparse

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

const accessTime = "02/Jan/2006:15:04:05 -0700"

// looksLikeAccess finds the time of access logs behind three words.
func looksLikeAccess(line string) bool {
	at := strings.IndexByte(line, '[')
	return at > 0 && len(line) > at+len(accessTime)+1 && line[at+3] == '/' && line[at+7] == '/' && line[at+len(accessTime)+1] == ']'
}

// combined reads access logs of nginx and Apache, common and combined:
//
//	host ident user [time] "GET /path HTTP/1.1" status bytes "referrer" "agent" ...
func (p *Parser) combined(line string, record plog.LogRecord) bool {
	if !looksLikeAccess(line) {
		return false
	}
	begin := strings.IndexByte(line, '[')
	words := strings.Fields(line[:begin])
	at, err := time.Parse(accessTime, line[begin+1:begin+1+len(accessTime)])
	request, rest, ok := quoted(line[begin+len(accessTime)+2:])
	if err != nil || !ok || len(words) < 3 {
		return false
	}
	after := strings.Fields(rest)
	if len(after) < 2 {
		return false
	}
	status, err := strconv.Atoi(after[0])
	if err != nil {
		return false
	}
	record.Body().SetStr(line)
	p.setTime(at, record)
	setLevel(levelOfStatus(status), record)
	attributes := record.Attributes()
	client := words[len(words)-3]
	if len(words) > 3 {
		put(record, "server.address", strings.TrimSuffix(words[0], ":")) // vhost_combined
	}
	attributes.PutStr("client.address", client)
	if user := words[len(words)-1]; user != "-" {
		attributes.PutStr("user.name", user)
	}
	attributes.PutInt("http.response.status_code", int64(status))
	if size, err := strconv.ParseInt(after[1], 10, 64); err == nil {
		attributes.PutInt("http.response.body.size", size)
	}
	setRequest(request, record)
	if referrer, rest, ok := quoted(rest[strings.Index(rest, after[1])+len(after[1]):]); ok {
		if referrer != "-" {
			attributes.PutStr("http.request.header.referer", referrer)
		}
		if agent, _, ok := quoted(rest); ok && agent != "-" {
			attributes.PutStr("user_agent.original", agent)
		}
	}
	return true
}

func levelOfStatus(status int) string {
	switch {
	case status >= 500:
		return "error"
	case status >= 400:
		return "warn"
	}
	return "info"
}

// setRequest takes a request line apart.
func setRequest(request string, record plog.LogRecord) {
	words := strings.Fields(request)
	if len(words) < 2 {
		return
	}
	record.Attributes().PutStr("http.request.method", words[0])
	path, query, found := strings.Cut(words[1], "?")
	record.Attributes().PutStr("url.path", path)
	if found {
		record.Attributes().PutStr("url.query", query)
	}
	if len(words) > 2 {
		if version, ok := strings.CutPrefix(words[2], "HTTP/"); ok {
			record.Attributes().PutStr("network.protocol.version", version)
		}
	}
}

// quoted reads a text in quotes behind spaces.
func quoted(text string) (inner, rest string, ok bool) {
	text = strings.TrimLeft(text, " ")
	if !strings.HasPrefix(text, `"`) {
		return "", text, false
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[1:i], text[i+1:], true
		}
	}
	return "", text, false
}

// nginxError reads error logs of nginx:
//
//	2006/01/02 15:04:05 [error] 12#34: *5 message, client: 1.2.3.4, server: x, request: "GET / HTTP/1.1", host: "x"
func (p *Parser) nginxError(line string, record plog.LogRecord) bool {
	at, rest, ok := p.leadingTime(line)
	if !ok || !strings.HasPrefix(rest, " [") {
		return false
	}
	level, rest, ok := strings.Cut(rest[2:], "] ")
	if !ok || severity(level) == plog.SeverityNumberUnspecified {
		return false
	}
	p.setTime(at, record)
	setLevel(level, record)
	process, rest, ok := strings.Cut(rest, ": ")
	pid, thread, ok2 := strings.Cut(process, "#")
	if !ok || !ok2 {
		return false
	}
	putNumber(record, "process.pid", pid)
	putNumber(record, "thread.id", thread)
	if number, after, found := strings.Cut(rest, " "); found && strings.HasPrefix(number, "*") {
		putNumber(record, "nginx.connection", number[1:])
		rest = after
	}
	record.Body().SetStr(rest)
	for _, field := range []struct{ mark, name string }{
		{", client: ", "client.address"}, {", server: ", "server.address"}, {", request: ", "request"}, {", upstream: ", "nginx.upstream"}, {", host: ", "http.request.header.host"},
	} {
		_, after, found := strings.Cut(rest, field.mark)
		if !found {
			continue
		}
		value, _, isQuoted := quoted(after)
		if !isQuoted {
			value, _, _ = strings.Cut(after, ", ")
		}
		if field.name == "request" {
			setRequest(value, record)
			continue
		}
		put(record, field.name, value)
	}
	return true
}

// putNumber adds an attribute that is a number.
func putNumber(record plog.LogRecord, name, text string) {
	if value, err := strconv.ParseInt(text, 10, 64); err == nil {
		record.Attributes().PutInt(name, value)
	}
}
