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
	// trimEvery is often enough for what a fault of the server or a reload has read.
	trimEvery = 10 * time.Minute
)

// trimWhileRunning gives back memory that only the start has needed, and now and then what only a
// rare event has. Two thirds of an agent's resident memory are pages of its own program, of which
// a start reads nearly all: descriptions of parts, parsers of configuration, command line. What is
// needed again comes from the page cache, in less than a millisecond for all of it.
func trimWhileRunning(ctx context.Context, _ *otelcol.Config) {
	next := time.NewTimer(trimFirst)
	defer next.Stop()
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		if first {
			debug.FreeOSMemory()
		}
		trimProgram()
		next.Reset(trimEvery)
	}
}
