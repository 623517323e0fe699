package server

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binaryVariable names the program under test.
const binaryVariable = "PHAROS_BIN"

// Main runs the tests of a package against the real binary, and returns the exit code for
// os.Exit. With -short it runs none of them: they start servers, and `make check` starts none.
func Main(m *testing.M) int {
	flag.Parse()
	if testing.Short() {
		fmt.Println("these tests start servers; they run without -short")
		return 0
	}
	if os.Getenv(binaryVariable) == "" {
		dir, err := os.MkdirTemp("", "pharos-bin-")
		if err != nil {
			fmt.Fprintln(os.Stderr, "make a folder for the binary:", err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()     // a temporary folder that stays does no harm
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // servers may run as another user
			fmt.Fprintln(os.Stderr, "open the folder of the binary:", err)
			return 1
		}
		if err := build(filepath.Join(dir, "pharos")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// build builds the program, and makes it the one under test.
func build(binary string) error {
	ctx := context.Background()
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	command := exec.CommandContext(ctx, "go", "build", "-o", binary, "./collector") //nolint:gosec // our own program
	command.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build pharos: %w\n%s", err, output)
	}
	return os.Setenv(binaryVariable, binary)
}

// Binary returns the path of the program under test.
func Binary(tb testing.TB) string {
	tb.Helper()
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		tb.Fatalf("%s is not set: call server.Main in TestMain", binaryVariable)
	}
	return binary
}
