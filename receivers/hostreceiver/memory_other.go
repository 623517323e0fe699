//go:build !linux

package hostreceiver

import (
	"context"
	"errors"
	"fmt"

	"github.com/shirou/gopsutil/v3/mem"
)

// newMemory gives states that add up to the total. What can be had at once counts as free.
func newMemory(MemoryConfig, *host) scrapeFunc {
	return func(ctx context.Context, b *batch) error {
		m, err := mem.VirtualMemoryWithContext(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("read memory: %w", err)
		case m.Total == 0:
			return errors.New("read memory: the total is 0")
		}
		free := min(m.Available, m.Total)
		addMemory(b, m.Total, memoryState{"used", m.Total - free}, memoryState{"free", free})
		return nil
	}
}
