package servers

import (
	"context"
	"os"
	"testing"
)

// Run starts a server for a test: `kafka := servers.Run(t, servers.StartKafka)`. It ends with the
// test, which fails when the server does not start.
func Run[S interface{ Stop() }](tb testing.TB, start func(ctx context.Context, dir string) (S, error)) S {
	tb.Helper()
	if testing.Short() {
		tb.Skip("real servers are for `make test`")
	}
	// The folders of testing are for their owner alone, and some servers have another account.
	dir, err := os.MkdirTemp("", "pharos-server-") //nolint:usetesting // see above
	if err != nil {
		tb.Fatalf("make a folder for a server: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // see above
		tb.Fatalf("open the folder of a server: %v", err)
	}
	server, err := start(tb.Context(), dir)
	if err != nil {
		tb.Fatalf("start a server: %v", err)
	}
	tb.Cleanup(server.Stop)
	return server
}
