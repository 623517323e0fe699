package storageextension

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// lockDirectory makes this process the only one that uses a data folder, and checks that the
// folder can be written. The lock goes with the process, however that ends.
func lockDirectory(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, notWritable(dir, fmt.Errorf("create the data folder: %w", err))
	}
	path := filepath.Join(dir, "pharos.lock")
	lock := flock.New(path, flock.SetPermissions(0o640))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, notWritable(dir, fmt.Errorf("lock the data folder %s: %w", dir, err))
	}
	if !locked {
		return nil, &errcode.Error{
			Code: errcode.Conflict, Field: "storage::directory",
			Message: fmt.Sprintf("the data folder %s is in use by another pharos%s", dir, holder(path)),
			Fix:     "stop it, or choose another folder with --data-dir",
		}
	}
	// The number is for people, and shows that the folder can be written.
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o640); err != nil { //nolint:gosec // the group may read it
		return nil, errors.Join(notWritable(dir, fmt.Errorf("write %s: %w", path, err)), lock.Unlock())
	}
	return lock, nil
}

// notWritable tells what to do where the folder, or the disk it is on, is closed to us.
func notWritable(dir string, err error) error {
	if !errors.Is(err, os.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return err
	}
	return &errcode.Error{
		Code: errcode.Invalid, Field: "storage::directory",
		Message: fmt.Sprintf("the data folder %s cannot be written", dir),
		Fix:     "give the user that runs pharos the right to write there, or choose another folder with --data-dir", Err: err,
	}
}

func holder(path string) string {
	content, err := os.ReadFile(path)
	pid := strings.TrimSpace(string(content))
	if err != nil || pid == "" {
		return ""
	}
	return " (process " + pid + ")"
}
