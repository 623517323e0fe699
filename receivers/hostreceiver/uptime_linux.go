package hostreceiver

import (
	"context"
	"fmt"
	"time"
)

// newUptime adds the time of the start, which unlike the uptime is a constant.
func newUptime(h *host) scrapeFunc {
	uptime, stat := h.proc("uptime"), h.proc("stat")
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(uptime)
		if err != nil {
			return err
		}
		value, err := parseUptime(content)
		if err != nil {
			return err
		}
		addUptime(b, value)
		if content, err = b.files.read(stat); err != nil {
			return err
		}
		if boot, ok := pairOf(content, "btime"); ok {
			b.gauge("system.boot_time", "s", "When the system was started, in seconds since 1970.").count(boot)
		}
		return nil
	}
}

// readUptime reads proc's file, which in a container may be the container's uptime; gopsutil
// asks the kernel, and below a root path neither is what it would read.
func readUptime(_ context.Context, h *host) (time.Duration, error) {
	content, err := readInto(h.proc("uptime"), nil)
	if err != nil {
		return 0, fmt.Errorf("read uptime: %w", err)
	}
	return parseUptime(content)
}

func parseUptime(content []byte) (time.Duration, error) {
	word, _ := firstWord(content)
	seconds, ok := floatOf(word)
	if !ok || seconds < 0 || seconds > 1e9 {
		return 0, fmt.Errorf("read uptime %.40q: it is not a number of seconds", content)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
