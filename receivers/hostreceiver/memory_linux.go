package hostreceiver

import "github.com/shirou/gopsutil/v3/mem"

const linuxMemory = true

// memoryStates adds up to the total: gopsutil counts reclaimable slab as cached.
func memoryStates(m *mem.VirtualMemoryStat) []memoryState {
	return []memoryState{{"used", m.Used}, {"free", m.Free}, {"buffers", m.Buffers}, {"cached", m.Cached}}
}
