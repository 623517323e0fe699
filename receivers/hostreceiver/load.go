package hostreceiver

func addLoad(b *batch, averages [3]float64) {
	b.gauge("system.cpu.load_average.1m", "{thread}", "Average CPU load over 1 minute.").float(averages[0])
	b.gauge("system.cpu.load_average.5m", "{thread}", "Average CPU load over 5 minutes.").float(averages[1])
	b.gauge("system.cpu.load_average.15m", "{thread}", "Average CPU load over 15 minutes.").float(averages[2])
}
