package hostreceiver

import "context"

func newUptime(h *host) scrapeFunc {
	return func(ctx context.Context, b *batch) error {
		uptime, err := readUptime(ctx, h)
		if err != nil {
			return err
		}
		b.gauge("system.uptime", "s", "Time since the system was started.").float(uptime.Seconds())
		return nil
	}
}
