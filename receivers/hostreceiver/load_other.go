//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/load"
)

func newLoad(*host) scrapeFunc {
	return func(ctx context.Context, b *batch) error {
		average, err := load.AvgWithContext(ctx)
		if err != nil {
			return fmt.Errorf("read load average: %w", err)
		}
		addLoad(b, [3]float64{average.Load1, average.Load5, average.Load15})
		return nil
	}
}
