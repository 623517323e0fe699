package filereceiver

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"time"

	"go.uber.org/zap"
)

// lively is how long after it last grew a file is looked at in every pass; others only when
// discovery finds that they have changed.
const lively = 10 * time.Second

// pass reads what is new in all files, and hands it over. It says whether there is more.
func (r *files) pass(b *batch, now time.Time) (more bool) {
	for i := range r.files {
		t := r.files[(r.turn+i)%len(r.files)]
		if t.rests(now) {
			continue
		}
		if b.bytes >= int64(r.cfg.MaxBatchBytes) {
			r.turn = (r.turn + i) % len(r.files)
			return true
		}
		left, err := r.read(b, t, now)
		more = more || left
		r.handle(t, err, now)
	}
	return more
}

// rests says whether there is nothing to look for in a file.
func (t *tracked) rests(now time.Time) bool {
	half := t.rotated && t.half
	return t.Finished || !t.news && !t.removed && !half && t.waiting.IsZero() && now.Sub(t.grew) > lively
}

// handle acts on what reading a file has shown.
func (r *files) handle(t *tracked, err error, now time.Time) {
	switch {
	case err == nil:
		r.fine(t.Path)
		if t.removed && !t.news && now.Sub(t.grew) > r.cfg.RotateWait {
			t.done = true
		}
		r.discoverNow = r.discoverNow || !t.news && !t.removed && now.Sub(t.grew) < lively && t.moved()
	case errors.Is(err, errChanged):
		r.changed = append(r.changed, t)
		r.discoverNow = true
	case errors.Is(err, fs.ErrNotExist):
		t.news = false
		r.discoverNow = true
	case damaged(err):
		r.set.Logger.Warn("A compressed file is damaged; the rest of it is left out", zap.String("file", t.Path), zap.Error(err))
		t.news, t.grew, t.waiting, t.half, t.done = false, time.Time{}, time.Time{}, false, t.removed
	default:
		t.news = false
		r.complain(t.Path, err)
		r.discoverNow = r.discoverNow || t.reader == nil
	}
}

// read adds what is new in a file to a batch, and says whether there is more.
func (r *files) read(b *batch, t *tracked, now time.Time) (more bool, err error) {
	if t.reader == nil {
		if err := r.open(t); err != nil {
			return false, err
		}
	}
	tail := t.Tail.Length
	n, err := t.reader.ReadAt(r.buffer, t.Offset-int64(tail))
	if err != nil && !errors.Is(err, io.EOF) && n <= tail {
		return false, err
	}
	if n < tail || markOf(r.buffer[:tail]) != t.Tail {
		return false, errChanged
	}
	first, err := t.beginning(tail)
	if err != nil {
		return false, err
	}
	data := r.buffer[tail:n]
	end := n < len(r.buffer)
	before := b.ordinal
	consumed := r.consume(b, t, data, end, now)
	t.half = consumed < len(data)
	if consumed > 0 {
		to := r.progressAt(t, first, tail, consumed)
		b.intent.Spans = append(b.intent.Spans, span{File: t.ID, From: t.Offset, To: to, Records: b.ordinal - before})
		b.bytes += int64(consumed)
		t.grew = now
	}
	t.news = !end || b.bytes >= int64(r.cfg.MaxBatchBytes) && consumed < len(data)
	return t.news, nil
}

// consume makes records of bytes, and says how many of them. The end says that there are no more
// in the file for now.
func (r *files) consume(b *batch, t *tracked, data []byte, end bool, now time.Time) (consumed int) {
	consumed = nulls(data, end)
	final := end && t.rotated && (t.Gzip || now.Sub(t.grew) > r.cfg.RotateWait)
	for b.bytes+int64(consumed) < int64(r.cfg.MaxBatchBytes) {
		rest := data[consumed:]
		if !end && len(rest) <= r.splitter.max {
			return consumed // how it goes on decides where the record ends
		}
		found, ok := r.splitter.next(rest, final)
		if !ok {
			break
		}
		r.add(b, &t.known, found)
		consumed += found.size
	}
	lines := 0
	if end && !final && r.splitter.multiline() {
		lines = completeLines(data[consumed:])
	}
	if lines == 0 || b.bytes+int64(consumed) >= int64(r.cfg.MaxBatchBytes) {
		t.waiting = time.Time{}
		return consumed
	}
	if t.waiting.IsZero() || t.waitingFor != t.Offset+int64(len(data)) {
		t.waiting, t.waitingFor = now, t.Offset+int64(len(data))
		return consumed
	}
	if now.Sub(t.waiting) < r.cfg.Multiline.Flush {
		return consumed
	}
	t.waiting = time.Time{}
	return r.exactly(b, &t.known, data[:consumed+lines], consumed)
}

// exactly makes records of all bytes from a place on.
func (r *files) exactly(b *batch, from *known, data []byte, consumed int) int {
	for consumed < len(data) {
		found, ok := r.splitter.next(data[consumed:], true)
		if !ok {
			break
		}
		r.add(b, from, found)
		consumed += found.size
	}
	return consumed
}

// nulls returns how many zero bytes come first: a program that goes on writing behind the end
// after its file was truncated leaves a hole. Zeros at the end may yet be written to.
func nulls(data []byte, end bool) int {
	if len(data) == 0 || data[0] != 0 {
		return 0
	}
	rest := bytes.TrimLeft(data, "\x00")
	if len(rest) == 0 && end {
		return 0
	}
	return len(data) - len(rest)
}

// beginning reads the first bytes of a file up to those in the buffer, as far as they are needed to
// measure it behind what is read now.
func (t *tracked) beginning(tail int) ([]byte, error) {
	if t.Head.Length >= headBytes {
		return nil, nil
	}
	first := make([]byte, t.Offset-int64(tail))
	if err := readFull(t.reader, first, 0); err != nil {
		return nil, err
	}
	return first, nil
}

// progressAt measures a file behind some bytes of the buffer, which begins before its offset.
func (r *files) progressAt(t *tracked, first []byte, tail, consumed int) progress {
	to := progress{Offset: t.Offset + int64(consumed), Head: t.Head}
	upTo := r.buffer[:tail+consumed]
	to.Tail = markOf(upTo[max(0, len(upTo)-tailBytes):])
	if t.Head.Length < headBytes {
		to.Head = markOf(append(first, upTo[:min(len(upTo), headBytes-len(first))]...))
	}
	return to
}

// openAt opens a file at another path than it was at.
func (r *files) openAt(t *tracked, path string) error {
	if isGzip(path) != t.Gzip {
		return errChanged // it was compressed into the place of another one
	}
	before := t.Path
	t.Path = path
	err := r.open(t)
	t.Path = before
	return err
}

// open opens a file, and closes another when there are too many.
func (r *files) open(t *tracked) error {
	if r.opened >= r.cfg.MaxOpenFiles {
		var oldest *tracked
		for _, other := range r.files {
			if other.reader != nil && !other.removed && (oldest == nil || other.grew.Before(oldest.grew)) {
				oldest = other
			}
		}
		if oldest != nil {
			r.closeFile(oldest)
		}
	}
	opened, err := t.open()
	if err != nil {
		return err
	}
	if err := t.verify(opened); err != nil {
		return errors.Join(err, opened.Close())
	}
	t.reader = opened
	r.opened++
	return nil
}

func (r *files) closeFile(t *tracked) {
	if t.reader != nil {
		_ = t.reader.Close() // it was only read
		t.reader = nil
		r.opened--
	}
}
