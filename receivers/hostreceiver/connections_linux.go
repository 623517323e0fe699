package hostreceiver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// connectionCounter counts TCP connections. It asks the kernel over netlink, which takes a fraction
// of a millisecond. Where that is not allowed, or would tell of another network namespace than
// the host's, it reads the kernel's tables as text: that takes many milliseconds on a machine with
// much memory, whose tables are large, and so is done once a minute.
type connectionCounter struct {
	host   *host
	direct bool // over netlink
	buffer []byte
	tables map[connectionKind]uint64 // TCP as it was read
	at     time.Time
}

func newConnectionCounter(h *host) *connectionCounter {
	return &connectionCounter{host: h, direct: sameNetwork(h), buffer: make([]byte, 32<<10)}
}

// sameNetwork says whether the host's network is the one that this process sees.
func sameNetwork(h *host) bool {
	if h.root == "" {
		return true
	}
	own, ownErr := os.Readlink("/proc/self/ns/net")
	hosts, err := os.Readlink(h.proc("1", "ns", "net"))
	return ownErr == nil && err == nil && own == hosts
}

// count returns the connections of each kind. gopsutil would also look through the open files of
// every process to find out whose each socket is.
func (c *connectionCounter) count(_ context.Context, now time.Time) (map[connectionKind]uint64, error) {
	counts := map[connectionKind]uint64{}
	err := c.addTCP(counts, now)
	return counts, errors.Join(err, c.addTables(counts, "udp", "udp", "udp6"))
}

func (c *connectionCounter) addTCP(counts map[connectionKind]uint64, now time.Time) error {
	if c.direct {
		err := c.ask(counts)
		if err == nil {
			return nil
		}
		c.direct = errors.Is(err, unix.EAGAIN) // it was slow; or it is not allowed, and will not be
	}
	if c.tables == nil || now.Sub(c.at) >= rereadAfter {
		tables := map[connectionKind]uint64{}
		if err := c.addTables(tables, "tcp", "tcp", "tcp6"); err != nil {
			return err
		}
		c.tables, c.at = tables, now
	}
	maps.Copy(counts, c.tables)
	return nil
}

func (c *connectionCounter) addTables(counts map[connectionKind]uint64, transport string, names ...string) error {
	var errs []error
	for _, name := range names {
		err := countTable(c.host.procNet(name), transport, counts)
		// Without IPv6 there is no such table.
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

const (
	// tcpDiagGetSock asks for TCP sockets of both families; the newer request wants one of them,
	// and the kernel would go through its tables twice.
	tcpDiagGetSock = 18
	// diagRequestLength is that of the message: a header, an inet_diag_req.
	diagRequestLength = unix.NLMSG_HDRLEN + 60
	diagStatesOffset  = unix.NLMSG_HDRLEN + 52
	// diagStateOffset is where an answer says the state: after its header and the family.
	diagStateOffset = unix.NLMSG_HDRLEN + 1
	allTCPStates    = 1<<(newSynReceived+1) - 2 // a bit for each number from 1 on
)

// ask asks over netlink. A count that breaks off adds nothing.
func (c *connectionCounter) ask(counts map[connectionKind]uint64) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // it was only read
	patience := unix.Timeval{Sec: 2}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		return fmt.Errorf("set a timeout of netlink: %w", err)
	}
	request := make([]byte, diagRequestLength)
	binary.NativeEndian.PutUint32(request, diagRequestLength)
	binary.NativeEndian.PutUint16(request[4:], tcpDiagGetSock)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	binary.NativeEndian.PutUint32(request[diagStatesOffset:], allTCPStates)
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask for sockets: %w", err)
	}
	var states [newSynReceived + 1]uint64
	for done := false; !done; {
		n, _, err := unix.Recvfrom(fd, c.buffer, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err == nil {
			done, err = countAnswers(c.buffer[:n], &states)
		}
		if err != nil {
			return fmt.Errorf("receive sockets: %w", err)
		}
	}
	names := tcpStates()
	for n, count := range states {
		if name := stateNumbered(uint64(n), names); name != "" && count > 0 {
			counts[connectionKind{"tcp", name}] += count
		}
	}
	return nil
}

// countAnswers counts the messages of a datagram by state, and says whether the last has come.
func countAnswers(datagram []byte, states *[newSynReceived + 1]uint64) (done bool, err error) {
	for len(datagram) >= unix.NLMSG_HDRLEN {
		length := int(binary.NativeEndian.Uint32(datagram))
		if length < unix.NLMSG_HDRLEN || length > len(datagram) {
			return false, errors.New("a message is cut off")
		}
		switch binary.NativeEndian.Uint16(datagram[4:]) {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if length < unix.NLMSG_HDRLEN+4 {
				return false, errors.New("a message is cut off")
			}
			return false, syscall.Errno(-int32(binary.NativeEndian.Uint32(datagram[unix.NLMSG_HDRLEN:])))
		default:
			if length > diagStateOffset && int(datagram[diagStateOffset]) < len(states) {
				states[datagram[diagStateOffset]]++
			}
		}
		datagram = datagram[min((length+3)&^3, len(datagram)):]
	}
	return false, nil
}

func countTable(path, transport string, counts map[connectionKind]uint64) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open socket table: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(file)
	lines.Scan() // the header
	states := tcpStates()
	for lines.Scan() {
		kind := connectionKind{transport: transport}
		if transport == "tcp" {
			kind.state = stateOf(lines.Bytes(), states)
		}
		counts[kind]++
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// stateOf returns the state in the fourth column of a TCP table's line.
func stateOf(line []byte, states []string) string {
	for range 3 {
		line = bytes.TrimLeft(line, " ")
		end := bytes.IndexByte(line, ' ')
		if end < 0 {
			return ""
		}
		line = line[end:]
	}
	line = bytes.TrimLeft(line, " ")
	if len(line) < 2 {
		return ""
	}
	n, err := strconv.ParseUint(string(line[:2]), 16, 8)
	if err != nil {
		return ""
	}
	return stateNumbered(n, states)
}

// stateNumbered returns the name of a state by the kernel's number of it.
func stateNumbered(n uint64, states []string) string {
	switch {
	case n == newSynReceived:
		return "syn_received"
	case n < 1 || int(n) > len(states):
		return ""
	}
	return states[n-1]
}
