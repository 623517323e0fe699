//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/net"
)

func newNetwork(cfg NetworkConfig, _ *host) (scrapeFunc, error) {
	excluded, err := excluder(cfg.ExcludeInterfaces)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, b *batch) error {
		counters, err := net.IOCountersWithContext(ctx, true)
		if err != nil {
			return fmt.Errorf("read interface counters: %w", err)
		}
		var interfaces []interfaceStat
		for _, c := range counters {
			if !excluded(c.Name) {
				interfaces = append(interfaces, interfaceStat{
					name: c.Name,
					in:   interfaceTraffic{bytes: c.BytesRecv, packets: c.PacketsRecv, errors: c.Errin, dropped: c.Dropin},
					out:  interfaceTraffic{bytes: c.BytesSent, packets: c.PacketsSent, errors: c.Errout, dropped: c.Dropout},
				})
			}
		}
		addInterfaces(b, interfaces)
		return nil
	}, nil
}
