package hostreceiver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

// countConnections reads the kernel's socket tables. gopsutil would also look through the open
// files of every process to find out whose each socket is.
func countConnections(_ context.Context, h *host) (map[connectionKind]uint64, error) {
	counts := map[connectionKind]uint64{}
	var errs []error
	for _, table := range []struct{ name, transport string }{
		{"tcp", "tcp"}, {"tcp6", "tcp"}, {"udp", "udp"}, {"udp6", "udp"},
	} {
		err := countTable(h.procNet(table.name), table.transport, counts)
		// Without IPv6 there is no such table.
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return counts, errors.Join(errs...)
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
	switch {
	case err != nil:
		return ""
	case n == newSynReceived:
		return "syn_received"
	case n < 1 || int(n) > len(states):
		return ""
	}
	return states[n-1]
}
