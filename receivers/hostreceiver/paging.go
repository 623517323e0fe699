package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/mem"
)

const (
	pagingStateKey     = "system.paging.state"
	pagingDirectionKey = "system.paging.direction"
	faultTypeKey       = "system.paging.fault.type"
	// gopsutil multiplies the kernel's page counts by this.
	gopsutilPage = 4096
)

func scrapePaging(ctx context.Context, b *batch) error {
	swap, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return fmt.Errorf("read paging counters: %w", err)
	}
	addFaults(b, swap)
	devices, err := mem.SwapDevicesWithContext(ctx)
	if err != nil {
		// Not every system tells them apart.
		devices = []*mem.SwapDevice{{Name: "all", UsedBytes: swap.Used, FreeBytes: swap.Free}}
	}
	addSwap(b, devices)
	return nil
}

func addSwap(b *batch, devices []*mem.SwapDevice) {
	usage := b.amount("system.paging.usage", "By", "Swap space by state.")
	utilization := b.gauge("system.paging.utilization", "1", "Part of the swap space in each state.")
	for _, d := range devices {
		device, total := text(deviceKey, d.Name), float64(d.UsedBytes+d.FreeBytes)
		for _, state := range []memoryState{{"used", d.UsedBytes}, {"free", d.FreeBytes}} {
			usage.count(state.bytes, device, text(pagingStateKey, state.name))
			if total > 0 {
				utilization.float(float64(state.bytes)/total, device, text(pagingStateKey, state.name))
			}
		}
	}
}

func addFaults(b *batch, swap *mem.SwapMemoryStat) {
	operations := b.counter("system.paging.operations", "{operation}", "Pages swapped in and out.")
	operations.count(swap.Sin/gopsutilPage, text(pagingDirectionKey, "in"), text(faultTypeKey, "major"))
	operations.count(swap.Sout/gopsutilPage, text(pagingDirectionKey, "out"), text(faultTypeKey, "major"))
	faults := b.counter("system.paging.faults", "{fault}", "Page faults.")
	major := swap.PgMajFault / gopsutilPage
	faults.count(major, text(faultTypeKey, "major"))
	faults.count(max(swap.PgFault/gopsutilPage, major)-major, text(faultTypeKey, "minor"))
}
