package api

import (
	"fmt"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"github.com/pharos-obs/pharos/backend/frontdoor"
)

// compressFrom is the size in bytes from which an answer is worth compressing.
const compressFrom = 4096

// compress makes routes answer in gzip to clients that take it, as Prometheus does.
func compress(routes []frontdoor.Route) error {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(compressFrom), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		return fmt.Errorf("set up compression: %w", err)
	}
	for i := range routes {
		routes[i].Handler = wrap(routes[i].Handler)
	}
	return nil
}
