package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
)

func newPaging(h *host) scrapeFunc {
	vmstat, swaps := h.proc("vmstat"), h.proc("swaps")
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(vmstat)
		if err == nil {
			addVMStat(b, content)
		}
		devices, swapErr := b.files.read(swaps)
		if errors.Is(swapErr, fs.ErrNotExist) { // a kernel built without swap
			return err
		}
		addSwap(b, parseSwaps(devices))
		return errors.Join(err, swapErr)
	}
}

func addVMStat(b *batch, content []byte) {
	var c pageCounts
	traffic := b.counter("system.paging.linux.io", "By", "Bytes that were read from and written to disks through the page cache.")
	for name, value := range pairsOf(content) {
		switch string(name) {
		case "pswpin":
			c.swappedIn = value
		case "pswpout":
			c.swappedOut = value
		case "pgfault":
			c.faults = value
		case "pgmajfault":
			c.major = value
		case "pgpgin":
			traffic.count(value<<10, text(pagingDirectionKey, "in"))
		case "pgpgout":
			traffic.count(value<<10, text(pagingDirectionKey, "out"))
		case "oom_kill":
			b.counter("system.memory.linux.oom_kills", "{kill}", "Processes that the kernel killed for want of memory.").count(value)
		}
	}
	addFaults(b, c)
}

// parseSwaps parses /proc/swaps, whose lines are: name, type, size, used, priority, in kB.
func parseSwaps(content []byte) []swapDevice {
	var devices []swapDevice
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		_, rest = firstWord(rest)
		var sizes [2]uint64
		if numbersOf(rest, sizes[:]) == 2 { // not the header
			size, used := sizes[0]<<10, sizes[1]<<10
			devices = append(devices, swapDevice{string(name), used, size - min(size, used)})
		}
	}
	return devices
}
