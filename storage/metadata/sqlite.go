package metadata

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// sqliteConnections bounds the connections, because each has a page cache of its own. Readers
// don't wait for the one writer.
const sqliteConnections = 4

// sqliteDialect returns the dialect of SQLite.
func sqliteDialect(all fs.FS) (dialect, error) {
	files, err := fs.Sub(all, "migrations/sqlite")
	if err != nil {
		return dialect{}, fmt.Errorf("read migrations: %w", err)
	}
	return dialect{
		name:       SQLite,
		schema:     "main",
		migrations: files,
		migrate:    true,
		open:       openSQLite,
		exists:     "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations')",
		backup:     backupSQLite,
		code:       sqliteCode,
		lock:       func(string) string { return "" },
	}, nil
}

// sqliteDSN returns the data source name. Transactions take the write lock when they begin:
// one that read first could not wait for the lock later, SQLite fails it at once.
func sqliteDSN(path string) string {
	query := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

func openSQLite(ctx context.Context, cfg Config) (*sql.DB, error) {
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("resolve %q: %w", cfg.Path, err)
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", sqliteDSN(path))
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, err)
	}
	db.SetMaxOpenConns(sqliteConnections)
	db.SetMaxIdleConns(sqliteConnections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %q: %w", path, err), db.Close())
	}
	return db, nil
}

// createPrivate creates the file for its owner alone, since it holds the signing secret. SQLite
// gives its other files the same mode.
func createPrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return errcode.New(errcode.Unavailable, "create the folder of the metadata database: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return &errcode.Error{
			Code: errcode.Unavailable, Message: "open the metadata database for writing", Err: err,
			Fix: "check the owner and mode of the file and its folder",
		}
	}
	return file.Close()
}

// backupSQLite writes a copy beside the database. VACUUM INTO reads one consistent state, the
// journal included.
func backupSQLite(ctx context.Context, db *sql.DB, cfg Config, version uint) (string, error) {
	path := fmt.Sprintf("%s.backup-v%d-%s", cfg.Path, version, time.Now().UTC().Format("20060102T150405.000000"))
	if err := createPrivate(path); err != nil {
		return "", err
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}

// damaged is what to do with a file that is no database any more.
const damaged = "stop pharos and restore the file of the metadata from a backup, or move it away: " +
	"the next start makes the organisation anew, with the data that it has, but users, keys and dashboards are gone"

func sqliteCode(err error) (errcode.Code, string) {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return errcode.Internal, ""
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return errcode.Conflict, ""
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return errcode.NotFound, ""
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return errcode.OutOfSpace, ""
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY:
		return errcode.Unavailable, ""
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return errcode.Unavailable, damaged
	}
	return errcode.Internal, ""
}
