package servers

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgreSQL is one server with a superuser postgres who needs no password.
type PostgreSQL struct {
	*Process
	// Address is where it listens, as host:port.
	Address string
}

// DSN returns the URL of a database.
func (p *PostgreSQL) DSN(database string) string { return dsn(p.Address, database) }

func dsn(address, database string) string {
	return "postgres://postgres@" + address + "/" + database + "?sslmode=disable"
}

// StartPostgreSQL starts a server with its data in a folder. It does not wait for the disk, since
// nothing of it has to survive a loss of power.
func StartPostgreSQL(ctx context.Context, dir string) (*PostgreSQL, error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	server, err := program("postgres")
	if err != nil {
		return nil, err
	}
	account, err := unprivileged(dir)
	if err != nil {
		return nil, fmt.Errorf("hand the folder to the account of postgres: %w", err)
	}
	data := filepath.Join(dir, "data")
	if _, err := run(ctx, account, dir, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	p := &PostgreSQL{Address: address(ports[0])}
	p.Process = &Process{
		Name: "postgres", Dir: dir, program: server, stop: syscall.SIGINT, account: account,
		args: []string{
			"-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + strconv.Itoa(ports[0]), "-c", "unix_socket_directories=" + dir,
			"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100", "-c", "max_wal_size=4GB", "-c", "shared_buffers=256MB",
		},
		ready: func(ctx context.Context) error { return greets(ctx, p.DSN("postgres")) },
	}
	return p, p.Start(ctx)
}

// greets says whether the server takes a query.
func greets(ctx context.Context, dsn string) error {
	connection, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, "SELECT 1", pgx.QueryExecModeSimpleProtocol)
	return errors.Join(err, connection.Close(ctx))
}

// Start starts the server. After a Kill its sessions outlive it for a moment, and hold what the
// next one needs: then it is tried again.
func (p *PostgreSQL) Start(ctx context.Context) error {
	deadline := time.Now().Add(stopTimeout)
	for {
		err := p.Process.Start(ctx)
		if err == nil || !strings.Contains(err.Error(), "pre-existing shared memory block") || time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// PgBouncer is a pool in transaction mode before a PostgreSQL.
type PgBouncer struct {
	*Process
	// Address is where it listens, as host:port.
	Address string
}

// DSN returns the URL of a database behind the pool.
func (p *PgBouncer) DSN(database string) string { return dsn(p.Address, database) }

// StartPgBouncer starts a pool of connections to a server.
func StartPgBouncer(ctx context.Context, dir string, to *PostgreSQL) (*PgBouncer, error) {
	pool, err := program("pgbouncer")
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	host, port, found := strings.Cut(to.Address, ":")
	if !found {
		return nil, errors.New("the address of the server has no port")
	}
	settings, users := filepath.Join(dir, "pgbouncer.ini"), filepath.Join(dir, "users.txt")
	if err := writeFiles(map[string]string{
		settings: fmt.Sprintf(pgbouncerSettings, host, port, ports[0], users),
		users:    "\"postgres\" \"\"\n",
	}); err != nil {
		return nil, err
	}
	account, err := unprivileged(dir)
	if err != nil {
		return nil, fmt.Errorf("hand the folder to the account of pgbouncer: %w", err)
	}
	p := &PgBouncer{Address: address(ports[0])}
	p.Process = &Process{
		Name: "pgbouncer", Dir: dir, program: pool, args: []string{settings}, stop: syscall.SIGTERM, account: account,
		ready: func(ctx context.Context) error { return greets(ctx, p.DSN("postgres")) },
	}
	return p, p.Start(ctx)
}

const pgbouncerSettings = `[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = 10
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
`
