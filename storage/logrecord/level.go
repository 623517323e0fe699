package logrecord

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// Level returns the level of a record: trace, debug, info, warn, error, fatal, or what was
// sent, in lower case. It is empty when nothing was.
func Level(text string, number plog.SeverityNumber) string {
	if text != "" {
		return levelOfText(text)
	}
	switch {
	case number >= plog.SeverityNumberFatal:
		return "fatal"
	case number >= plog.SeverityNumberError:
		return "error"
	case number >= plog.SeverityNumberWarn:
		return "warn"
	case number >= plog.SeverityNumberInfo:
		return "info"
	case number >= plog.SeverityNumberDebug:
		return "debug"
	case number >= plog.SeverityNumberTrace:
		return "trace"
	}
	return ""
}

// levelOfText knows the usual spellings; the first case spares most records a conversion.
func levelOfText(text string) string {
	switch text {
	case "INFO", "info":
		return "info"
	case "WARN", "warn":
		return "warn"
	case "ERROR", "error":
		return "error"
	case "DEBUG", "debug":
		return "debug"
	}
	text = strings.ToLower(strings.TrimSpace(text))
	switch text {
	case "warning":
		return "warn"
	case "err":
		return "error"
	case "information", "informational":
		return "info"
	case "critical", "crit", "alert", "emerg", "emergency", "panic":
		return "fatal"
	}
	return text
}
