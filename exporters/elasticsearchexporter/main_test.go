package elasticsearchexporter

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/test/servers"
)

// server is that of all tests; the first that needs it starts it.
var server *servers.Elasticsearch

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if server != nil {
			server.Stop()
			_ = os.RemoveAll(server.Dir)
		}
		os.Exit(code)
	}), goleak.IgnoreAnyFunction("github.com/pharos-obs/pharos/test/servers.(*Process).Start.func1"))
}

// onServer returns a configuration for one test.
func onServer(tb testing.TB, prefix string) *Config {
	tb.Helper()
	if testing.Short() {
		tb.Skip("real servers are for `make test`")
	}
	if server == nil {
		dir, err := os.MkdirTemp("", "pharos-server-") //nolint:usetesting // it outlives the test, and the server has another account
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			tb.Fatal(err)
		}
		if server, err = servers.StartElasticsearch(context.Background(), dir); err != nil {
			tb.Fatal(err)
		}
	}
	cfg := configOf(server.URL)
	cfg.IndexPrefix, cfg.Replicas, cfg.Refresh = prefix, 0, "now"
	return cfg
}
