package journaldreceiver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// maxLine bounds an entry as JSON.
const maxLine = 1 << 20

// follow runs journalctl and sends what it prints until it ends or the context does.
func (r *journald) follow(ctx context.Context, arguments []string, found chan<- *entry) error {
	command := exec.CommandContext(ctx, r.cfg.Journalctl, arguments...) //nolint:gosec // the operator names the program
	command.WaitDelay = time.Second
	errs := &lastWords{}
	command.Stderr = errs
	output, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run %s: %w", r.cfg.Journalctl, err)
	}
	// The child dies with the thread that began it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dieWithParent(command)
	if err := command.Start(); err != nil {
		return fmt.Errorf("run %s: %w", r.cfg.Journalctl, err)
	}
	read := r.read(ctx, output, found)
	if err := command.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w: %s", r.cfg.Journalctl, err, errs)
	}
	return read
}

// read sends entries until the output ends.
func (r *journald) read(ctx context.Context, output io.Reader, found chan<- *entry) error {
	lines := bufio.NewReaderSize(output, 64<<10)
	for {
		line, cut, err := readLine(lines)
		if len(bytes.TrimSpace(line)) > 0 {
			one, wrong := readEntry(line, cut)
			if wrong != nil {
				return fmt.Errorf("read the output of %s: %w", r.cfg.Journalctl, wrong)
			}
			select {
			case found <- one:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of %s: %w", r.cfg.Journalctl, err)
		}
	}
}

// readLine reads a line and cuts it when it is too long. A line without end is none.
func readLine(from *bufio.Reader) (line []byte, cut bool, err error) {
	for {
		part, err := from.ReadSlice('\n')
		room := maxLine - len(line)
		cut = cut || len(part) > room
		line = append(line, part[:min(len(part), room)]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		return line, cut, nil
	}
}

// lastWords keeps the end of what a program says of its errors.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (l *lastWords) Write(content []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, content...)
	l.text = l.text[max(0, len(l.text)-500):]
	return len(content), nil
}

// String returns them in one line.
func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(strings.Fields(string(l.text)), " ")
}
