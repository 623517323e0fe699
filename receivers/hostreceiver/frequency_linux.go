package hostreceiver

import (
	"context"
	"path/filepath"
	"strings"
)

// frequencyScraper reads how fast each CPU runs, and how often it was slowed down for its heat.
type frequencyScraper struct {
	folder    string
	current   []frequencyFile
	throttles map[string][]string // files by level, one for each core or package
	cycle     int
}

type frequencyFile struct {
	number int64
	path   string
}

func newFrequency(h *host) scrapeFunc {
	return (&frequencyScraper{folder: h.sys("devices", "system", "cpu")}).scrape
}

func (s *frequencyScraper) scrape(_ context.Context, b *batch) error {
	if s.cycle%rediscoverCycles == 0 {
		s.discover()
	}
	s.cycle++
	frequency := b.gauge("system.cpu.frequency", "Hz", "How fast the CPU runs.")
	for _, f := range s.current {
		if kilohertz, err := b.files.number(f.path); err == nil {
			frequency.count(kilohertz*1000, number(cpuNumberKey, f.number))
		}
	}
	throttles := b.counter("system.cpu.linux.throttles", "{throttle}", "How often CPUs were slowed down for their heat, by what was too hot.")
	for _, level := range sortedKeys(s.throttles) {
		var sum uint64
		for _, path := range s.throttles[level] {
			count, err := b.files.number(path)
			if err == nil {
				sum += count
			}
		}
		throttles.count(sum, text("system.cpu.linux.throttle.level", level))
	}
	return nil
}

// discover looks for the CPUs. Virtual machines have neither file.
func (s *frequencyScraper) discover() {
	s.current, s.throttles = nil, map[string][]string{}
	seen := map[string]bool{}
	for _, name := range listNames(s.folder) {
		digits, isCPU := strings.CutPrefix(name, "cpu")
		n, ok := uintOf([]byte(digits))
		if !isCPU || !ok {
			continue
		}
		folder := filepath.Join(s.folder, name)
		if current := filepath.Join(folder, "cpufreq", "scaling_cur_freq"); exists(current) {
			s.current = append(s.current, frequencyFile{int64(n), current})
		}
		// The threads of a core share its counter, and the cores of a package theirs.
		pack := wordOf(filepath.Join(folder, "topology", "physical_package_id"))
		core := pack + "/" + wordOf(filepath.Join(folder, "topology", "core_id"))
		for _, shared := range [...][2]string{{"core", "core" + core}, {"package", "package" + pack}} {
			level, id := shared[0], shared[1]
			path := filepath.Join(folder, "thermal_throttle", level+"_throttle_count")
			if !seen[id] && exists(path) {
				seen[id] = true
				s.throttles[level] = append(s.throttles[level], path)
			}
		}
	}
}
