//go:build !linux

package hostreceiver

import "github.com/shirou/gopsutil/v3/mem"

const linuxMemory = false

// memoryStates adds up to the total. What can be had at once counts as free.
func memoryStates(m *mem.VirtualMemoryStat) []memoryState {
	return []memoryState{{"used", m.Total - min(m.Available, m.Total)}, {"free", min(m.Available, m.Total)}}
}
