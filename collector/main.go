// Program pharos is the server: an OpenTelemetry Collector distribution whose stores and
// backend are extensions. A role is a YAML file; `pharos up` runs all of them in one process.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
)

// gcPercent is how much the heap may grow before it is collected. Twice Go's default gives 7 to
// 20 % more samples and lines per CPU-second for 50 to 80 MB more under load and none when idle
// (docs/benchmarks.md).
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if err := execute(context.Background(), rootCommand()); err != nil {
		fmt.Fprintln(os.Stderr, "pharos:", err)
		os.Exit(exitCode(err))
	}
}
