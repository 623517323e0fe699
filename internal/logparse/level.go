package logparse

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// setLevel sets the severity to a word that a program uses for it, or a number of bunyan and pino.
// Words that are not known are kept as text.
func setLevel(word string, record plog.LogRecord) {
	number := severity(word)
	if number == plog.SeverityNumberUnspecified {
		if level, err := strconv.Atoi(word); err == nil {
			if word, number = numericLevel(level); number == plog.SeverityNumberUnspecified {
				return
			}
		}
	}
	record.SetSeverityText(word)
	record.SetSeverityNumber(number)
}

// severity knows the usual spellings, in upper and lower case.
func severity(word string) plog.SeverityNumber {
	if len(word) == 0 || len(word) > len("informational") {
		return plog.SeverityNumberUnspecified
	}
	switch strings.ToLower(word) {
	case "trace", "trc", "finest", "verbose":
		return plog.SeverityNumberTrace
	case "debug", "dbg", "debu", "fine", "finer", "config":
		return plog.SeverityNumberDebug
	case "info", "inf", "information", "informational", "log":
		return plog.SeverityNumberInfo
	case "notice":
		return plog.SeverityNumberInfo2
	case "warn", "warning", "wrn":
		return plog.SeverityNumberWarn
	case "error", "err", "eror", "severe":
		return plog.SeverityNumberError
	case "critical", "crit":
		return plog.SeverityNumberError3
	case "fatal", "panic", "ftl", "dpanic":
		return plog.SeverityNumberFatal
	case "alert":
		return plog.SeverityNumberFatal2
	case "emergency", "emerg":
		return plog.SeverityNumberFatal3
	}
	return plog.SeverityNumberUnspecified
}

// numericLevel reads the levels of bunyan and pino.
func numericLevel(level int) (string, plog.SeverityNumber) {
	switch {
	case level < 10 || level > 100:
		return "", plog.SeverityNumberUnspecified
	case level >= 60:
		return "fatal", plog.SeverityNumberFatal
	case level >= 50:
		return "error", plog.SeverityNumberError
	case level >= 40:
		return "warn", plog.SeverityNumberWarn
	case level >= 30:
		return "info", plog.SeverityNumberInfo
	case level >= 20:
		return "debug", plog.SeverityNumberDebug
	}
	return "trace", plog.SeverityNumberTrace
}

// SetPriority sets the severity to one of syslog's, 0 to 7.
func SetPriority(priority int, record plog.LogRecord) {
	names := [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
	if priority >= 0 && priority < len(names) {
		setLevel(names[priority], record)
	}
}

// wordsBeforeLevel is how many words may stand between the time and the level: thread, logger.
const wordsBeforeLevel = 4

// levelAtBeginning finds a level among the first words: ERROR, [error], level=error, WARN:. A word
// in lower case must be marked as one, because it may be prose.
func levelAtBeginning(text string) string {
	for range wordsBeforeLevel {
		text = strings.TrimLeft(text, " \t|-")
		word, rest, more := strings.Cut(text, " ")
		bare := strings.Trim(word, "[]()<>:|,")
		bare = strings.TrimPrefix(bare, "level=")
		if dot := strings.LastIndexByte(bare, '.'); dot >= 0 && bare[dot+1:] == strings.ToUpper(bare[dot+1:]) {
			bare = bare[dot+1:] // channel.LEVEL, as in PHP
		}
		if len(bare) >= 3 && severity(bare) != plog.SeverityNumberUnspecified && (len(bare) < len(word) || bare == strings.ToUpper(bare)) {
			return bare
		}
		if !more {
			return ""
		}
		text = rest
	}
	return ""
}
