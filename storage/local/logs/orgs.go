package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/pharos-obs/pharos/storage"
)

// orgTable gives every organisation a number, which the engine wants. Numbers are never
// reused, and are on disk before they are used.
type orgTable struct {
	path string

	mu      sync.RWMutex
	numbers map[storage.OrgID]uint32
}

func openOrgTable(path string) (*orgTable, error) {
	table := &orgTable{path: path, numbers: map[storage.OrgID]uint32{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return table, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read organisations of the log store: %w", err)
	}
	if err := json.Unmarshal(text, &table.numbers); err != nil {
		return nil, fmt.Errorf("read organisations of the log store in %s: %w", path, err)
	}
	return table, nil
}

// lookup returns the number of an organisation; false when it has none.
func (t *orgTable) lookup(org storage.OrgID) (uint32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	number, ok := t.numbers[org]
	return number, ok
}

// allocate returns the number of an organisation, and gives it one when it has none.
func (t *orgTable) allocate(org storage.OrgID) (uint32, error) {
	if number, ok := t.lookup(org); ok {
		return number, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if number, ok := t.numbers[org]; ok {
		return number, nil
	}
	next := uint32(1)
	for _, number := range t.numbers {
		next = max(next, number+1)
	}
	t.numbers[org] = next
	if err := t.save(); err != nil {
		delete(t.numbers, org)
		return 0, err
	}
	return next, nil
}

// save replaces the file as a whole, so that it is never seen half written.
func (t *orgTable) save() error {
	text, err := json.MarshalIndent(t.numbers, "", "  ")
	if err != nil {
		return fmt.Errorf("encode organisations of the log store: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(t.path), ".orgs-*")
	if err != nil {
		return fmt.Errorf("save organisations of the log store: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // gone after the rename
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), t.path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(t.path))
	}
	if err != nil {
		return fmt.Errorf("save organisations of the log store: %w", err)
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
