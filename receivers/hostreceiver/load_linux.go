package hostreceiver

import (
	"context"
	"fmt"
)

func newLoad(h *host) scrapeFunc {
	path := h.proc("loadavg")
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(path)
		if err != nil {
			return err
		}
		var averages [3]float64
		rest := content
		for i := range averages {
			var word []byte
			var ok bool
			word, rest = firstWord(rest)
			if averages[i], ok = floatOf(word); !ok {
				return fmt.Errorf("read %s: %.40q is no load average", path, content)
			}
		}
		addLoad(b, averages)
		return nil
	}
}
