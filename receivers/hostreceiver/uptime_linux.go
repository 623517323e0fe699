package hostreceiver

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// readUptime reads proc's file, which in a container may be the container's uptime; gopsutil
// asks the kernel, and below a root path neither is what it would read.
func readUptime(_ context.Context, h *host) (time.Duration, error) {
	content, err := os.ReadFile(h.proc("uptime"))
	if err != nil {
		return 0, fmt.Errorf("read uptime: %w", err)
	}
	seconds, _, _ := strings.Cut(string(content), " ")
	uptime, err := time.ParseDuration(seconds + "s")
	if err != nil {
		return 0, fmt.Errorf("read uptime %q: %w", content, err)
	}
	return uptime, nil
}
