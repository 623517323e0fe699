package hostreceiver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// newKernel reads the limits of the kernel as a whole: open files and randomness.
func newKernel(h *host) scrapeFunc {
	files, entropy := h.proc("sys", "fs", "file-nr"), h.proc("sys", "kernel", "random", "entropy_avail")
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(files)
		if err != nil {
			return err
		}
		// Allocated, allocated but unused (0 since Linux 2.6), and the most.
		var counts [3]uint64
		if numbersOf(content, counts[:]) < len(counts) {
			return fmt.Errorf("read %s: %.40q is not three numbers", files, content)
		}
		b.amount("system.linux.file_descriptor.count", "{file_descriptor}", "Open files of all processes.").count(counts[0])
		b.amount("system.linux.file_descriptor.limit", "{file_descriptor}", "Files that all processes together may have open.").count(counts[2])
		bits, err := b.files.number(entropy)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			b.gauge("system.linux.entropy.available", "bit", "Randomness that the kernel has collected.").count(bits)
		}
		return err
	}
}
