package hostreceiver

const (
	deviceKey        = "system.device"
	diskDirectionKey = "disk.io.direction"
)

// diskStat is what a block device has done, in bytes, operations and milliseconds.
type diskStat struct {
	name        string
	read, write diskTraffic
	discard     diskTraffic // Linux
	flushes     uint64      // Linux
	flushTime   uint64      // Linux
	busy        uint64
	weighted    uint64 // Linux: busy times the operations under way
	pending     uint64 // Linux: operations under way
	size        uint64 // Linux
}

// diskTraffic is one direction of it.
type diskTraffic struct{ operations, merged, bytes, time uint64 }

func addDisks(b *batch, disks []diskStat) {
	bytes := b.counter("system.disk.io", "By", "Bytes read and written.")
	operations := b.counter("system.disk.operations", "{operation}", "Reads and writes.")
	merged := b.counter("system.disk.merged", "{operation}", "Reads and writes merged into others.")
	busy := b.counter("system.disk.io_time", "s", "Time during which the disk was busy.")
	spent := b.counter("system.disk.operation_time", "s", "Time that reads and writes took, added up.")
	for i := range disks {
		d := &disks[i]
		device := text(deviceKey, d.name)
		read, write := text(diskDirectionKey, "read"), text(diskDirectionKey, "write")
		bytes.count(d.read.bytes, device, read)
		bytes.count(d.write.bytes, device, write)
		operations.count(d.read.operations, device, read)
		operations.count(d.write.operations, device, write)
		merged.count(d.read.merged, device, read)
		merged.count(d.write.merged, device, write)
		busy.float(milliseconds(d.busy), device)
		spent.float(milliseconds(d.read.time), device, read)
		spent.float(milliseconds(d.write.time), device, write)
	}
}

// milliseconds returns seconds.
func milliseconds(value uint64) float64 { return float64(value) / 1000 }
