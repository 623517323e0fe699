package hostreceiver

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/net"
)

const (
	interfaceKey        = "network.interface.name"
	networkDirectionKey = "network.io.direction"
)

func newNetwork(cfg NetworkConfig, h *host) (scrapeFunc, error) {
	excluded, err := excluder(cfg.ExcludeInterfaces)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, b *batch) error {
		// The file is used where there is a proc filesystem, and ignored elsewhere.
		interfaces, err := net.IOCountersByFileWithContext(ctx, true, h.procNet("dev"))
		if err != nil {
			return fmt.Errorf("read interface counters: %w", err)
		}
		addInterfaces(b, interfaces, excluded)
		return nil
	}, nil
}

func addInterfaces(b *batch, interfaces []net.IOCountersStat, excluded func(string) bool) {
	bytes := b.counter("system.network.io", "By", "Bytes received and transmitted.")
	packets := b.counter("system.network.packet.count", "{packet}", "Packets received and transmitted.")
	dropped := b.counter("system.network.packet.dropped", "{packet}", "Packets dropped without an error.")
	failed := b.counter("system.network.errors", "{error}", "Network errors.")
	for _, i := range interfaces {
		if excluded(i.Name) {
			continue
		}
		name := text(interfaceKey, i.Name)
		receive, transmit := text(networkDirectionKey, "receive"), text(networkDirectionKey, "transmit")
		bytes.count(i.BytesRecv, name, receive)
		bytes.count(i.BytesSent, name, transmit)
		packets.count(i.PacketsRecv, name, receive)
		packets.count(i.PacketsSent, name, transmit)
		dropped.count(i.Dropin, name, receive)
		dropped.count(i.Dropout, name, transmit)
		failed.count(i.Errin, name, receive)
		failed.count(i.Errout, name, transmit)
	}
}
