package logparse

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

// klog reads the form of Kubernetes' programs:
//
//	I0102 15:04:05.000000   12345 file.go:123] message
func (p *Parser) klog(line string, record plog.LogRecord) bool {
	if len(line) < len("I0102 15:04:05.000000") || line[5] != ' ' {
		return false
	}
	month, ok1 := number(line[1:3])
	day, ok2 := number(line[3:5])
	clock, ok3 := clockOf(line[6:14])
	level, ok4 := map[byte]string{'I': "info", 'W': "warn", 'E': "error", 'F': "fatal"}[line[0]]
	if !ok1 || !ok2 || !ok3 || !ok4 || line[14] != '.' || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	nanos, rest := fraction(line[15:])
	head, message, ok := strings.Cut(rest, "] ")
	words := strings.Fields(head)
	if !ok || len(words) != 2 {
		return false
	}
	p.setTime(p.nearestYear(time.Date(0, time.Month(month), day, clock[0], clock[1], clock[2], nanos, p.local)), record)
	setLevel(level, record)
	putNumber(record, "thread.id", words[0])
	file, row, _ := strings.Cut(words[1], ":")
	put(record, "code.file.path", file)
	putNumber(record, "code.line.number", row)
	record.Body().SetStr(message)
	return true
}
