package hostreceiver

const (
	pagingStateKey     = "system.paging.state"
	pagingDirectionKey = "system.paging.direction"
	faultTypeKey       = "system.paging.fault.type"
)

// swapDevice is a swap partition or file, in bytes.
type swapDevice struct {
	name       string
	used, free uint64
}

func addSwap(b *batch, devices []swapDevice) {
	usage := b.amount("system.paging.usage", "By", "Swap space by state.")
	utilization := b.gauge("system.paging.utilization", "1", "Part of the swap space in each state.")
	for _, d := range devices {
		device, total := text(deviceKey, d.name), float64(d.used+d.free)
		for _, state := range []memoryState{{"used", d.used}, {"free", d.free}} {
			usage.count(state.bytes, device, text(pagingStateKey, state.name))
			if total > 0 {
				utilization.float(float64(state.bytes)/total, device, text(pagingStateKey, state.name))
			}
		}
	}
}

// pageCounts are the kernel's counts of pages.
type pageCounts struct{ swappedIn, swappedOut, faults, major uint64 }

func addFaults(b *batch, c pageCounts) {
	operations := b.counter("system.paging.operations", "{operation}", "Pages swapped in and out.")
	operations.count(c.swappedIn, text(pagingDirectionKey, "in"), text(faultTypeKey, "major"))
	operations.count(c.swappedOut, text(pagingDirectionKey, "out"), text(faultTypeKey, "major"))
	faults := b.counter("system.paging.faults", "{fault}", "Page faults.")
	faults.count(c.major, text(faultTypeKey, "major"))
	faults.count(max(c.faults, c.major)-c.major, text(faultTypeKey, "minor"))
}
