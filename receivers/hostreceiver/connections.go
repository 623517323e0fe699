package hostreceiver

import "context"

// connectionKind is what connections are counted by.
type connectionKind struct {
	transport string
	state     string // empty for a transport without connections
}

func newConnections(h *host) scrapeFunc {
	counter := newConnectionCounter(h)
	return func(ctx context.Context, b *batch) error {
		counts, err := counter.count(ctx, b.now)
		connections := b.amount("system.network.connection.count", "{connection}", "Connections by state; for UDP, open sockets.")
		for _, state := range tcpStates() {
			connections.count(counts[connectionKind{"tcp", state}],
				text("network.transport", "tcp"), text("network.connection.state", state))
		}
		connections.count(counts[connectionKind{"udp", ""}], text("network.transport", "udp"))
		return err
	}
}

// tcpStates returns the states in the kernel's order, which begins with 1.
func tcpStates() []string {
	return []string{
		"established", "syn_sent", "syn_received", "fin_wait_1", "fin_wait_2", "time_wait",
		"closed", "close_wait", "last_ack", "listen", "closing",
	}
}

// newSynReceived is the kernel's number of a request that it keeps small until it is answered;
// it counts as syn_received.
const newSynReceived = 12
