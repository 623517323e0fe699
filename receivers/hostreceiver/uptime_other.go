//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"
	"time"

	gohost "github.com/shirou/gopsutil/v3/host"
)

func readUptime(ctx context.Context, _ *host) (time.Duration, error) {
	seconds, err := gohost.UptimeWithContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("read uptime: %w", err)
	}
	return time.Duration(seconds) * time.Second, nil //nolint:gosec // nobody's machine runs for 292 years
}
