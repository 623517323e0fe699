package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/load"
)

func scrapeLoad(ctx context.Context, b *batch) error {
	average, err := load.AvgWithContext(ctx)
	if err != nil {
		return fmt.Errorf("read load average: %w", err)
	}
	b.gauge("system.cpu.load_average.1m", "{thread}", "Average CPU load over 1 minute.").float(average.Load1)
	b.gauge("system.cpu.load_average.5m", "{thread}", "Average CPU load over 5 minutes.").float(average.Load5)
	b.gauge("system.cpu.load_average.15m", "{thread}", "Average CPU load over 15 minutes.").float(average.Load15)
	return nil
}
