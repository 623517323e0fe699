package hostreceiver

import (
	"bytes"
	"context"
	"path/filepath"
)

// networkScraper reads /proc/net/dev and the state of each interface from sys.
type networkScraper struct {
	excluded func(string) bool
	details  bool
	dev      string
	class    string                    // the folder of interfaces in sys
	known    map[string]*interfacePath // nil for one that is excluded
	cycle    int
}

// interfacePath is where sys describes an interface, and what it said when it was last asked.
// The speed is not asked for every time: some drivers take a lock for it.
type interfacePath struct {
	name, state, changes, speed, mtu string
	bytesPerSecond, mtuBytes         uint64
}

func newNetwork(cfg NetworkConfig, h *host) (scrapeFunc, error) {
	excluded, err := excluder(cfg.ExcludeInterfaces)
	if err != nil {
		return nil, err
	}
	s := &networkScraper{
		excluded: excluded, details: cfg.Details, dev: h.procNet("dev"), class: h.sys("class", "net"), known: map[string]*interfacePath{},
	}
	return s.scrape, nil
}

func (s *networkScraper) scrape(_ context.Context, b *batch) error {
	content, err := b.files.read(s.dev)
	if err != nil {
		return err
	}
	if s.cycle%rereadCycles == 0 {
		clear(s.known)
	}
	s.cycle++
	var interfaces []interfaceStat
	for line := range bytes.Lines(content) {
		if i, ok := s.parse(line); ok {
			interfaces = append(interfaces, i)
		}
	}
	addInterfaces(b, interfaces)
	if s.details {
		addInterfaceDetails(b, interfaces)
	}
	s.describe(b, interfaces)
	s.bonds(b)
	return nil
}

// parse parses a line: a name with a colon, 8 counters received and 8 transmitted.
func (s *networkScraper) parse(line []byte) (interfaceStat, bool) {
	colon := bytes.LastIndexByte(line, ':')
	if colon < 0 {
		return interfaceStat{}, false // a header
	}
	word := bytes.TrimSpace(line[:colon])
	i, known := s.known[string(word)]
	if !known {
		if name := string(word); !s.excluded(name) {
			i = newInterfacePath(filepath.Join(s.class, name), name)
		}
		s.known[string(word)] = i
	}
	var c [16]uint64
	if i == nil || numbersOf(line[colon+1:], c[:]) < len(c) {
		return interfaceStat{}, false
	}
	return interfaceStat{
		name: i.name,
		in:   interfaceTraffic{c[0], c[1], c[2], c[3], c[4], c[6], c[5], c[7]},
		out:  interfaceTraffic{c[8], c[9], c[10], c[11], c[12], c[15], c[13], c[14]},
	}, true
}

func newInterfacePath(folder, name string) *interfacePath {
	i := &interfacePath{
		name: name, state: filepath.Join(folder, "operstate"), changes: filepath.Join(folder, "carrier_changes"),
		speed: filepath.Join(folder, "speed"), mtu: filepath.Join(folder, "mtu"),
	}
	// In Mbit/s; not to be had, or -1, of an interface that is virtual or down.
	if content, err := readInto(i.speed, nil); err == nil {
		megabits, _ := uintOf(bytes.TrimSpace(content))
		i.bytesPerSecond = megabits * 1e6 / 8
	}
	if content, err := readInto(i.mtu, nil); err == nil {
		i.mtuBytes, _ = uintOf(bytes.TrimSpace(content))
	}
	return i
}

// describe adds the state of the interfaces that sys knows.
func (s *networkScraper) describe(b *batch, interfaces []interfaceStat) {
	up := b.amount("system.network.interface.up", "1", "1 while the interface works, 0 while it does not.")
	changes := b.counter("system.network.interface.carrier_changes", "{change}", "How often the link was lost or found.")
	speed := b.gauge("system.network.interface.speed", "By/s", "Speed of the link in each direction.")
	mtu := b.gauge("system.network.interface.mtu", "By", "Largest packet of the interface.")
	for k := range interfaces {
		i := s.known[interfaces[k].name]
		name := text(interfaceKey, i.name)
		if state, err := b.files.read(i.state); err == nil {
			switch string(bytes.TrimSpace(state)) {
			case "up":
				up.count(1, name)
			case "unknown": // virtual interfaces that have no link to lose
			default:
				up.count(0, name)
			}
		}
		if count, err := b.files.number(i.changes); err == nil {
			changes.count(count, name)
		}
		if i.bytesPerSecond > 0 {
			speed.count(i.bytesPerSecond, name)
		}
		if i.mtuBytes > 0 {
			mtu.count(i.mtuBytes, name)
		}
	}
}

// addInterfaceDetails adds the counters that say what kind of error it was.
func addInterfaceDetails(b *batch, interfaces []interfaceStat) {
	events := b.counter("system.network.linux.events", "{event}", "What else the kernel counts of an interface.")
	for k := range interfaces {
		i := &interfaces[k]
		name := text(interfaceKey, i.name)
		for _, side := range []struct {
			direction, sixth, seventh string
			traffic                   *interfaceTraffic
		}{{"receive", "frame", "multicast", &i.in}, {"transmit", "collision", "carrier", &i.out}} {
			direction := text(networkDirectionKey, side.direction)
			for _, e := range []struct {
				event string
				count uint64
			}{
				{"fifo", side.traffic.fifo},
				{"compressed", side.traffic.compressed},
				{side.sixth, side.traffic.frameOrCollisions},
				{side.seventh, side.traffic.multicastOrCarrier},
			} {
				events.count(e.count, name, direction, text("system.network.linux.event", e.event))
			}
		}
	}
}

// bonds adds how many interfaces each bond has, and how many of them work.
func (s *networkScraper) bonds(b *batch) {
	masters, err := b.files.read(filepath.Join(s.class, "bonding_masters"))
	if err != nil {
		return // the kernel has no bonding
	}
	count := b.amount("system.network.bond.interfaces", "{interface}", "Interfaces of the bond, by whether they have a link.")
	for master := range bytes.FieldsSeq(masters) {
		bond := string(master)
		members, err := b.files.read(filepath.Join(s.class, bond, "bonding", "slaves"))
		if err != nil {
			continue
		}
		var working, total uint64
		for member := range bytes.FieldsSeq(members) {
			total++
			status, err := b.files.word(filepath.Join(s.class, bond, "lower_"+string(member), "bonding_slave", "mii_status"))
			if err == nil && status == "up" {
				working++
			}
		}
		count.count(working, text(interfaceKey, bond), text("system.network.bond.state", "up"))
		count.count(total-working, text(interfaceKey, bond), text("system.network.bond.state", "down"))
	}
}
