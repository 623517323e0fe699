package filereceiver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"go.uber.org/zap"
)

// candidate is a file that a pattern leads to.
type candidate struct {
	path string
	info os.FileInfo
	inode
	old bool // only patterns that were there before lead to it
}

// discover looks which files there are: those that are known, those that were renamed, copied,
// compressed or deleted, and those that are new.
func (r *files) discover(now time.Time) {
	r.discoverNow = false
	found := r.search()
	for _, t := range slices.Clone(r.files) {
		one, ok := found[t.inode]
		if ok && t.reader == nil && (!r.discovered || t.Path != one.path) {
			// What has the inode may be another file by now.
			if t.proof().Offset == 0 && t.Path != one.path {
				r.abandon(t)
				continue
			}
			if err := r.openAt(t, one.path); errors.Is(err, errChanged) {
				r.displace(t, now)
				continue
			} else if err != nil {
				delete(found, t.inode) // it is looked at again
				continue
			}
		}
		r.see(t, one, ok, now)
		if ok {
			delete(found, t.inode)
		}
	}
	for _, one := range r.gone {
		if !one.searched {
			r.find(one, found, now)
		}
	}
	for _, one := range sortedByPath(found) {
		r.classify(one, now)
	}
	for place, waiting := range r.deferred {
		if waiting.seen.Before(now) {
			delete(r.deferred, place)
		}
	}
	r.forget(now)
	r.telemetry.following.Store(int64(len(r.files)))
	r.remember()
}

// remember notes the patterns: files that only new ones lead to count as there before.
func (r *files) remember() {
	if r.discovered && slices.Equal(r.journal.Include, r.cfg.Include) {
		return
	}
	r.discovered = true
	began := r.journal.beginning
	began.Include = r.cfg.Include
	if err := r.journal.write(entry{Begin: &began}); err != nil {
		r.set.Logger.Error("The patterns cannot be written down", zap.Error(err))
	}
	r.journal.fresh = false
}

// search returns the files that patterns lead to, by inode.
func (r *files) search() map[inode]candidate {
	found := map[inode]candidate{}
	for _, pattern := range r.cfg.Include {
		paths, err := doublestar.FilepathGlob(pattern, doublestar.WithFilesOnly())
		if err != nil {
			r.complain(pattern, err)
			continue
		}
		if len(paths) == 0 {
			r.check(pattern)
		}
		before := slices.Contains(r.journal.Include, pattern)
		slices.Sort(paths)
		for _, path := range paths {
			if r.excluded(path) {
				continue
			}
			one, err := look(path)
			if err != nil {
				if !errors.Is(err, fs.ErrNotExist) {
					r.complain(path, err)
				}
				continue
			}
			if !one.info.Mode().IsRegular() {
				continue
			}
			one.old = before || found[one.inode].old
			if first, ok := found[one.inode]; ok {
				one.path = first.path // another name of the same file
			}
			found[one.inode] = one
		}
	}
	return found
}

// check complains when a pattern leads nowhere because its folder cannot be read.
func (r *files) check(pattern string) {
	base, _ := doublestar.SplitPattern(filepath.ToSlash(pattern))
	if _, err := os.ReadDir(filepath.FromSlash(base)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.complain(base, err)
		return
	}
	r.fine(base)
}

// look finds out what is at a path.
func look(path string) (candidate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return candidate{}, err
	}
	one := candidate{path: path, info: info, inode: inodeOf(info, nil)}
	if one.inode != (inode{}) {
		return one, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return candidate{}, err
	}
	one.inode = inodeOf(info, file)
	return one, file.Close()
}

func (r *files) excluded(path string) bool {
	return slices.ContainsFunc(r.cfg.Exclude, func(pattern string) bool {
		matches, err := doublestar.PathMatch(pattern, path)
		return err == nil && matches
	})
}

// see notes what became of a file that is known.
func (r *files) see(t *tracked, one candidate, ok bool, now time.Time) {
	switch {
	case ok:
		if t.removed {
			t.removed = false
		}
		if t.Path != one.path {
			t.Path, t.rotated, t.news, t.grew = one.path, true, true, now
			r.keep(t.known)
		}
		if t.size != one.info.Size() || !t.changed.Equal(one.info.ModTime()) {
			t.news = true
			t.size, t.changed = one.info.Size(), one.info.ModTime()
		}
	case t.reader != nil && !t.removed:
		// It goes on as long as it grows.
		t.removed, t.rotated, t.news, t.grew = true, true, true, now
	case t.reader == nil:
		r.lose(t, now)
	}
}

// moved says whether a file's path leads to another one.
func (t *tracked) moved() bool {
	one, err := look(t.Path)
	return err != nil || one.inode != t.inode
}

func sortedByPath(found map[inode]candidate) []candidate {
	all := make([]candidate, 0, len(found))
	for _, one := range found {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b candidate) int {
		if a.path < b.path {
			return -1
		}
		return 1
	})
	return all
}

// keep writes down what is known of files.
func (r *files) keep(all ...known) {
	if err := r.journal.keep(all...); err != nil {
		r.set.Logger.Error("What is known of files cannot be written down", zap.Error(err))
	}
}
