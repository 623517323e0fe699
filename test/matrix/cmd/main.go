// Command cmd prints which suites of tests ran on which stores since .cache/matrix was removed.
package main

import (
	"fmt"
	"os"

	"github.com/pharos-obs/pharos/test/matrix"
)

func main() {
	if err := matrix.Print(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
