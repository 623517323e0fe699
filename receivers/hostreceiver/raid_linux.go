package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
)

const raidStateKey = "system.raid.device.state"

// raidArray is a software RAID array of /proc/mdstat.
type raidArray struct {
	name                             string
	active                           bool
	required, working, failed, spare uint64
	sync                             string // resync, recovery, reshape or check; empty when there is none
	progress                         float64
}

func newRAID(h *host) scrapeFunc {
	path := h.proc("mdstat")
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the kernel has no software RAID
		}
		if err != nil {
			return err
		}
		addRAID(b, parseMDStat(content))
		return nil
	}
}

func addRAID(b *batch, arrays []raidArray) {
	up := b.amount("system.raid.up", "1", "1 while the array works, with or without all its devices.")
	required := b.amount("system.raid.device.limit", "{device}", "Devices that the array should have.")
	devices := b.amount("system.raid.device.count", "{device}", "Devices of the array by state.")
	progress := b.gauge("system.raid.sync.progress", "1", "How much of a rebuild or a check is done.")
	for _, a := range arrays {
		device, value := text(deviceKey, a.name), uint64(0)
		if a.active {
			value = 1
		}
		up.count(value, device)
		required.count(a.required, device)
		devices.count(a.working, device, text(raidStateKey, "active"))
		devices.count(a.failed, device, text(raidStateKey, "failed"))
		devices.count(a.spare, device, text(raidStateKey, "spare"))
		if a.sync != "" {
			progress.float(a.progress, device, text("system.raid.sync.type", a.sync))
		}
	}
}

// parseMDStat parses arrays such as
//
//	md0 : active raid1 sdb1[1] sda1[0](F)
//	      1953382336 blocks super 1.2 [2/1] [_U]
//	      [==>......]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec
func parseMDStat(content []byte) []raidArray {
	var arrays []raidArray
	for raw := range bytes.Lines(content) {
		line := string(raw)
		name, rest, found := strings.Cut(line, " : ")
		switch {
		case found && strings.HasPrefix(name, "md"):
			arrays = append(arrays, parseArray(name, rest))
		case len(arrays) == 0 || !strings.HasPrefix(line, " "):
		default:
			arrays[len(arrays)-1].describe(line)
		}
	}
	return arrays
}

func parseArray(name, rest string) raidArray {
	a := raidArray{name: name}
	for i, word := range strings.Fields(rest) {
		switch {
		case i == 0:
			a.active = word == "active"
		case strings.HasSuffix(word, "(F)"):
			a.failed++
		case strings.HasSuffix(word, "(S)"):
			a.spare++
		case strings.Contains(word, "["):
			a.working++
		}
	}
	a.required = a.working // of a level that cannot lose a device, there is no line that says it
	return a
}

func (a *raidArray) describe(line string) {
	for word := range strings.FieldsSeq(line) {
		inside, found := strings.CutPrefix(word, "[")
		required, working, slash := strings.Cut(strings.TrimSuffix(inside, "]"), "/")
		n, isNumber := uintOf([]byte(required))
		w, both := uintOf([]byte(working))
		if found && slash && isNumber && both {
			a.required, a.working = n, w
		}
	}
	for _, kind := range []string{"resync", "recovery", "reshape", "check"} {
		_, after, found := strings.Cut(line, kind+" = ")
		percent, _, isPercent := strings.Cut(after, "%")
		if value, ok := floatOf([]byte(strings.TrimSpace(percent))); found && isPercent && ok {
			a.sync, a.progress = kind, value/100
		}
	}
}
