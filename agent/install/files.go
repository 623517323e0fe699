package install

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// files changes files under a root and remembers how to take that back.
type files struct {
	root string
	undo []func() error
}

// at is where a path of the host is.
func (f *files) at(path string) string { return filepath.Join(f.root, path) }

// owner of a file; zero is root.
type owner struct{ uid, gid int }

// write makes a file with this content, and says whether that changed anything.
func (f *files) write(path string, content []byte, mode fs.FileMode, who owner) (changed bool, err error) {
	target := f.at(path)
	before, err := os.ReadFile(target)
	switch {
	case err == nil && bytes.Equal(before, content):
		return false, f.own(target, mode, who)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	existed := err == nil
	var was fs.FileInfo
	if existed {
		if was, err = os.Stat(target); err != nil {
			return false, err
		}
	}
	if err := f.replace(target, bytes.NewReader(content), mode, who); err != nil {
		return false, err
	}
	f.undo = append(f.undo, func() error {
		if !existed {
			return os.Remove(target)
		}
		return f.replace(target, bytes.NewReader(before), was.Mode().Perm(), ownerOf(was, who))
	})
	return true, nil
}

// replace puts a file in the place of another at once, whatever happens meanwhile.
func (f *files) replace(target string, content io.Reader, mode fs.FileMode, who owner) error {
	fresh, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name()) //nolint:errcheck // after the rename there is nothing to remove
	_, err = io.Copy(fresh, content)
	if err := errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	if err := f.own(fresh.Name(), mode, who); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), target)
}

// own sets mode and owner. Who is not root cannot give files away, and builds an image for
// somebody who can.
func (f *files) own(target string, mode fs.FileMode, who owner) error {
	if os.Geteuid() == 0 {
		if err := os.Lchown(target, who.uid, who.gid); err != nil {
			return err
		}
	}
	return os.Chmod(target, mode)
}

// folder makes a folder, and those above it for everybody. Taking it back leaves a folder that
// holds something by then.
func (f *files) folder(path string, mode fs.FileMode, who owner) error {
	target := f.at(path)
	var missing []string
	for dir := target; !exists(dir); dir = filepath.Dir(dir) {
		missing = append(missing, dir)
	}
	if err := os.MkdirAll(target, 0o755); err != nil { //nolint:gosec // the folders of a system
		return err
	}
	for _, dir := range slices.Backward(missing) {
		f.undo = append(f.undo, func() error {
			_ = os.Remove(dir) // what is not empty stays
			return nil
		})
	}
	return f.own(target, mode, who)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// remove removes a file.
func (f *files) remove(path string) error {
	target := f.at(path)
	content, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	was, err := os.Stat(target)
	if err != nil {
		return err
	}
	if err := os.Remove(target); err != nil {
		return err
	}
	f.undo = append(f.undo, func() error {
		return f.replace(target, bytes.NewReader(content), was.Mode().Perm(), ownerOf(was, owner{}))
	})
	return nil
}

// link makes a symbolic link, unless there is one to the same file already.
func (f *files) link(path, to string) error {
	target := f.at(path)
	before, err := os.Readlink(target)
	had := err == nil
	if had && (before == to || same(f.at(before), f.at(to))) {
		return nil
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(to, target); err != nil {
		return err
	}
	f.undo = append(f.undo, func() error {
		err := os.Remove(target)
		if had {
			err = errors.Join(err, os.Symlink(before, target))
		}
		return err
	})
	return nil
}

// same says whether two paths lead to the same file, as /lib and /usr/lib do.
func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// back takes back what was changed, the latest first.
func (f *files) back() error {
	var errs []error
	for _, undo := range slices.Backward(f.undo) {
		errs = append(errs, undo())
	}
	f.undo = nil
	return errors.Join(errs...)
}
