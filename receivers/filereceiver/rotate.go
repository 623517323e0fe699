package filereceiver

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	// searchFor is how long a file that is gone is looked for under other names.
	searchFor = time.Minute
	// rememberFor and rememberMax bound what is remembered of files that are gone.
	rememberFor = 24 * time.Hour
	rememberMax = 1000
)

// lost is a file that is gone.
type lost struct {
	known
	since    time.Time
	searched bool
}

// displace takes what was read of a file from its inode, which has something else now: it was
// truncated, or the inode was used again. What was there may have been copied away before.
func (r *files) displace(t *tracked, now time.Time) {
	old := t.known
	old.inode, old.Gone = inode{}, now.Unix()
	fresh := known{ID: r.journal.File + 1, inode: t.inode, Path: t.Path, Origin: t.Path, Gzip: t.Gzip}
	truncated := t.reader != nil && !t.Gzip
	entries := []known{old}
	if truncated {
		entries = append(entries, fresh)
	}
	if err := r.journal.keep(entries...); err != nil {
		r.set.Logger.Error("What is known of files cannot be written down", zap.Error(err))
		return // it is found again
	}
	r.tell("A file has other content than before", &old)
	r.gone[old.ID] = &lost{known: old, since: now}
	r.discoverNow = true
	if truncated {
		t.known, t.news, t.rotated, t.grew, t.waiting = fresh, true, false, now, time.Time{}
		return
	}
	r.drop(t)
}

// lose notes that a file is not where it was, and not open either.
func (r *files) lose(t *tracked, now time.Time) {
	old := t.known
	old.Gone = now.Unix()
	r.keep(old)
	r.tell("A file is gone", &old)
	r.gone[old.ID] = &lost{known: old, since: now}
	r.drop(t)
}

// finish forgets a file that no pattern leads to and that was read to its end.
func (r *files) finish(t *tracked, now time.Time) {
	old := t.known
	old.Gone, old.Finished = now.Unix(), true
	r.keep(old)
	r.tell("A file is read to its end and gone", &old)
	r.gone[old.ID] = &lost{known: old, since: now, searched: true}
	r.drop(t)
}

// abandon forgets a file of which nothing was read: what is there now may be anything.
func (r *files) abandon(t *tracked) {
	r.forgetOne(t.ID)
	r.drop(t)
}

func (r *files) tell(what string, about *known) {
	r.set.Logger.Debug(what, zap.String("file", about.Path), zap.Uint64("id", about.ID), zap.Uint64("inode", about.Number), zap.Int64("offset", about.Offset))
}

func (r *files) drop(t *tracked) {
	r.closeFile(t)
	r.files = slices.DeleteFunc(r.files, func(one *tracked) bool { return one == t })
	r.turn = 0
}

// find looks for a file that is gone under other names in its folder: renamed, copied or
// compressed.
func (r *files) find(one *lost, found map[inode]candidate, now time.Time) {
	if one.since.IsZero() {
		one.since = now // it was gone when the agent ended
	}
	folder := filepath.Dir(one.Path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if !one.related(path) {
			continue
		}
		there, err := look(path)
		if err != nil || !there.info.Mode().IsRegular() || r.byInode(there.inode) != nil {
			continue
		}
		_, matches := found[there.inode]
		switch {
		case one.proof().Offset == 0 && (matches || there.inode != one.inode || isGzip(path) != one.Gzip):
			continue // nothing tells that it is this one; as a new file it is read whole
		case there.inode != one.inode && path == one.Origin:
			continue
		}
		if r.claim(one, there, now, found) {
			return
		}
	}
}

// claim makes what is there the continuation of a file that is gone, when it begins with what was
// read of that.
func (r *files) claim(one *lost, there candidate, now time.Time, found map[inode]candidate) bool {
	next := one.known
	next.inode, next.Path, next.Gzip, next.Gone, next.Finished = there.inode, there.path, isGzip(there.path), 0, false
	opened, err := next.open()
	if err != nil {
		return false
	}
	over := false
	if compressed, ok := opened.(*gzipReader); ok {
		over = next.ahead == nil && compressed.endsAt(next.Offset) && next.Head.begins(opened)
	}
	if !over && next.verify(opened) != nil {
		_ = opened.Close()
		return false
	}
	if err := r.journal.keep(next); err != nil {
		_ = opened.Close()
		r.set.Logger.Error("What is known of files cannot be written down", zap.Error(err))
		return false
	}
	r.tell("A rotated file is found", &next)
	_, matches := found[there.inode]
	t := &tracked{
		known: next, reader: opened, size: there.info.Size(), changed: there.info.ModTime(), rotated: true, removed: !matches,
		news: !over, grew: now,
	}
	r.opened++
	r.files = append(r.files, t)
	delete(r.gone, one.ID)
	delete(found, there.inode)
	if over {
		t.grew = time.Time{}
		r.closeFile(t)
		if t.removed {
			r.finish(t, now)
		}
	}
	return true
}

func (r *files) byInode(place inode) *tracked {
	for _, t := range r.files {
		if t.inode == place {
			return t
		}
	}
	return nil
}

// forget ends the search for what is gone, and the memory of what has been gone for long.
func (r *files) forget(now time.Time) {
	var oldest *lost
	for id, one := range r.gone {
		if !one.searched && now.Sub(one.since) > searchFor {
			one.searched = true
		}
		if now.Sub(time.Unix(one.Gone, 0)) > rememberFor {
			r.forgetOne(id)
			continue
		}
		if oldest == nil || one.Gone < oldest.Gone {
			oldest = one
		}
	}
	if len(r.gone) > rememberMax {
		r.forgetOne(oldest.ID)
	}
}

func (r *files) forgetOne(id uint64) {
	delete(r.gone, id)
	if err := r.journal.write(entry{Forget: id}); err != nil {
		r.set.Logger.Error("What is known of files cannot be written down", zap.Error(err))
	}
}

// ignored are errors of files that are on their way out.
func ignored(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, errChanged) }
