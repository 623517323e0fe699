package metadata

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// DB is an open metadata database. Its methods are safe for concurrent use.
type DB struct {
	*Queries
	db     *sql.DB
	logger *zap.Logger
}

// Open opens the database and brings its tables to the version that this binary knows. A
// database that is newer is refused; an SQLite one that is older is copied to a backup beside it
// first. Open waits for a PostgreSQL that is away until the context ends; one that refuses us is
// an error at once.
func Open(ctx context.Context, cfg Config, logger *zap.Logger) (*DB, error) {
	engine, err := cfg.dialect()
	if err != nil {
		return nil, err
	}
	return open(ctx, cfg, engine, logger)
}

func open(ctx context.Context, cfg Config, engine dialect, logger *zap.Logger) (*DB, error) {
	pool, err := engine.open(ctx, cfg)
	if err != nil {
		return nil, coded(engine, "open the metadata database", err)
	}
	steps := &Migrator{db: pool, dialect: engine, cfg: cfg, logger: logger}
	if err := await(ctx, engine, logger, steps.prepare); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &DB{Queries: queriesOn(pool, engine), db: pool, logger: logger}, nil
}

func queriesOn(run runner, engine dialect) *Queries {
	return &Queries{run: qualified{runner: run, schema: engine.schema}, dialect: engine}
}

// Close closes the database. Later calls fail with Unavailable.
func (d *DB) Close() error { return d.db.Close() }

// Health returns nil when the database answers, otherwise an Unavailable error.
func (d *DB) Health(ctx context.Context) error {
	var version int
	err := d.run.QueryRowContext(ctx, "SELECT version FROM pharos.schema_migrations").Scan(&version)
	if err != nil {
		return d.err("ask the metadata database", err)
	}
	return nil
}

// runner is what database and transaction have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Queries are the reads and writes of the metadata, on the database or in a transaction.
type Queries struct {
	run     runner
	dialect dialect
}

// err gives an error of the driver its code; nil stays nil.
func (q *Queries) err(doing string, err error) error { return coded(q.dialect, doing, err) }

// exec runs a statement and returns how many rows it changed.
func (q *Queries) exec(ctx context.Context, doing, query string, args ...any) (int64, error) {
	result, err := q.run.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, q.err(doing, err)
	}
	changed, err := result.RowsAffected()
	return changed, q.err(doing, err)
}

// collect returns the rows of a query; fields gives the places that a row is scanned into.
func collect[T any](ctx context.Context, q *Queries, doing string, fields func(*T) []any, query string, args ...any) (all []T, err error) {
	rows, err := q.run.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, q.err(doing, err)
	}
	defer func() { err = errors.Join(err, q.err(doing, rows.Close())) }()
	for rows.Next() {
		var one T
		if err := rows.Scan(fields(&one)...); err != nil {
			return nil, q.err(doing, err)
		}
		all = append(all, one)
	}
	return all, q.err(doing, rows.Err())
}

// coded gives an error of the driver its code, and says what was being done.
func coded(engine dialect, doing string, err error) error {
	var known *errcode.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(err, sql.ErrNoRows):
		return errcode.New(errcode.NotFound, "%s: no such entry", doing)
	}
	code, fix := engine.code(err)
	if code == errcode.Internal && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if code == errcode.Internal && isClosed(err) {
		code = errcode.Unavailable
	}
	switch code {
	case errcode.Conflict:
		return &errcode.Error{Code: code, Message: doing + ": exists already", Err: err}
	case errcode.NotFound:
		return &errcode.Error{Code: code, Message: doing + ": what it belongs to does not exist", Err: err}
	case errcode.OutOfSpace:
		return &errcode.Error{Code: code, Message: doing + ": the disk is full", Err: err}
	case errcode.Unavailable:
		return &errcode.Error{Code: code, Message: doing + ": the metadata database cannot be used", Fix: fix, Err: err}
	case errcode.Invalid:
		return &errcode.Error{Code: code, Message: doing + ": there is a character that cannot be stored", Fix: fix, Err: err}
	}
	return &errcode.Error{Code: errcode.Internal, Message: doing, Err: err}
}

// isClosed says whether the pool was closed; database/sql has no exported error for it.
func isClosed(err error) bool {
	return errors.Is(err, sql.ErrConnDone) || err.Error() == "sql: database is closed"
}
