package hostreceiver

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// sectorSize is the unit of block devices' counters, whatever the device's own is.
	sectorSize = 512
	// rereadCycles is for how many cycles what hardly ever changes is kept.
	rereadCycles = 30
)

// diskScraper reads /proc/diskstats, and now and then the size of each device.
type diskScraper struct {
	excluded  func(string) bool
	diskstats string
	block     string            // the folder of block devices in sys
	known     map[string]string // names, "" for a device that is excluded
	sizes     map[string]uint64
	cycle     int
}

func newDisk(cfg DiskConfig, h *host) (scrapeFunc, error) {
	excluded, err := excluder(cfg.ExcludeDevices)
	if err != nil {
		return nil, err
	}
	s := &diskScraper{
		excluded: excluded, diskstats: h.proc("diskstats"), block: h.sys("class", "block"),
		known: map[string]string{}, sizes: map[string]uint64{},
	}
	return s.scrape, nil
}

func (s *diskScraper) scrape(_ context.Context, b *batch) error {
	content, err := b.files.read(s.diskstats)
	if err != nil {
		return err
	}
	if s.cycle%rereadCycles == 0 {
		clear(s.sizes)
	}
	s.cycle++
	var disks []diskStat
	for line := range bytes.Lines(content) {
		if d, ok := s.parse(line); ok {
			d.size = s.size(d.name)
			disks = append(disks, d)
		}
	}
	slices.SortFunc(disks, func(a, b diskStat) int { return strings.Compare(a.name, b.name) })
	addDisks(b, disks)
	addLinuxDisks(b, disks)
	return nil
}

// parse parses a line: major, minor, name, and 11 counters; since Linux 4.18 four of discards,
// and since 5.5 two of flushes. A device that was never used is left out.
func (s *diskScraper) parse(line []byte) (diskStat, bool) {
	_, rest := firstWord(line)
	_, rest = firstWord(rest)
	word, rest := firstWord(rest)
	name, known := s.known[string(word)]
	if !known {
		if name = string(word); s.excluded(name) {
			name = ""
		}
		s.known[string(word)] = name
	}
	var c [17]uint64
	if name == "" || numbersOf(rest, c[:]) < 11 || c == [17]uint64{} {
		return diskStat{}, false
	}
	return diskStat{
		name:    name,
		read:    diskTraffic{c[0], c[1], c[2] * sectorSize, c[3]},
		write:   diskTraffic{c[4], c[5], c[6] * sectorSize, c[7]},
		pending: c[8], busy: c[9], weighted: c[10],
		discard: diskTraffic{c[11], c[12], c[13] * sectorSize, c[14]},
		flushes: c[15], flushTime: c[16],
	}, true
}

func (s *diskScraper) size(name string) uint64 {
	size, known := s.sizes[name]
	if !known {
		// A slash in a device's name is an exclamation mark in sys.
		path := filepath.Join(s.block, strings.ReplaceAll(name, "/", "!"), "size")
		if content, err := readInto(path, nil); err == nil {
			size, _ = uintOf(bytes.TrimSpace(content))
		}
		s.sizes[name] = size * sectorSize
		return size * sectorSize
	}
	return size
}

// addLinuxDisks adds what only Linux knows; discards and flushes of the devices that had some.
func addLinuxDisks(b *batch, disks []diskStat) {
	limit := b.amount("system.disk.limit", "By", "Size of the disk.")
	pending := b.amount("system.disk.pending_operations", "{operation}", "Reads and writes under way.")
	weighted := b.counter("system.disk.weighted_io_time", "s", "Time during which the disk was busy, times the operations under way.")
	discarded := b.counter("system.disk.linux.discard.io", "By", "Bytes that the disk was told it may forget.")
	discards := b.counter("system.disk.linux.discard.operations", "{operation}", "Discards.")
	discardTime := b.counter("system.disk.linux.discard.operation_time", "s", "Time that discards took, added up.")
	flushes := b.counter("system.disk.linux.flush.operations", "{operation}", "Flushes of the disk's cache.")
	flushTime := b.counter("system.disk.linux.flush.operation_time", "s", "Time that flushes took, added up.")
	for i := range disks {
		d := &disks[i]
		device := text(deviceKey, d.name)
		if d.size > 0 {
			limit.count(d.size, device)
		}
		pending.count(d.pending, device)
		weighted.float(milliseconds(d.weighted), device)
		if d.discard.operations > 0 {
			discarded.count(d.discard.bytes, device)
			discards.count(d.discard.operations, device)
			discardTime.float(milliseconds(d.discard.time), device)
		}
		if d.flushes > 0 {
			flushes.count(d.flushes, device)
			flushTime.float(milliseconds(d.flushTime), device)
		}
	}
}
