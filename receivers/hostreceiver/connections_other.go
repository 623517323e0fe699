//go:build !linux

package hostreceiver

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/net"
)

// connectionCounter asks gopsutil.
type connectionCounter struct{}

func newConnectionCounter(*host) connectionCounter { return connectionCounter{} }

func (connectionCounter) count(ctx context.Context, _ time.Time) (map[connectionKind]uint64, error) {
	counts := map[connectionKind]uint64{}
	tcp, err := net.ConnectionsWithoutUidsWithContext(ctx, "tcp")
	if err != nil {
		return nil, fmt.Errorf("read TCP connections: %w", err)
	}
	states := stateNames()
	for _, c := range tcp {
		counts[connectionKind{"tcp", states[c.Status]}]++
	}
	udp, err := net.ConnectionsWithoutUidsWithContext(ctx, "udp")
	if err != nil {
		return counts, fmt.Errorf("read UDP sockets: %w", err)
	}
	counts[connectionKind{"udp", ""}] = uint64(len(udp))
	return counts, nil
}

// stateNames maps gopsutil's names, such as FIN_WAIT1 and SYN_RECV, to OpenTelemetry's.
func stateNames() map[string]string {
	names := map[string]string{
		"SYN_RECV": "syn_received", "FIN_WAIT1": "fin_wait_1", "FIN_WAIT2": "fin_wait_2",
		"CLOSE": "closed", "DELETE": "closed",
	}
	for _, state := range tcpStates() {
		names[strings.ToUpper(state)] = state
	}
	return names
}
