package hostreceiver

import "time"

func addUptime(b *batch, uptime time.Duration) {
	b.gauge("system.uptime", "s", "Time since the system was started.").float(uptime.Seconds())
}
