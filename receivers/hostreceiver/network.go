package hostreceiver

const (
	interfaceKey        = "network.interface.name"
	networkDirectionKey = "network.io.direction"
)

// interfaceStat is what a network interface has received and transmitted.
type interfaceStat struct {
	name    string
	in, out interfaceTraffic
}

// interfaceTraffic is one direction of it. The last two columns are, received: frame, multicast;
// transmitted: collisions, carrier.
type interfaceTraffic struct {
	bytes, packets, errors, dropped, fifo, compressed uint64
	frameOrCollisions, multicastOrCarrier             uint64
}

func addInterfaces(b *batch, interfaces []interfaceStat) {
	bytes := b.counter("system.network.io", "By", "Bytes received and transmitted.")
	packets := b.counter("system.network.packet.count", "{packet}", "Packets received and transmitted.")
	dropped := b.counter("system.network.packet.dropped", "{packet}", "Packets dropped without an error.")
	failed := b.counter("system.network.errors", "{error}", "Network errors.")
	for k := range interfaces {
		i := &interfaces[k]
		name := text(interfaceKey, i.name)
		receive, transmit := text(networkDirectionKey, "receive"), text(networkDirectionKey, "transmit")
		bytes.count(i.in.bytes, name, receive)
		bytes.count(i.out.bytes, name, transmit)
		packets.count(i.in.packets, name, receive)
		packets.count(i.out.packets, name, transmit)
		dropped.count(i.in.dropped, name, receive)
		dropped.count(i.out.dropped, name, transmit)
		failed.count(i.in.errors, name, receive)
		failed.count(i.out.errors, name, transmit)
	}
}
