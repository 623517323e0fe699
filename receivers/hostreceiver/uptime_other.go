//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"
	"time"

	gohost "github.com/shirou/gopsutil/v3/host"
)

func newUptime(h *host) scrapeFunc {
	return func(ctx context.Context, b *batch) error {
		uptime, err := readUptime(ctx, h)
		if err != nil {
			return err
		}
		addUptime(b, uptime)
		return nil
	}
}

func readUptime(ctx context.Context, _ *host) (time.Duration, error) {
	seconds, err := gohost.UptimeWithContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("read uptime: %w", err)
	}
	return time.Duration(seconds) * time.Second, nil //nolint:gosec // nobody's machine runs for 292 years
}
