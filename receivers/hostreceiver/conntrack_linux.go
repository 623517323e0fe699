package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
)

// newConntrack reads how many connections the firewall tracks, and how many it may. A host whose
// kernel tracks none has no such metrics.
func newConntrack(h *host) scrapeFunc {
	count, limit := h.proc("sys", "net", "netfilter", "nf_conntrack_count"), h.proc("sys", "net", "netfilter", "nf_conntrack_max")
	stat := h.procNet("stat/nf_conntrack")
	return func(_ context.Context, b *batch) error {
		entries, err := b.files.number(count)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		b.amount("system.network.conntrack.count", "{connection}", "Connections that the firewall tracks.").count(entries)
		most, err := b.files.number(limit)
		if err != nil {
			return err
		}
		b.amount("system.network.conntrack.limit", "{connection}", "Connections that the firewall can track; more are dropped.").count(most)
		if content, err := b.files.read(stat); err == nil {
			addConntrack(b, content)
		}
		return nil
	}
}

// addConntrack adds up the lines of hexadecimal numbers, one for each CPU, below a line of names.
func addConntrack(b *batch, content []byte) {
	names, rest, _ := bytes.Cut(content, []byte("\n"))
	wanted := []struct {
		name, outcome string
		sum           uint64
		found         bool
	}{{name: "invalid", outcome: "invalid"}, {name: "insert_failed", outcome: "insert_failed"}, {name: "drop", outcome: "drop"}, {name: "early_drop", outcome: "early_drop"}}
	column := 0
	for name := range bytes.FieldsSeq(names) {
		for i := range wanted {
			if wanted[i].name == string(name) {
				wanted[i].sum, wanted[i].found = sumColumn(rest, column), true
			}
		}
		column++
	}
	events := b.counter("system.network.conntrack.failures", "{packet}", "Packets that could not be tracked, and connections dropped for want of room.")
	for _, w := range wanted {
		if w.found {
			events.count(w.sum, text(outcomeKey, w.outcome))
		}
	}
}

// sumColumn adds up the hexadecimal numbers of a column.
func sumColumn(lines []byte, column int) (sum uint64) {
	for line := range bytes.Lines(lines) {
		i := 0
		for word := range bytes.FieldsSeq(line) {
			if i == column {
				value, _ := strconv.ParseUint(string(word), 16, 64)
				sum += value
			}
			i++
		}
	}
	return sum
}
