package hostreceiver

import (
	"context"
	"path/filepath"
	"strings"
)

// newEDAC reads how many errors the memory controllers have found. Most virtual machines, and
// machines without ECC memory, have none.
func newEDAC(h *host) scrapeFunc {
	folder := h.sys("devices", "system", "edac", "mc")
	return func(_ context.Context, b *batch) error {
		failures := b.counter("hw.errors", "{error}", "Errors of the hardware.")
		for _, name := range listNames(folder) {
			if !strings.HasPrefix(name, "mc") {
				continue
			}
			for _, kind := range [...][2]string{{"corrected", "ce_count"}, {"uncorrected", "ue_count"}} {
				if count, err := b.files.number(filepath.Join(folder, name, kind[1])); err == nil {
					failures.count(count, text(hardwareIDKey, name), text("hw.type", "memory"), text(errorTypeKey, kind[0]))
				}
			}
		}
		return nil
	}
}
