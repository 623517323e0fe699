package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// newPressure reads the kernel's pressure stall information. A kernel without it, or with it
// switched off, has no such metrics.
func newPressure(h *host) scrapeFunc {
	folder := h.proc("pressure")
	resources := []string{"cpu", "memory", "io", "irq"}
	paths := make([]string, len(resources))
	for i, resource := range resources {
		paths[i] = filepath.Join(folder, resource)
	}
	return func(_ context.Context, b *batch) error {
		stalled := b.counter("system.linux.pressure.stall.time", "s",
			"Time during which some tasks, or all that had work to do (full), waited for the resource.")
		var errs []error
		for i, resource := range resources {
			content, err := b.files.read(paths[i])
			switch {
			case err == nil:
				addPressure(stalled, content, resource)
			case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.EOPNOTSUPP):
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
}

// addPressure parses lines such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`, in
// microseconds.
func addPressure(stalled metric, content []byte, resource string) {
	for line := range bytes.Lines(content) {
		share, rest := firstWord(line)
		_, total, found := bytes.Cut(rest, []byte("total="))
		if micros, ok := uintOf(bytes.TrimSpace(total)); found && ok {
			stalled.float(float64(micros)/1e6, text("system.linux.pressure.resource", resource), text("system.linux.pressure.share", string(share)))
		}
	}
}
