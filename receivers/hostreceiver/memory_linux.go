package hostreceiver

import (
	"bytes"
	"context"
	"fmt"
)

const (
	memoryKindKey    = "system.memory.linux.kind"
	slabStateKey     = "system.memory.linux.slab.state"
	hugePageStateKey = "system.memory.linux.hugepages.state"
)

// memoryInfo is what /proc/meminfo says, in bytes; huge pages in pages.
type memoryInfo struct {
	total, free, available, buffers, cached, shared uint64
	reclaimable, unreclaimable                      uint64
	huge                                            hugePages
	hasAvailable                                    bool
}

type hugePages struct{ total, free, reserved, surplus, size uint64 }

// newMemory reports the states that add up to the total, and the most telling of the rest.
func newMemory(cfg MemoryConfig, h *host) scrapeFunc {
	path, names := h.proc("meminfo"), kindNames{}
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(path)
		if err != nil {
			return err
		}
		info := parseMemory(content)
		if info.total == 0 {
			return fmt.Errorf("read %s: the total is 0", path)
		}
		cached := info.cached + info.reclaimable
		addMemory(b, info.total,
			memoryState{"used", info.total - min(info.total, info.free+info.buffers+cached)},
			memoryState{"free", info.free}, memoryState{"buffers", info.buffers}, memoryState{"cached", cached})
		info.report(b)
		names.report(b, content, cfg.Details)
		return nil
	}
}

func parseMemory(content []byte) memoryInfo {
	var m memoryInfo
	for name, value := range pairsOf(content) {
		switch string(name) {
		case "MemTotal":
			m.total = value << 10
		case "MemFree":
			m.free = value << 10
		case "MemAvailable":
			m.available, m.hasAvailable = value<<10, true
		case "Buffers":
			m.buffers = value << 10
		case "Cached":
			m.cached = value << 10
		case "Shmem":
			m.shared = value << 10
		case "SReclaimable":
			m.reclaimable = value << 10
		case "SUnreclaim":
			m.unreclaimable = value << 10
		case "HugePages_Total":
			m.huge.total = value
		case "HugePages_Free":
			m.huge.free = value
		case "HugePages_Rsvd":
			m.huge.reserved = value
		case "HugePages_Surp":
			m.huge.surplus = value
		case "Hugepagesize":
			m.huge.size = value << 10
		}
	}
	if !m.hasAvailable { // kernels before 3.14
		m.available = m.free + m.buffers + m.cached + m.reclaimable
	}
	return m
}

func (m *memoryInfo) report(b *batch) {
	b.amount("system.memory.linux.available", "By",
		"Estimate of the memory that new applications can have without swapping.").count(m.available)
	b.amount("system.memory.linux.shared", "By", "Shared memory (mostly tmpfs).").count(m.shared)
	slab := b.amount("system.memory.linux.slab.usage", "By", "Memory of the kernel's own objects.")
	slab.count(m.reclaimable, text(slabStateKey, "reclaimable"))
	slab.count(m.unreclaimable, text(slabStateKey, "unreclaimable"))
	if m.huge.total == 0 {
		return
	}
	b.amount("system.memory.linux.hugepages.limit", "{page}", "Huge pages set aside.").count(m.huge.total)
	b.gauge("system.memory.linux.hugepages.page_size", "By", "Size of a huge page.").count(m.huge.size)
	b.amount("system.memory.linux.hugepages.reserved", "{page}", "Huge pages promised but not used yet.").count(m.huge.reserved)
	b.amount("system.memory.linux.hugepages.surplus", "{page}", "Huge pages beyond those set aside.").count(m.huge.surplus)
	usage := b.amount("system.memory.linux.hugepages.usage", "{page}", "Huge pages by state.")
	usage.count(m.huge.total-min(m.huge.total, m.huge.free), text(hugePageStateKey, "used"))
	usage.count(m.huge.free, text(hugePageStateKey, "free"))
}

// kindNames are the names of meminfo as our attribute values; "" for one that is not reported.
type kindNames map[string]string

// report adds the lines of meminfo that overlap with others, and so are a gauge.
func (k kindNames) report(b *batch, content []byte, all bool) {
	usage := b.gauge("system.memory.linux.usage", "By", "Memory by what the kernel counts it as; the kinds overlap.")
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		word, unit := firstWord(rest)
		value, ok := uintOf(word)
		if !ok || !bytes.HasSuffix(bytes.TrimSpace(unit), []byte("kB")) {
			continue
		}
		kind, known := k[string(name)]
		if !known {
			kind = kindOf(string(bytes.TrimSuffix(name, []byte(":"))), all)
			k[string(name)] = kind
		}
		if kind != "" {
			usage.count(value<<10, text(memoryKindKey, kind))
		}
	}
}

// kindOf returns the attribute value of a line of meminfo, or "" when it is left out: those that
// are metrics of their own, and without details, those that few will ever look at.
func kindOf(name string, all bool) string {
	switch name {
	case "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "Shmem", "SReclaimable", "SUnreclaim", "Hugepagesize",
		"SwapTotal", "SwapFree", "Slab":
		return ""
	case "Active", "Inactive", "Dirty", "Writeback", "AnonPages", "Mapped", "PageTables", "KernelStack", "CommitLimit",
		"Committed_AS", "Mlocked", "HardwareCorrupted":
		return snake(name)
	}
	if !all {
		return ""
	}
	return snake(name)
}
