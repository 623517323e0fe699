package timescaleexporter

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/test/servers"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.stop(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// shared is the PostgreSQL of this package's tests, started by the first that wants it.
var shared lazyServer

type lazyServer struct {
	once    sync.Once
	dir     string
	server  *servers.PostgreSQL
	err     error
	schemas int
}

func (s *lazyServer) stop() error {
	if s.server != nil {
		s.server.Stop()
	}
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// onPostgreSQL returns settings for a schema of its own.
func onPostgreSQL(tb testing.TB) *Config {
	tb.Helper()
	if testing.Short() {
		tb.Skip("real servers are for `make test`")
	}
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "pharos-server-"); shared.err != nil { //nolint:usetesting // it outlives the test that asks first
			return
		}
		if shared.err = os.Chmod(shared.dir, 0o755); shared.err == nil { // the server has another account
			shared.server, shared.err = servers.StartPostgreSQL(context.Background(), shared.dir)
		}
	})
	require.NoError(tb, shared.err)
	shared.schemas++
	cfg := configOf(shared.server.DSN("postgres"))
	cfg.Schema = fmt.Sprintf("test_%d", shared.schemas)
	cfg.MaxConnections = 4
	return cfg
}
