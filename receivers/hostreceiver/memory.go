package hostreceiver

import (
	"context"
	"errors"
	"fmt"

	"github.com/shirou/gopsutil/v3/mem"
)

const memoryStateKey = "system.memory.state"

// memoryState is the memory in one state.
type memoryState struct {
	name  string
	bytes uint64
}

func scrapeMemory(ctx context.Context, b *batch) error {
	memory, err := mem.VirtualMemoryWithContext(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read memory: %w", err)
	case memory.Total == 0:
		return errors.New("read memory: the total is 0")
	}
	b.amount("system.memory.limit", "By", "Memory of the system.").count(memory.Total)
	usage := b.amount("system.memory.usage", "By", "Memory in use by state.")
	utilization := b.gauge("system.memory.utilization", "1", "Part of the memory in each state.")
	for _, state := range memoryStates(memory) {
		usage.count(state.bytes, text(memoryStateKey, state.name))
		utilization.float(float64(state.bytes)/float64(memory.Total), text(memoryStateKey, state.name))
	}
	if linuxMemory {
		b.amount("system.memory.linux.available", "By",
			"Estimate of the memory that new applications can have without swapping.").count(memory.Available)
		b.amount("system.memory.linux.shared", "By", "Shared memory (mostly tmpfs).").count(memory.Shared)
	}
	return nil
}
