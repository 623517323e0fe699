package hostreceiver

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

const (
	hardwareIDKey   = "hw.id"
	hardwareNameKey = "hw.name"
	limitTypeKey    = "hw.limit_type"
	errorTypeKey    = "error.type"
	// rediscoverCycles is after how many cycles hardware is looked for again.
	rediscoverCycles = 10
	// maxSensors bounds what a machine with hundreds of sensors costs.
	maxSensors = 256
)

// sensorKind is what a sensor measures.
type sensorKind struct {
	prefix, suffix            string // of the file in sys
	metric, unit, description string
	scale                     float64
	detail                    bool   // only with details
	critical, degraded        string // suffixes of its limits
}

func sensorKinds() []sensorKind {
	return []sensorKind{
		{
			prefix: "temp", suffix: "_input", metric: "hw.temperature", unit: "Cel", description: "Temperature.", scale: 1e-3,
			critical: "_crit", degraded: "_max",
		},
		{prefix: "fan", suffix: "_input", metric: "hw.fan.speed", unit: "rpm", description: "Speed of the fan.", scale: 1},
		{prefix: "in", suffix: "_input", metric: "hw.voltage", unit: "V", description: "Voltage.", scale: 1e-3, detail: true},
		{prefix: "curr", suffix: "_input", metric: "hw.current", unit: "A", description: "Current.", scale: 1e-3, detail: true},
		{prefix: "power", suffix: "_input", metric: "hw.power", unit: "W", description: "Power.", scale: 1e-6, detail: true},
		{prefix: "power", suffix: "_average", metric: "hw.power", unit: "W", description: "Power.", scale: 1e-6, detail: true},
	}
}

// sensor is one file to read.
type sensor struct {
	path   string
	kind   int
	id     string
	name   string
	limits []sensorLimit
}

type sensorLimit struct {
	kind  string
	value float64
}

// sensorScraper reads the sensors of hwmon and the thermal zones.
type sensorScraper struct {
	hwmon, thermal string
	details        bool
	kinds          []sensorKind
	sensors        []sensor
	cycle          int
}

func newSensors(cfg SensorsConfig, h *host) scrapeFunc {
	s := &sensorScraper{hwmon: h.sys("class", "hwmon"), thermal: h.sys("class", "thermal"), details: cfg.Details, kinds: sensorKinds()}
	return s.scrape
}

func (s *sensorScraper) scrape(_ context.Context, b *batch) error {
	if s.cycle%rediscoverCycles == 0 {
		s.discover(b.files)
	}
	s.cycle++
	metrics := map[string]metric{}
	limits := metric{}
	for i := range s.sensors {
		x := &s.sensors[i]
		content, err := b.files.read(x.path)
		if err != nil {
			continue // it has nothing to say now: the disk sleeps, the fan is not there
		}
		word, _ := firstWord(content)
		value, ok := intOf(word)
		if !ok {
			continue
		}
		kind := &s.kinds[x.kind]
		m, known := metrics[kind.metric]
		if !known {
			m = b.gauge(kind.metric, kind.unit, kind.description)
			metrics[kind.metric] = m
		}
		m.float(float64(value)*kind.scale, x.attributes()...)
		if s.details && len(x.limits) > 0 && limits == (metric{}) {
			limits = b.gauge("hw.temperature.limit", "Cel", "Temperature that the maker calls too high.")
		}
		for _, limit := range x.limits {
			limits.float(limit.value, append(x.attributes(), text(limitTypeKey, limit.kind))...)
		}
	}
	return nil
}

func (x *sensor) attributes() []attribute {
	if x.name == "" {
		return []attribute{text(hardwareIDKey, x.id)}
	}
	return []attribute{text(hardwareIDKey, x.id), text(hardwareNameKey, x.name)}
}

// discover looks for sensors. A machine without any has no such folders.
func (s *sensorScraper) discover(from *files) {
	for i := range s.sensors {
		from.forget(s.sensors[i].path)
	}
	s.sensors = s.sensors[:0]
	for _, chip := range listNames(s.hwmon) {
		s.discoverChip(filepath.Join(s.hwmon, chip))
	}
	for _, zone := range listNames(s.thermal) {
		if strings.HasPrefix(zone, "thermal_zone") {
			folder := filepath.Join(s.thermal, zone)
			s.add(sensor{path: filepath.Join(folder, "temp"), id: "thermal/" + zone, name: wordOf(filepath.Join(folder, "type"))})
		}
	}
}

// discoverChip adds the sensors of a chip. Its id is made of its name and its device's: the
// number that hwmon gives to it may be another after the next start.
func (s *sensorScraper) discoverChip(folder string) {
	id := wordOf(filepath.Join(folder, "name"))
	if device, err := os.Readlink(filepath.Join(folder, "device")); err == nil {
		id += "/" + filepath.Base(device)
	}
	for _, file := range listNames(folder) {
		for k := range s.kinds {
			kind := &s.kinds[k]
			channel, matches := strings.CutSuffix(file, kind.suffix)
			number, isKind := strings.CutPrefix(channel, kind.prefix)
			if _, numbered := uintOf([]byte(number)); !matches || !isKind || !numbered || kind.detail && !s.details {
				continue
			}
			x := sensor{path: filepath.Join(folder, file), kind: k, id: id + "/" + channel, name: wordOf(filepath.Join(folder, channel+"_label"))}
			if s.details && kind.critical != "" {
				x.limits = readLimits(filepath.Join(folder, channel), kind)
			}
			s.add(x)
		}
	}
}

func readLimits(channel string, kind *sensorKind) []sensorLimit {
	var limits []sensorLimit
	for _, limit := range [...][2]string{{kind.critical, "high.critical"}, {kind.degraded, "high.degraded"}} {
		if value, ok := intOf([]byte(wordOf(channel + limit[0]))); ok && value > 0 {
			limits = append(limits, sensorLimit{limit[1], float64(value) * kind.scale})
		}
	}
	return limits
}

func (s *sensorScraper) add(x sensor) {
	if len(s.sensors) < maxSensors {
		s.sensors = append(s.sensors, x)
	}
}

// listNames returns the names in a folder in order, and none of a folder that is not there.
func listNames(folder string) []string {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	found := make([]string, 0, len(entries))
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

// wordOf returns what a small file says, or "" when it cannot be read.
func wordOf(path string) string {
	content, err := readInto(path, nil)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
