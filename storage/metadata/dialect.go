package metadata

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"strings"

	"github.com/pharos-obs/pharos/internal/errcode"
)

//go:embed migrations
var migrations embed.FS

// dialect is what one database engine does in its own way. Its statements, as all others, name
// the schema pharos.
type dialect struct {
	name Engine
	// schema holds the tables.
	schema string
	// migrations is the folder of its migrations.
	migrations fs.FS
	// migrate is whether opening brings the tables to the newest version.
	migrate bool
	// open makes the pool of connections.
	open func(ctx context.Context, cfg Config) (*sql.DB, error)
	// exists is a query with one row and column: whether there is a table of the version.
	exists string
	// create makes the schema. Nil where there is nothing to make.
	create func(ctx context.Context, tx runner) error
	// backup copies the database before a migration and says where to. Nil for an engine whose
	// databases are not ours to copy.
	backup func(ctx context.Context, db *sql.DB, cfg Config, version uint) (string, error)
	// code says what an error of the driver means, Internal when it means nothing special, and
	// what to do about it, which may be empty.
	code func(err error) (code errcode.Code, fix string)
	// comes says of an error whether the database may come yet. Nil for one that is there or not.
	comes func(err error) bool

	// isolation is the one that transactions seem to run one after the other in.
	isolation sql.IsolationLevel
	// lost says of an error whether a transaction gave way to another and can be run again. Nil
	// for an engine where transactions wait for each other.
	lost func(err error) bool
	// beside and alone are the first statements of transactions, for an engine where they can
	// lose: one that begins with alone waits for the others, and they wait for it.
	beside, alone string
	// lock returns the statement that waits for other transactions with a lock of this name;
	// empty for an engine where they wait anyway.
	lock func(name string) string
}

// qualified runs statements on the schema of the dialect. It is part of each statement, since a
// search path would belong to a session, and a pool in transaction mode has none.
type qualified struct {
	runner
	schema string
}

func (q qualified) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return q.runner.ExecContext(ctx, inSchema(query, q.schema), args...)
}

func (q qualified) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return q.runner.QueryContext(ctx, inSchema(query, q.schema), args...)
}

func (q qualified) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return q.runner.QueryRowContext(ctx, inSchema(query, q.schema), args...)
}

// inSchema writes a statement for another schema than the one it is written with.
func inSchema(statement, schema string) string {
	return strings.ReplaceAll(statement, "pharos.", schema+".")
}
