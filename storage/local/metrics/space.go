package metrics

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v3/disk"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// spaceGuard says whether there is room to write. It looks at most once in spaceInterval.
type spaceGuard struct {
	dir  string
	min  uint64
	free func(dir string) (uint64, error)

	mu      sync.Mutex
	checked time.Time
	result  error
}

const spaceInterval = 500 * time.Millisecond

func newSpaceGuard(dir string, minFree int64) *spaceGuard {
	return &spaceGuard{dir: dir, min: uint64(max(minFree, 0)), free: freeBytes}
}

// check returns an OutOfSpace error when there is too little room.
func (g *spaceGuard) check() error {
	if g.min == 0 {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.checked) < spaceInterval {
		return g.result
	}
	g.checked, g.result = time.Now(), nil
	free, err := g.free(g.dir)
	if err != nil {
		g.result = errcode.New(errcode.Unavailable, "look for free space in %s: %w", g.dir, err)
	} else if free < g.min {
		g.result = outOfSpace(fmt.Errorf("%d MiB are free in %s, %d MiB must stay free", free>>20, g.dir, g.min>>20))
	}
	return g.result
}

func freeBytes(dir string) (uint64, error) {
	usage, err := disk.Usage(dir)
	if err != nil {
		return 0, err
	}
	return usage.Free, nil
}

func outOfSpace(cause error) *errcode.Error {
	return &errcode.Error{
		Code:       errcode.OutOfSpace,
		Message:    "the disk of the metric store is full",
		Fix:        "free some space or shorten the retention; writing goes on by itself",
		RetryAfter: 10 * time.Second,
		Err:        cause,
	}
}

// storeError gives an error of the file system its code.
func storeError(doing string, err error) *errcode.Error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return outOfSpace(fmt.Errorf("%s: %w", doing, err))
	}
	return errcode.New(errcode.Unavailable, "%s: %w", doing, err)
}
