package host

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode"
)

const (
	// outputPerSecond is how much of a plugin's output is read: one that writes more has to wait.
	outputPerSecond = 256 << 10
	// longestLine is what is kept of a line.
	longestLine = 2 << 10
)

// throttle lets through so many bytes a second.
type throttle struct {
	mu    sync.Mutex
	begun time.Time
	used  int
	done  <-chan struct{}
}

// took waits when a second's share is used up.
func (t *throttle) took(bytes int) {
	t.mu.Lock()
	now := time.Now()
	if now.Sub(t.begun) >= time.Second {
		t.begun, t.used = now, 0
	}
	t.used += bytes
	wait := time.Duration(0)
	if t.used > outputPerSecond {
		wait = time.Second - now.Sub(t.begun)
	}
	t.mu.Unlock()
	if wait <= 0 {
		return
	}
	select {
	case <-time.After(wait):
	case <-t.done:
	}
}

// slowReader is an output that is read no faster than its throttle allows.
type slowReader struct {
	io.ReadCloser
	throttle *throttle
}

// Read implements io.Reader.
func (r *slowReader) Read(into []byte) (int, error) {
	n, err := r.ReadCloser.Read(into)
	r.throttle.took(n)
	return n, err
}

// lines hands lines on, so many a second, and says how many were left out.
type lines struct {
	throttle  *throttle
	perSecond int
	emit      func(line string)

	mu      sync.Mutex
	partial []byte
	begun   time.Time
	emitted int
	left    int
}

// Write implements io.Writer. It never fails.
func (l *lines) Write(text []byte) (int, error) {
	l.throttle.took(len(text))
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := text; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		piece := rest
		if end >= 0 {
			piece = rest[:end]
		}
		if room := longestLine - len(l.partial); room > 0 {
			l.partial = append(l.partial, piece[:min(room, len(piece))]...)
		}
		if end < 0 {
			break
		}
		l.line()
		rest = rest[end+1:]
	}
	return len(text), nil
}

// flush hands on a line without an end.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line()
	l.sayLeft()
}

func (l *lines) line() {
	text := printable(bytes.TrimRight(l.partial, "\r"))
	l.partial = l.partial[:0]
	if text == "" {
		return
	}
	if now := time.Now(); now.Sub(l.begun) >= time.Second {
		l.sayLeft()
		l.begun, l.emitted = now, 0
	}
	if l.emitted >= l.perSecond {
		l.left++
		return
	}
	l.emitted++
	l.emit(text)
}

func (l *lines) sayLeft() {
	if l.left > 0 {
		l.emit(fmt.Sprintf("(%d more lines are left out)", l.left))
		l.left = 0
	}
}

// printable keeps a plugin's output from doing things to a terminal.
func printable(text []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text))
}
