package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
)

const (
	socketStateKey = "system.network.socket.state"
	transportKey   = "network.transport"
	networkTypeKey = "network.type"
)

// newSockets reads the kernel's summaries of sockets, which cost next to nothing; the states of
// connections are the connections scraper's.
func newSockets(h *host) scrapeFunc {
	four, six := h.procNet("sockstat"), h.procNet("sockstat6")
	page := uint64(os.Getpagesize())
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(four)
		if err != nil {
			return err
		}
		m := socketMetrics{
			count:  b.gauge("system.network.socket.count", "{socket}", "Sockets by state; the states overlap."),
			memory: b.amount("system.network.socket.memory", "By", "Memory of the sockets' buffers."),
			page:   page,
		}
		m.add(content, "ipv4")
		content, err = b.files.read(six)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // no IPv6
		}
		m.add(content, "ipv6")
		return err
	}
}

type socketMetrics struct {
	count, memory metric
	page          uint64
}

// add parses lines such as `TCP: inuse 5 orphan 0 tw 2 alloc 8 mem 1`. What TCP's line of IPv4
// says besides inuse is of both families, as is the number of all sockets.
func (m *socketMetrics) add(content []byte, family string) {
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		transport := socketTransport(string(name))
		if transport == "" {
			continue
		}
		for {
			var field, word []byte
			field, rest = firstWord(rest)
			word, rest = firstWord(rest)
			value, ok := uintOf(word)
			if !ok {
				break
			}
			m.point(string(field), value, text(transportKey, transport), text(networkTypeKey, family))
		}
	}
}

func (m *socketMetrics) point(field string, value uint64, transport, family attribute) {
	switch field {
	case "used": // of all kinds
		m.count.count(value, text(socketStateKey, "used"))
	case "inuse":
		m.count.count(value, transport, family, text(socketStateKey, "in_use"))
	case "orphan":
		m.count.count(value, transport, text(socketStateKey, "orphan"))
	case "tw":
		m.count.count(value, transport, text(socketStateKey, "time_wait"))
	case "alloc":
		m.count.count(value, transport, text(socketStateKey, "allocated"))
	case "mem":
		m.memory.count(value*m.page, transport)
	}
}

// socketTransport returns "" for a line of sockets that hardly any host has, and of fragments.
func socketTransport(name string) string {
	switch name {
	case "sockets:":
		return "all"
	case "TCP:", "TCP6:":
		return "tcp"
	case "UDP:", "UDP6:":
		return "udp"
	case "RAW:", "RAW6:":
		return "raw"
	}
	return ""
}
