package servers

import (
	"context"
	"os"
	"sync"
	"testing"
)

// Shared is a server that all tests of a package use. The first one that needs it starts it, and
// TestMain ends it with Stop.
type Shared[S interface{ Stop() }] struct {
	once   sync.Once
	dir    string
	server S
	err    error
	runs   bool
}

// Get returns the server, and starts it when nobody has. The test fails when it does not start.
func (s *Shared[S]) Get(tb testing.TB, start func(ctx context.Context, dir string) (S, error)) S {
	tb.Helper()
	if testing.Short() {
		tb.Skip("real servers are for `make test`")
	}
	s.once.Do(func() {
		// The folders of testing are for their owner alone, and some servers have another account.
		if s.dir, s.err = os.MkdirTemp("", "pharos-server-"); s.err != nil { //nolint:usetesting // see above
			return
		}
		if s.err = os.Chmod(s.dir, 0o755); s.err == nil { //nolint:gosec // see above
			s.server, s.err = start(context.WithoutCancel(tb.Context()), s.dir)
			s.runs = s.err == nil
		}
	})
	if s.err != nil {
		tb.Fatalf("start a server: %v", s.err)
	}
	return s.server
}

// Stop ends the server, if one was started.
func (s *Shared[S]) Stop() {
	if s.runs {
		s.server.Stop()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
