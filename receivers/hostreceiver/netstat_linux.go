package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
)

const (
	outcomeKey = "system.network.outcome"
)

// netCounter is a counter of the kernel and the point that it becomes.
type netCounter struct {
	kernel     string // `Tcp:` and the name, as in /proc/net/snmp and netstat; of snmp6 the name alone
	metric     int    // index into netMetrics
	attributes []attribute
}

// The metrics of protocols, in the order of netMetricTexts.
const (
	netTCPSegments = iota
	netTCPRetransmits
	netTCPSynRetransmits
	netTCPOpens
	netTCPResets
	netTCPEstablished
	netTCPErrors
	netTCPListenOverflows
	netTCPListenDrops
	netTCPSyncookies
	netTCPTimeouts
	netTCPQueue
	netUDPDatagrams
	netUDPErrors
	netUDPBufferErrors
	netUDPNoPort
	netIPBytes
	netICMPMessages
	netICMPErrors
	netMetricCount
)

func addNetMetrics(b *batch) (metrics [netMetricCount]metric) {
	const name = "system.network."
	metrics[netTCPSegments] = b.counter(name+"tcp.segments", "{segment}", "TCP segments received and transmitted.")
	metrics[netTCPRetransmits] = b.counter(name+"tcp.retransmits", "{segment}", "TCP segments sent again.")
	metrics[netTCPSynRetransmits] = b.counter(name+"tcp.syn_retransmits", "{segment}", "TCP segments sent again that open a connection.")
	metrics[netTCPOpens] = b.counter(name+"tcp.opens", "{connection}", "TCP connections opened by this host (active) and by others (passive).")
	metrics[netTCPResets] = b.counter(name+"tcp.resets", "{segment}", "TCP resets sent.")
	metrics[netTCPEstablished] = b.amount(name+"tcp.established", "{connection}", "TCP connections that are open.")
	metrics[netTCPErrors] = b.counter(name+"tcp.errors", "{segment}", "TCP segments received that were wrong.")
	metrics[netTCPListenOverflows] = b.counter(name+"tcp.listen.overflows", "{connection}", "Connections dropped because the listener's queue was full.")
	metrics[netTCPListenDrops] = b.counter(name+"tcp.listen.drops", "{connection}", "Connections dropped at a listener, for whatever reason.")
	metrics[netTCPSyncookies] = b.counter(name+"tcp.syncookies", "{cookie}", "SYN cookies.")
	metrics[netTCPTimeouts] = b.counter(name+"tcp.timeouts", "{timeout}", "TCP timers that ran out.")
	metrics[netTCPQueue] = b.counter(name+"tcp.receive_queue.events", "{segment}", "TCP segments queued out of order, and dropped because the queue was full.")
	metrics[netUDPDatagrams] = b.counter(name+"udp.datagrams", "{datagram}", "UDP datagrams received and transmitted.")
	metrics[netUDPErrors] = b.counter(name+"udp.errors", "{datagram}", "UDP datagrams received but not delivered, for whatever reason.")
	metrics[netUDPBufferErrors] = b.counter(name+"udp.buffer_errors", "{datagram}", "UDP datagrams lost because a socket's buffer was full.")
	metrics[netUDPNoPort] = b.counter(name+"udp.no_port", "{datagram}", "UDP datagrams for a port that nobody listens on.")
	metrics[netIPBytes] = b.counter(name+"ip.io", "By", "Bytes received and transmitted in IP packets.")
	metrics[netICMPMessages] = b.counter(name+"icmp.messages", "{message}", "ICMP messages received and transmitted.")
	metrics[netICMPErrors] = b.counter(name+"icmp.errors", "{message}", "ICMP messages received that were wrong.")
	return metrics
}

func netCounters() []netCounter {
	in, out := text(networkDirectionKey, "receive"), text(networkDirectionKey, "transmit")
	four, six := text(networkTypeKey, "ipv4"), text(networkTypeKey, "ipv6")
	of := func(attributes ...attribute) []attribute { return attributes }
	outcome := func(value string) []attribute { return of(text(outcomeKey, value)) }
	return []netCounter{
		{"Tcp:InSegs", netTCPSegments, of(in)},
		{"Tcp:OutSegs", netTCPSegments, of(out)},
		{"Tcp:RetransSegs", netTCPRetransmits, nil},
		{"TcpExt:TCPSynRetrans", netTCPSynRetransmits, nil},
		{"Tcp:ActiveOpens", netTCPOpens, of(text("system.network.tcp.role", "active"))},
		{"Tcp:PassiveOpens", netTCPOpens, of(text("system.network.tcp.role", "passive"))},
		{"Tcp:OutRsts", netTCPResets, nil},
		{"Tcp:CurrEstab", netTCPEstablished, nil},
		{"Tcp:InErrs", netTCPErrors, nil},
		{"TcpExt:ListenOverflows", netTCPListenOverflows, nil},
		{"TcpExt:ListenDrops", netTCPListenDrops, nil},
		{"TcpExt:SyncookiesSent", netTCPSyncookies, outcome("sent")},
		{"TcpExt:SyncookiesRecv", netTCPSyncookies, outcome("received")},
		{"TcpExt:SyncookiesFailed", netTCPSyncookies, outcome("failed")},
		{"TcpExt:TCPTimeouts", netTCPTimeouts, nil},
		{"TcpExt:TCPOFOQueue", netTCPQueue, outcome("out_of_order")},
		{"TcpExt:TCPRcvQDrop", netTCPQueue, outcome("drop")},
		{"Udp:InDatagrams", netUDPDatagrams, of(in, four)},
		{"Udp:OutDatagrams", netUDPDatagrams, of(out, four)},
		{"Udp:InErrors", netUDPErrors, of(four)},
		{"Udp:NoPorts", netUDPNoPort, of(four)},
		{"Udp:RcvbufErrors", netUDPBufferErrors, of(in, four)},
		{"Udp:SndbufErrors", netUDPBufferErrors, of(out, four)},
		{"IpExt:InOctets", netIPBytes, of(in, four)},
		{"IpExt:OutOctets", netIPBytes, of(out, four)},
		{"Icmp:InMsgs", netICMPMessages, of(in, four)},
		{"Icmp:OutMsgs", netICMPMessages, of(out, four)},
		{"Icmp:InErrors", netICMPErrors, of(four)},
		{"Udp6InDatagrams", netUDPDatagrams, of(in, six)},
		{"Udp6OutDatagrams", netUDPDatagrams, of(out, six)},
		{"Udp6InErrors", netUDPErrors, of(six)},
		{"Udp6NoPorts", netUDPNoPort, of(six)},
		{"Udp6RcvbufErrors", netUDPBufferErrors, of(in, six)},
		{"Udp6SndbufErrors", netUDPBufferErrors, of(out, six)},
		{"Ip6InOctets", netIPBytes, of(in, six)},
		{"Ip6OutOctets", netIPBytes, of(out, six)},
		{"Icmp6InMsgs", netICMPMessages, of(in, six)},
		{"Icmp6OutMsgs", netICMPMessages, of(out, six)},
		{"Icmp6InErrors", netICMPErrors, of(six)},
	}
}

// netstatScraper reads the counters of the protocols, and of what happens between them and the
// interfaces.
type netstatScraper struct {
	snmp, netstat, snmp6, softnet, arp string
	counters                           []netCounter
	byName                             map[string]int // the place of a counter, by its kernel's name
	values                             []uint64       // of this run
	found                              []bool
	key                                []byte
}

func newNetstat(h *host) scrapeFunc {
	s := &netstatScraper{
		snmp: h.procNet("snmp"), netstat: h.procNet("netstat"), snmp6: h.procNet("snmp6"),
		softnet: h.procNet("softnet_stat"), arp: h.procNet("arp"),
		counters: netCounters(), byName: map[string]int{},
	}
	for i, c := range s.counters {
		s.byName[c.kernel] = i
	}
	s.values, s.found = make([]uint64, len(s.counters)), make([]bool, len(s.counters))
	return s.scrape
}

func (s *netstatScraper) scrape(_ context.Context, b *batch) error {
	clear(s.found)
	var errs []error
	for _, table := range []struct {
		path  string
		parse func([]byte)
	}{{s.snmp, s.parseColumns}, {s.netstat, s.parseColumns}, {s.snmp6, s.parsePairs}} {
		content, err := b.files.read(table.path)
		if err == nil {
			table.parse(content)
		} else if !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	metrics := addNetMetrics(b)
	for i := range s.counters {
		if c := &s.counters[i]; s.found[i] {
			metrics[c.metric].count(s.values[i], c.attributes...)
		}
	}
	if content, err := b.files.read(s.softnet); err == nil {
		addSoftnet(b, content)
	}
	if content, err := b.files.read(s.arp); err == nil {
		addNeighbours(b, content)
	}
	return errors.Join(errs...)
}

// parseColumns parses pairs of lines: `Tcp: InSegs OutSegs` and below it `Tcp: 5 7`.
func (s *netstatScraper) parseColumns(content []byte) {
	for len(content) > 0 {
		names, after, _ := bytes.Cut(content, []byte("\n"))
		values, rest, _ := bytes.Cut(after, []byte("\n"))
		content = rest
		protocol, names := firstWord(names)
		again, values := firstWord(values)
		if !bytes.Equal(protocol, again) {
			continue
		}
		for {
			var name, word []byte
			name, names = firstWord(names)
			word, values = firstWord(values)
			if len(name) == 0 || len(word) == 0 {
				break
			}
			s.key = append(append(s.key[:0], protocol...), name...)
			s.take(s.key, word)
		}
	}
}

// parsePairs parses lines of a name and a number.
func (s *netstatScraper) parsePairs(content []byte) {
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		word, _ := firstWord(rest)
		s.take(name, word)
	}
}

func (s *netstatScraper) take(name, word []byte) {
	i, wanted := s.byName[string(name)]
	if !wanted {
		return
	}
	if value, ok := uintOf(word); ok { // one that is negative is not a counter
		s.values[i], s.found[i] = value, true
	}
}

// addSoftnet adds up a line of hexadecimal numbers for each CPU: packets that were processed,
// those dropped because the queue was full, and how often the time for them was too short.
func addSoftnet(b *batch, content []byte) {
	var sums [3]uint64
	for line := range bytes.Lines(content) {
		for i := range sums {
			var word []byte
			word, line = firstWord(line)
			value, err := strconv.ParseUint(string(word), 16, 64)
			if err != nil {
				return
			}
			sums[i] += value
		}
	}
	packets := b.counter("system.network.softnet.packets", "{packet}", "Packets that CPUs took from the interfaces' queues, and had to drop.")
	packets.count(sums[0], text(outcomeKey, "processed"))
	packets.count(sums[1], text(outcomeKey, "dropped"))
	b.counter("system.network.softnet.squeezes", "{squeeze}", "How often a CPU stopped taking packets before all were taken.").count(sums[2])
}

// addNeighbours counts the lines of the ARP table by their last column, the interface.
func addNeighbours(b *batch, content []byte) {
	counts := map[string]uint64{}
	header := true
	for line := range bytes.Lines(content) {
		line = bytes.TrimSpace(line)
		if !header && len(line) > 0 {
			counts[string(line[bytes.LastIndexByte(line, ' ')+1:])]++
		}
		header = false
	}
	entries := b.amount("system.network.arp.entries", "{entry}", "Neighbours in the ARP table.")
	for _, name := range sortedKeys(counts) {
		entries.count(counts[name], text(interfaceKey, name))
	}
}
