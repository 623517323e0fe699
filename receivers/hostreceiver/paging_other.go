//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/mem"
)

// gopsutilPage is what gopsutil multiplies the kernel's page counts by.
const gopsutilPage = 4096

func newPaging(*host) scrapeFunc {
	return func(ctx context.Context, b *batch) error {
		swap, err := mem.SwapMemoryWithContext(ctx)
		if err != nil {
			return fmt.Errorf("read paging counters: %w", err)
		}
		addFaults(b, pageCounts{
			swap.Sin / gopsutilPage, swap.Sout / gopsutilPage, swap.PgFault / gopsutilPage, swap.PgMajFault / gopsutilPage,
		})
		devices, err := mem.SwapDevicesWithContext(ctx)
		if err != nil { // not every system tells them apart
			addSwap(b, []swapDevice{{"all", swap.Used, swap.Free}})
			return nil
		}
		swaps := make([]swapDevice, 0, len(devices))
		for _, d := range devices {
			swaps = append(swaps, swapDevice{d.Name, d.UsedBytes, d.FreeBytes})
		}
		addSwap(b, swaps)
		return nil
	}
}
