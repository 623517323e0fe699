package metadata

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pharos-obs/pharos/internal/errcode"
)

//go:embed migrations
var migrations embed.FS

// dialect is what one database engine does in its own way.
type dialect struct {
	name string
	// migrations is the folder of its migrations.
	migrations fs.FS
	// open connects to the database, and creates it when it does not exist.
	open func(ctx context.Context, cfg Config) (*sql.DB, error)
	// exists is a query with one row and column: whether the table named by $1 exists.
	exists string
	// backup copies the database before a migration and says where to. Nil for an engine whose
	// databases are not ours to copy.
	backup func(ctx context.Context, db *sql.DB, cfg Config, version uint) (string, error)
	// code says what an error of the driver means, Internal when it means nothing special, and
	// what to do about it, which may be empty.
	code func(err error) (code errcode.Code, fix string)
}
