package servers

import (
	"context"
	"path/filepath"
	"strconv"
	"syscall"
)

// Timescale is PostgreSQL with TimescaleDB in WebAssembly. Its clients share one session, which
// each has for a transaction, so that they must not use prepared statements by name; it has one
// database, postgres.
type Timescale struct {
	*Process
	// Address is where it listens, as host:port.
	Address string
}

// DSN returns the URL of its database, with the way of running queries that it needs.
func (t *Timescale) DSN() string {
	return dsn(t.Address, "postgres") + "&default_query_exec_mode=cache_describe"
}

// StartTimescale starts a server with its data in a folder.
func StartTimescale(ctx context.Context, dir string) (*Timescale, error) {
	front, err := cache("timescale")
	if err != nil {
		return nil, err
	}
	node, err := program("node")
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	t := &Timescale{Address: address(ports[0])}
	t.Process = &Process{
		Name: "timescaledb", Dir: dir, program: node, stop: syscall.SIGTERM,
		args:  []string{filepath.Join(front, "front.mjs"), strconv.Itoa(ports[0]), filepath.Join(dir, "data")},
		ready: func(ctx context.Context) error { return greets(ctx, t.DSN()) },
	}
	return t, t.Start(ctx)
}
