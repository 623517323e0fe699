package cluster

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/pharos-obs/pharos/test/servers"
)

// Kind is where a cluster keeps metrics. Logs are in Elasticsearch, users and keys in PostgreSQL,
// and everything comes through Kafka.
type Kind string

// The kinds of clusters.
const (
	// Timescale keeps metrics in TimescaleDB, compiled to WebAssembly.
	Timescale Kind = "timescaledb"
	// PostgreSQL keeps metrics in plain PostgreSQL, behind pgbouncer.
	PostgreSQL Kind = "postgresql"
)

// Servers are what clusters run on.
type Servers struct {
	Kafka         *servers.Kafka
	Elasticsearch *servers.Elasticsearch
	PostgreSQL    *servers.PostgreSQL
	PgBouncer     *servers.PgBouncer
	Redis         *servers.Redis
	Timescale     *servers.Timescale // nil unless a kind needs it
}

// StartServers starts what clusters of these kinds need. They end with the test.
func StartServers(tb testing.TB, kinds ...Kind) *Servers {
	tb.Helper()
	s := &Servers{}
	s.PostgreSQL = servers.Run(tb, servers.StartPostgreSQL)
	s.PgBouncer = servers.Run(tb, func(ctx context.Context, dir string) (*servers.PgBouncer, error) {
		return servers.StartPgBouncer(ctx, dir, s.PostgreSQL)
	})
	s.Redis = servers.Run(tb, servers.StartRedis)
	var slow sync.WaitGroup
	slow.Go(func() { s.Kafka = servers.Run(tb, servers.StartKafka) })
	slow.Go(func() { s.Elasticsearch = servers.Run(tb, servers.StartElasticsearch) })
	if slices.Contains(kinds, Timescale) {
		slow.Go(func() { s.Timescale = servers.Run(tb, servers.StartTimescale) })
	}
	slow.Wait()
	if tb.Failed() {
		tb.FailNow() // one of them has not started
	}
	return s
}
