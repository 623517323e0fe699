// Program pharos is the server: an OpenTelemetry Collector distribution whose stores and
// backend are extensions. A role is a YAML file; `pharos up` runs all of them in one process.
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	if err := execute(context.Background(), rootCommand()); err != nil {
		fmt.Fprintln(os.Stderr, "pharos:", err)
		os.Exit(exitCode(err))
	}
}
