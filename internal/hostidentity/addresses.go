package hostidentity

import (
	"fmt"
	"net"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// DescribeAddresses puts host.ip and host.mac of the interfaces that are up, but for loopback. In
// a network namespace of its own, as containers have, these are the namespace's.
func DescribeAddresses(target pcommon.Map) error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("list network interfaces: %w", err)
	}
	var ips, macs []string
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		if len(i.HardwareAddr) > 0 {
			macs = append(macs, strings.ToUpper(strings.ReplaceAll(i.HardwareAddr.String(), ":", "-")))
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue // it has gone meanwhile
		}
		for _, address := range addresses {
			if network, ok := address.(*net.IPNet); ok && !network.IP.IsLinkLocalUnicast() {
				ips = append(ips, network.IP.String())
			}
		}
	}
	putAll(target, "host.ip", ips)
	putAll(target, "host.mac", macs)
	return nil
}

func putAll(target pcommon.Map, key string, values []string) {
	if len(values) == 0 {
		return
	}
	slice := target.PutEmptySlice(key)
	for _, value := range values {
		slice.AppendEmpty().SetStr(value)
	}
}
