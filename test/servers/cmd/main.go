// Command cmd starts the servers that the distributed program runs on, for people: `make servers`.
// It prints where they are, as environment variables, and ends them on an interrupt.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/pharos-obs/pharos/test/servers"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := os.MkdirTemp("", "pharos-servers-")
	if err != nil {
		return err
	}
	err = errors.Join(run(ctx, root), os.RemoveAll(root))
	if ctx.Err() != nil {
		return nil // interrupted while it started
	}
	return err
}

// run starts one server after the other in folders below root and waits for the end.
func run(ctx context.Context, root string) error {
	redis, err := start(ctx, root, "redis", servers.StartRedis)
	if err != nil {
		return err
	}
	defer redis.Stop()
	postgres, err := start(ctx, root, "postgres", servers.StartPostgreSQL)
	if err != nil {
		return err
	}
	defer postgres.Stop()
	pool, err := start(ctx, root, "pgbouncer", func(ctx context.Context, dir string) (*servers.PgBouncer, error) {
		return servers.StartPgBouncer(ctx, dir, postgres)
	})
	if err != nil {
		return err
	}
	defer pool.Stop()
	timescale, err := start(ctx, root, "timescale", servers.StartTimescale)
	if err != nil {
		return err
	}
	defer timescale.Stop()
	kafka, err := start(ctx, root, "kafka", servers.StartKafka)
	if err != nil {
		return err
	}
	defer kafka.Stop()
	elasticsearch, err := start(ctx, root, "elasticsearch", servers.StartElasticsearch)
	if err != nil {
		return err
	}
	defer elasticsearch.Stop()

	fmt.Printf("export PHAROS_REDIS_ADDR='%s'\n", redis.Address)
	fmt.Printf("export PHAROS_POSTGRES_DSN='%s'\n", postgres.DSN("postgres"))
	fmt.Printf("export PHAROS_PGBOUNCER_DSN='%s'\n", pool.DSN("postgres"))
	fmt.Printf("export PHAROS_TIMESCALE_DSN='%s'\n", timescale.DSN())
	fmt.Printf("export PHAROS_KAFKA_BROKERS='%s'\n", kafka.Address)
	fmt.Printf("export PHAROS_ELASTICSEARCH_URL='%s'\n", elasticsearch.URL)
	fmt.Fprintln(os.Stderr, "All servers run; interrupt to end them.")
	<-ctx.Done()
	return nil
}

// start starts a server in a folder of its own, which other accounts can get to.
func start[S any](ctx context.Context, root, name string, begin func(ctx context.Context, dir string) (S, error)) (S, error) {
	fmt.Fprintf(os.Stderr, "Starting %s\n", name)
	dir := filepath.Join(root, name)
	for _, folder := range []string{root, dir} {
		if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a server under another account reads it
			return *new(S), err
		}
		if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // see above
			return *new(S), err
		}
	}
	return begin(ctx, dir)
}
