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

// Program is a program under test beside the server.
type Program struct {
	// Variable names its binary, so that none is built.
	Variable string
	// Package is its main package, such as ./agent.
	Package string
}

// Main runs the tests of a package against the real binaries, and returns the exit code for
// os.Exit. With -short it runs none of them: they start servers, and `make check` starts none.
func Main(m *testing.M, more ...Program) int {
	flag.Parse()
	if testing.Short() {
		fmt.Println("these tests start servers; they run without -short")
		return 0
	}
	dir, err := os.MkdirTemp("", "pharos-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the binaries:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()     // a temporary folder that stays does no harm
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // servers may run as another user
		fmt.Fprintln(os.Stderr, "open the folder of the binaries:", err)
		return 1
	}
	for _, program := range append([]Program{{Variable: binaryVariable, Package: "./collector"}}, more...) {
		if os.Getenv(program.Variable) != "" {
			continue
		}
		if err := program.build(filepath.Join(dir, filepath.Base(program.Package))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// build builds the program, and makes it the one under test.
func (p Program) build(binary string) error {
	ctx := context.Background()
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	command := exec.CommandContext(ctx, "go", "build", "-o", binary, p.Package) //nolint:gosec // our own program
	command.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", p.Package, err, output)
	}
	return os.Setenv(p.Variable, binary)
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
