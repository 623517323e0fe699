package hostreceiver

import "golang.org/x/sys/unix"

// newSystemScrape builds the scrapers of what only Linux tells.
func newSystemScrape(name string, cfg *ScrapersConfig, h *host) scrapeFunc {
	switch name {
	case "sockets":
		return newSockets(h)
	case "netstat":
		return newNetstat(h)
	case "conntrack":
		return newConntrack(h)
	case "pressure":
		return newPressure(h)
	case "kernel":
		return newKernel(h)
	case "clock":
		return newClock(unix.Adjtimex)
	case "sensors":
		return newSensors(cfg.Sensors, h)
	case "frequency":
		return newFrequency(h)
	case "raid":
		return newRAID(h)
	case "edac":
		return newEDAC(h)
	case "nfs":
		return newNFS(h)
	case "zfs":
		return newZFS(h)
	case "containers":
		return newContainers(cfg.Containers, h)
	case "systemd":
		return newSystemd(cfg.Systemd, h)
	}
	return nil
}
