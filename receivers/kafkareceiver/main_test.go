package kafkareceiver

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/test/servers"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(backendDir); dir != "" {
		if err := runBackend(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	protocol.Register(&deleteRecordsRequest{}, &deleteRecordsResponse{})
	libraries := goleak.IgnoreCurrent() // some begin goroutines when they are linked
	code := m.Run()
	if err := broker.stop(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(libraries); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// broker is the one of this package's tests, started by the first that wants it.
var broker lazyBroker

type lazyBroker struct {
	once   sync.Once
	dir    string
	server *servers.Kafka
	err    error
}

func (b *lazyBroker) stop() error {
	if b.server != nil {
		b.server.Stop()
	}
	if b.dir == "" {
		return nil
	}
	return os.RemoveAll(b.dir)
}

// kafkaServer returns the package's broker.
func kafkaServer(tb testing.TB) *servers.Kafka {
	tb.Helper()
	if testing.Short() {
		tb.Skip("real servers are for `make test`")
	}
	broker.once.Do(func() {
		if broker.dir, broker.err = os.MkdirTemp("", "pharos-kafka-"); broker.err == nil { //nolint:usetesting // it outlives the test that asks first
			broker.server, broker.err = servers.StartKafka(context.Background(), broker.dir)
		}
	})
	require.NoError(tb, broker.err)
	return broker.server
}
