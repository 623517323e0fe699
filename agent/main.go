// Program pharos-agent runs on every host: it collects metrics and logs of the machine and of
// plugins, keeps them on disk while the server is away, and sends them by OTLP.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := execute(context.Background(), rootCommand()); err != nil {
		if !errors.As(err, new(quietError)) {
			fmt.Fprintln(os.Stderr, "pharos-agent:", err)
		}
		os.Exit(exitCode(err))
	}
}
