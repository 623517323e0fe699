package hostreceiver

const memoryStateKey = "system.memory.state"

// memoryState is the memory in one state.
type memoryState struct {
	name  string
	bytes uint64
}

func addMemory(b *batch, total uint64, states ...memoryState) {
	b.amount("system.memory.limit", "By", "Memory of the system.").count(total)
	usage := b.amount("system.memory.usage", "By", "Memory in use by state.")
	utilization := b.gauge("system.memory.utilization", "1", "Part of the memory in each state.")
	for _, state := range states {
		usage.count(state.bytes, text(memoryStateKey, state.name))
		utilization.float(float64(state.bytes)/float64(total), text(memoryStateKey, state.name))
	}
}
