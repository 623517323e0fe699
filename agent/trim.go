package main

import (
	"context"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/collector/otelcol"
)

const (
	// trimFirst is when the work of the start is surely over: the first collections have been sent.
	trimFirst = 20 * time.Second
	// trimEvery keeps the pages of what happens now and then (a collection of garbage, a server
	// that is away) from adding up to the whole program again.
	trimEvery = time.Minute
)

// addresses is a part of the memory.
type addresses struct{ from, to uintptr }

// trimWhileRunning gives back memory that only the start has needed, and then what only a rare
// event has. Three quarters of an agent's resident memory are pages of its own program, of which a
// start reads nearly all: descriptions of parts, parsers of configuration, command line. What is
// needed again comes from the page cache, within two milliseconds for all of it.
func trimWhileRunning(ctx context.Context, _ *otelcol.Config) {
	next := time.NewTimer(trimFirst)
	defer next.Stop()
	var program []addresses
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		if program == nil {
			debug.FreeOSMemory()
			program = cleanProgram()
		}
		release(program)
		next.Reset(trimEvery)
	}
}
