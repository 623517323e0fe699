package logparse

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

// ContainerLine takes a line apart that a container runtime has written (CRI):
//
//	2006-01-02T15:04:05.000000000Z stdout F message
//
// P in place of F says that the next line goes on with the message.
func ContainerLine(line string) (stamp, stream, message string, partial, ok bool) {
	const shortest = len("2006-01-02T15:04:05Z stdout F ")
	if len(line) < shortest-1 || line[4] != '-' || line[10] != 'T' {
		return "", "", line, false, false
	}
	stamp, rest, _ := strings.Cut(line, " ")
	stream, rest, _ = strings.Cut(rest, " ")
	tags, message, _ := strings.Cut(rest, " ")
	tag, _, _ := strings.Cut(tags, ":")
	if stream != "stdout" && stream != "stderr" || tag != "F" && tag != "P" {
		return "", "", line, false, false
	}
	return stamp, stream, message, tag == "P", true
}

// container reads lines of a container runtime, and then the message as any other.
func (p *Parser) container(lines string, record plog.LogRecord) bool {
	var message strings.Builder
	first, from := time.Time{}, ""
	joined := true
	for line := range strings.SplitSeq(lines, "\n") {
		stamp, stream, part, partial, ok := ContainerLine(line)
		if !ok {
			return false
		}
		if !joined {
			message.WriteByte('\n')
		}
		message.WriteString(part)
		joined = partial
		if from == "" {
			at, rest, timed := p.leadingTime(stamp)
			if !timed || rest != "" {
				return false
			}
			first, from = at, stream
		}
	}
	format := p.format
	p.format, p.inside = Auto, true
	if text := message.String(); !p.try(text, record) {
		p.plain(text, record)
	}
	p.format, p.inside = format, false
	p.setTime(first, record)
	record.Attributes().PutStr("log.iostream", from)
	return true
}
