//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/disk"
)

func newDisk(cfg DiskConfig, _ *host) (scrapeFunc, error) {
	excluded, err := excluder(cfg.ExcludeDevices)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, b *batch) error {
		counters, err := disk.IOCountersWithContext(ctx)
		if err != nil {
			return fmt.Errorf("read disk counters: %w", err)
		}
		var disks []diskStat
		for _, name := range sortedKeys(counters) {
			if excluded(name) {
				continue
			}
			c := counters[name]
			disks = append(disks, diskStat{
				name:  name,
				read:  diskTraffic{c.ReadCount, c.MergedReadCount, c.ReadBytes, c.ReadTime},
				write: diskTraffic{c.WriteCount, c.MergedWriteCount, c.WriteBytes, c.WriteTime},
				busy:  c.IoTime,
			})
		}
		addDisks(b, disks)
		return nil
	}, nil
}
