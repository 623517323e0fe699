package filereceiver

import (
	"bytes"
	"regexp"
)

// traceState knows in which language's stack trace a record is.
type traceState struct{ python, golang bool }

var (
	pythonEnd    = regexp.MustCompile(`^[A-Za-z_][\w.]*(:|$)`)
	goroutine    = regexp.MustCompile(`^goroutine \d+ `)
	goCall       = regexp.MustCompile(`^[\w./*()\[\]{}·~%-]+\(.*\)$`)
	joiningLines = [][]byte{ //nolint:gochecknoglobals // constant
		[]byte("Caused by:"), []byte("Suppressed:"), []byte("... "), []byte("Traceback (most recent call last)"),
		[]byte("During handling of the above exception"), []byte("The above exception was"),
		[]byte("goroutine "), []byte("[signal "), []byte("created by "), []byte("--- End of "),
	}
)

// first notes what a record begins with.
func (t *traceState) first(line []byte) { t.note(line) }

func (t *traceState) note(line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte("Traceback (most recent call last)")):
		t.python = true
	case goroutine.Match(line), bytes.HasPrefix(line, []byte("panic: ")), bytes.HasPrefix(line, []byte("fatal error: ")):
		t.golang = true
	}
}

// belongs says whether a line goes on with a stack trace: it is indented or empty, or it is one
// of the lines that stand at the margin in Java, Python or Go.
func (t *traceState) belongs(line []byte) bool {
	t.note(line)
	switch {
	case len(line) == 0, line[0] == ' ', line[0] == '\t':
		return true
	case t.python && pythonEnd.Match(line) && !bytes.HasPrefix(line, []byte("Traceback")):
		t.python = false // the exception is the last line
		return true
	case t.golang && goCall.Match(line):
		return true
	}
	for _, begin := range joiningLines {
		if bytes.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}
