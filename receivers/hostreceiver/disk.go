package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/disk"
)

const (
	deviceKey        = "system.device"
	diskDirectionKey = "disk.io.direction"
)

func newDisk(cfg DiskConfig) (scrapeFunc, error) {
	excluded, err := excluder(cfg.ExcludeDevices)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, b *batch) error {
		counters, err := disk.IOCountersWithContext(ctx)
		if err != nil {
			return fmt.Errorf("read disk counters: %w", err)
		}
		addDisks(b, counters, excluded)
		return nil
	}, nil
}

func addDisks(b *batch, counters map[string]disk.IOCountersStat, excluded func(string) bool) {
	bytes := b.counter("system.disk.io", "By", "Bytes read and written.")
	operations := b.counter("system.disk.operations", "{operation}", "Reads and writes.")
	merged := b.counter("system.disk.merged", "{operation}", "Reads and writes merged into others.")
	busy := b.counter("system.disk.io_time", "s", "Time during which the disk was busy.")
	spent := b.counter("system.disk.operation_time", "s", "Time that reads and writes took, added up.")
	for _, name := range sortedKeys(counters) {
		if excluded(name) {
			continue
		}
		c, device := counters[name], text(deviceKey, name)
		read, write := text(diskDirectionKey, "read"), text(diskDirectionKey, "write")
		bytes.count(c.ReadBytes, device, read)
		bytes.count(c.WriteBytes, device, write)
		operations.count(c.ReadCount, device, read)
		operations.count(c.WriteCount, device, write)
		merged.count(c.MergedReadCount, device, read)
		merged.count(c.MergedWriteCount, device, write)
		busy.float(milliseconds(c.IoTime), device)
		spent.float(milliseconds(c.ReadTime), device, read)
		spent.float(milliseconds(c.WriteTime), device, write)
	}
}

// milliseconds returns seconds.
func milliseconds(value uint64) float64 { return float64(value) / 1000 }
