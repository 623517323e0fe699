package filereceiver

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"
)

// copyWait is how long a copy of a file that is still there may be a step of its rotation.
const copyWait = 10 * time.Second

// deferral is a file of which it is not clear yet what it is.
type deferral struct {
	first, seen time.Time
	size        int64
	changed     time.Time
}

// classify finds out what a file is that is not known by its inode: a copy of another one, in the
// making or complete, or new.
func (r *files) classify(one candidate, now time.Time) {
	fresh := known{inode: one.inode, Path: one.path, Origin: one.path, Gzip: isGzip(one.path)}
	opened, err := fresh.open()
	if err != nil {
		if !ignored(err) {
			r.complain(one.path, err)
		}
		return
	}
	r.fine(one.path)
	defer func() {
		if opened != nil {
			_ = opened.Close() // it was only read
		}
	}()
	for _, before := range r.gone {
		related := before.related(one.path) && one.path != before.Origin && before.proof().Offset > 0
		if (related || before.proof().Offset >= telling) && r.claim(before, one, now, map[inode]candidate{one.inode: one}) {
			return
		}
	}
	wait, steady := r.deferral(one, now)
	for _, original := range slices.Clone(r.files) {
		if !original.comparable(one) {
			continue
		}
		switch err := r.intact(original); {
		case errors.Is(err, errChanged):
			r.displace(original, now) // it was truncated, and this may be what was in it
			return
		case errors.Is(err, fs.ErrNotExist):
			r.discoverNow = true
			return // it is on its way; where to shows the next time
		case err != nil:
			continue
		case !copied(one, opened, original):
			if errors.Is(r.intact(original), errChanged) {
				r.displace(original, now) // truncated between the two looks at it
				return
			}
			continue
		}
		if original.removed || original.news || now.Sub(wait.first) < copyWait || now.Sub(one.info.ModTime()) < copyWait {
			return // a rotation that goes on
		}
		r.adopt(fresh, opened, original)
		opened = nil
		return
	}
	if fresh.Gzip && !steady {
		return // it may be in the making
	}
	delete(r.deferred, one.inode)
	if r.begin(fresh, one, opened, now) {
		opened = nil
	}
}

// deferral notes that a file waits, and says whether it has been the same for a while.
func (r *files) deferral(one candidate, now time.Time) (wait *deferral, steady bool) {
	wait = r.deferred[one.inode]
	if wait == nil {
		wait = &deferral{first: now}
		r.deferred[one.inode] = wait
	}
	steady = wait.size == one.info.Size() && wait.changed.Equal(one.info.ModTime()) && wait.first.Before(now)
	wait.seen, wait.size, wait.changed = now, one.info.Size(), one.info.ModTime()
	return wait, steady
}

// comparable says whether a file may be a copy of this one, by its name: rotation makes names
// longer.
func (t *tracked) comparable(one candidate) bool {
	if t.Gzip || one.path == t.Origin {
		return false
	}
	return t.Offset >= telling || t.related(one.path) && len(filepath.Base(one.path)) > len(filepath.Base(t.Origin))
}

// intact opens a file that is not open, and fails with errChanged when it is not what it was.
func (r *files) intact(t *tracked) error {
	if t.reader == nil {
		return r.open(t)
	}
	return t.verify(t.reader)
}

// copied says whether a file is a copy of another one that is there, as far as it goes.
func copied(one candidate, opened reader, original *tracked) bool {
	if !beginsLike(opened, original.reader) {
		return false
	}
	if isGzip(one.path) {
		return true
	}
	size := one.info.Size()
	if size >= original.Offset {
		return original.verify(opened) == nil
	}
	last := min(size, tailBytes)
	here, there := make([]byte, last), make([]byte, last)
	return readFull(opened, here, size-last) == nil && readFull(original.reader, there, size-last) == nil && bytes.Equal(here, there)
}

// beginsLike says whether the first bytes of one are also the first of another.
func beginsLike(one, other io.ReaderAt) bool {
	here, there := make([]byte, headBytes), make([]byte, headBytes)
	n, _ := one.ReadAt(here, 0) // as far as it goes
	m, _ := other.ReadAt(there, 0)
	return m >= n && bytes.Equal(here[:n], there[:n])
}

// adopt takes a copy that stays beside its original as read as far as that was read.
func (r *files) adopt(fresh known, opened reader, original *tracked) {
	t := &tracked{known: fresh, reader: opened, rotated: true, news: true}
	t.ID = r.journal.File + 1
	r.files = append(r.files, t)
	r.opened++
	if fresh.Gzip {
		t.Finished, t.news = true, false
		r.closeFile(t)
	} else {
		offset := original.Offset
		if end, err := lastLineEnd(opened, offset); err == nil {
			offset = end
		}
		at, err := checkpoint(opened, offset)
		if err != nil {
			r.drop(t) // it is looked at again
			return
		}
		t.progress = at
	}
	r.tell("A copy is followed", &t.known)
	if err := r.journal.keep(t.known); err != nil {
		r.set.Logger.Error("A new file cannot be written down; it waits", zap.String("file", fresh.Path), zap.Error(err))
		r.drop(t)
	}
}

// begin follows a file that is new.
func (r *files) begin(fresh known, one candidate, opened reader, now time.Time) bool {
	fresh.ID = r.journal.File + 1
	t := &tracked{rotated: fresh.Gzip, news: true, grew: now, size: one.info.Size(), changed: one.info.ModTime()}
	if !r.discovered && (r.journal.fresh || !one.old) && r.cfg.StartAt == startAtEnd {
		if fresh.Gzip {
			fresh.Finished = true
		} else {
			end, err := lastLineEnd(opened, one.info.Size())
			if err == nil {
				fresh.progress, err = checkpoint(opened, end)
			}
			if err != nil {
				r.complain(one.path, err)
				return false
			}
		}
	}
	if err := r.journal.keep(fresh); err != nil {
		r.set.Logger.Error("A new file cannot be written down; it waits", zap.String("file", one.path), zap.Error(err))
		return false
	}
	r.tell("A new file is followed", &fresh)
	t.known, t.reader = fresh, opened
	r.opened++
	r.files = append(r.files, t)
	if fresh.Finished || r.opened > r.cfg.MaxOpenFiles {
		r.closeFile(t)
	}
	return true
}

// lastLineEnd returns the end of the last whole line before an offset, or the offset when the line
// there is very long.
func lastLineEnd(from io.ReaderAt, offset int64) (int64, error) {
	buffer := make([]byte, min(offset, 64<<10))
	n, err := from.ReadAt(buffer, offset-int64(len(buffer)))
	if n < len(buffer) {
		if errors.Is(err, io.EOF) {
			return lastLineEnd(from, offset-int64(len(buffer))+int64(n))
		}
		return offset, err
	}
	at := bytes.LastIndexByte(buffer, '\n')
	switch {
	case at >= 0:
		return offset - int64(len(buffer)) + int64(at) + 1, nil
	case int64(len(buffer)) == offset:
		return 0, nil
	}
	return offset, nil
}
