package servers

import (
	"context"
	"testing"
)

// Run starts a server for a test: `kafka := servers.Run(t, servers.StartKafka)`. It ends with the
// test, which fails when the server does not start.
func Run[S interface{ Stop() }](tb testing.TB, start func(ctx context.Context, dir string) (S, error)) S {
	tb.Helper()
	server, err := start(tb.Context(), tb.TempDir())
	if err != nil {
		tb.Fatalf("start a server: %v", err)
	}
	tb.Cleanup(server.Stop)
	return server
}
