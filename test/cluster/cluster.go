package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/segmentio/kafka-go"

	"github.com/pharos-obs/pharos/test/server"
)

// Cluster is the distributed program: a gateway, a writer and a backend.
type Cluster struct {
	// Front is what clients see: the gateway's addresses. What is done to it is done to all roles.
	Front *server.Server
	// Gateway, Writer and Backend are the roles, each by itself.
	Gateway, Writer, Backend *server.Server
	// Metrics, Logs, Metadata and Redis are the ways to the servers.
	Metrics, Logs, Metadata, Redis *Link
	// Bulk stands between Logs and Elasticsearch.
	Bulk *Bulk
	// Servers are what it runs on.
	Servers *Servers
	// Kind is where its metrics are.
	Kind Kind
	// Name is part of the names of its topics, databases and indices.
	Name string

	tb  testing.TB
	env []string

	transport *kafka.Transport

	mu      sync.Mutex
	settled map[string]map[int]int64 // ends of the topics when all before could be read
}

// Start starts a cluster and waits until it is ready. It ends with the test.
func (s *Servers) Start(tb testing.TB, kind Kind) *Cluster {
	tb.Helper()
	c := s.New(tb, kind)
	c.Front.Start()
	c.AwaitBootstrap()
	return c
}

// AwaitBootstrap waits until the backend has made the first organisation and its keys, which it
// does before it is ready.
func (c *Cluster) AwaitBootstrap() {
	c.tb.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(c.Backend.Dir, "bootstrap.json")); err == nil {
			c.Backend.ReadBootstrap()
			c.Front.Bootstrap = c.Backend.Bootstrap
			return
		}
	}
	c.tb.Fatalf("the backend has not made an organisation; its log:\n%s", c.Backend.Log())
}

// New returns a cluster whose processes have not started.
func (s *Servers) New(tb testing.TB, kind Kind) *Cluster {
	tb.Helper()
	c := &Cluster{Servers: s, Kind: kind, Name: fmt.Sprintf("t%08x", rand.Uint32()), tb: tb} //nolint:gosec // no secret
	c.settled = make(map[string]map[int]int64)
	c.transport = &kafka.Transport{MetadataTTL: metadataTTL}
	tb.Cleanup(c.transport.CloseIdleConnections)
	c.link()
	c.Gateway, c.Writer, c.Backend = c.role("gateway"), c.role("writer"), c.role("backend")
	c.Gateway.Env = append(c.Gateway.Env, "PHAROS_BACKEND_URL=http://"+c.Backend.HTTP)
	c.Front = server.Front(tb, c.Gateway, c.Backend, c.Writer)
	c.Front.Settle, c.Front.MetadataDSN = c.Settle, c.Servers.PostgreSQL.DSN("meta_"+c.Name)
	return c
}

// link makes databases of its own and opens the ways to the servers.
func (c *Cluster) link() {
	c.tb.Helper()
	c.Metadata = NewLink(c.tb, c.Servers.PostgreSQL.Address)
	c.Redis = NewLink(c.tb, c.Servers.Redis.Address)
	c.Bulk = newBulk(c.tb, c.Servers.Elasticsearch.URL)
	c.Logs = NewLink(c.tb, c.Bulk.Address)
	metadata := c.database("meta_" + c.Name)
	var metrics string
	if c.Kind == Timescale {
		c.Metrics = NewLink(c.tb, c.Servers.Timescale.Address)
		metrics = through(c.tb, c.Servers.Timescale.DSN(), c.Metrics)
	} else {
		c.database("metrics_" + c.Name)
		c.Metrics = NewLink(c.tb, c.Servers.PgBouncer.Address)
		metrics = through(c.tb, c.Servers.PgBouncer.DSN("metrics_"+c.Name), c.Metrics)
	}
	c.env = []string{
		"PHAROS_KAFKA_BROKERS=" + c.Servers.Kafka.Address,
		"PHAROS_TIMESCALE_DSN=" + metrics,
		"PHAROS_POSTGRES_DSN=" + through(c.tb, metadata, c.Metadata),
		"PHAROS_ELASTICSEARCH_URL=http://" + c.Logs.Address,
		"PHAROS_REDIS_ADDR=" + c.Redis.Address,
	}
}

// database makes an empty database and returns its URL.
func (c *Cluster) database(name string) string {
	c.tb.Helper()
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, c.Servers.PostgreSQL.DSN("postgres"))
	if err != nil {
		c.tb.Fatalf("connect to make a database: %v", err)
	}
	defer connection.Close(ctx) //nolint:errcheck // it was only used for this
	if _, err := connection.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		c.tb.Fatalf("make a database: %v", err)
	}
	return c.Servers.PostgreSQL.DSN(name)
}

// role returns a process that has not started.
func (c *Cluster) role(name string) *server.Server {
	c.tb.Helper()
	s := server.NewRole(c.tb, name, c.env...)
	path := filepath.Join(c.tb.TempDir(), name+".yaml")
	if err := os.WriteFile(path, []byte(c.overlay(name)), 0o600); err != nil {
		c.tb.Fatalf("write the overlay of the %s: %v", name, err)
	}
	s.Args = []string{"--config", path}
	return s
}

// Replica returns one more process of a role, which has not started. A backend listens on ports
// of its own; clients of the gateway do not come to it.
func (c *Cluster) Replica(role string) *server.Server {
	c.tb.Helper()
	return c.role(role)
}
