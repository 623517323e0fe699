package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// Attributes of OpenTelemetry's PostgreSQL receiver.
const (
	attrDatabase = "postgresql.database.name"
	attrSchema   = "postgresql.schema.name"
	attrTable    = "postgresql.table.name"
	attrIndex    = "postgresql.index.name"
)

// source measures one server.
type source struct {
	config      *Config
	connections map[string]*pgx.Conn // by database

	sizes   map[string]int64
	sizedAt time.Time
}

func newSource(config *Config) *source {
	return &source{config: config, connections: make(map[string]*pgx.Conn)}
}

// server is what the queries depend on.
type server struct {
	version    int // 150004 is 15.4
	inRecovery bool
}

// part is a group of metrics that one set of queries gives.
type part struct {
	name    string
	collect func(s *source, ctx context.Context, connection *pgx.Conn, about server, m *plugin.Metrics) error
}

func parts() []part {
	return []part{
		{"databases", (*source).databases},
		{"sizes of databases", (*source).databaseSizes},
		{"connections", (*source).activity},
		{"locks", (*source).locks},
		{"checkpoints and the background writer", (*source).background},
		{"replication", (*source).replication},
	}
}

// Collect implements plugin.MetricsSource. What fails of it is a warning, unless the server is away.
func (s *source) Collect(ctx context.Context, m *plugin.Metrics) error {
	parsed, err := s.config.connection()
	if err != nil {
		return err
	}
	connection, err := s.connect(ctx, parsed, parsed.Database)
	if err != nil {
		return err
	}
	var about server
	var started time.Time
	var most int64
	err = connection.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), pg_postmaster_start_time(), current_setting('max_connections')::int8`).
		Scan(&about.version, &about.inRecovery, &started, &most)
	if err != nil {
		s.drop(ctx, parsed.Database)
		return fmt.Errorf("ask the server who it is: %w", err)
	}
	m.Gauge("postgresql.uptime", "s", "Time since the server started.").Float(time.Since(started).Seconds())
	m.Gauge("postgresql.connection.max", "{connection}", "Most connections that the server allows.").Int(most)
	for _, one := range parts() {
		if err := one.collect(s, ctx, connection, about, m); err != nil {
			if connection.IsClosed() {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			m.Warn(fmt.Errorf("%s: %w", one.name, err))
		}
	}
	for _, database := range s.config.names(parsed) {
		if err := s.relations(ctx, parsed, database, m); err != nil {
			m.Warn(fmt.Errorf("tables of the database %s: %w", database, err))
		}
	}
	return nil
}

// connect returns a connection to a database, the one before where that still lives.
func (s *source) connect(ctx context.Context, parsed *pgx.ConnConfig, database string) (*pgx.Conn, error) {
	if known := s.connections[database]; known != nil && !known.IsClosed() {
		return known, nil
	}
	wanted := parsed.Copy()
	wanted.Database = database
	connection, err := pgx.ConnectConfig(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", place(wanted), rootCause(err))
	}
	s.connections[database] = connection
	return connection, nil
}

// rootCause leaves out what pgx says of the address, which place says.
func rootCause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

func (s *source) drop(ctx context.Context, database string) {
	if known := s.connections[database]; known != nil {
		_ = known.Close(ctx) // it is of no use
		delete(s.connections, database)
	}
}

// Close implements io.Closer.
func (s *source) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for database := range s.connections {
		s.drop(ctx, database)
	}
	return nil
}

// each runs a query and hands each row to a function that scans it.
func each(ctx context.Context, connection *pgx.Conn, query string, scan func(rows pgx.Rows) error, args ...any) error {
	rows, err := connection.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
