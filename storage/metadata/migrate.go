package metadata

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/golang-migrate/migrate/v4/source/iofs"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// migrator brings the tables of a database to the newest version that the binary knows.
type migrator struct {
	db      *sql.DB
	dialect dialect
	cfg     Config
	logger  *zap.Logger
}

// migration is one step of the schema.
type migration struct {
	version uint
	sql     string
}

// run reads in order: which steps the binary knows, where the database stands, backup, steps.
func (m *migrator) run(ctx context.Context) error {
	steps, err := readMigrations(m.dialect.migrations)
	if err != nil {
		return err
	}
	newest := steps[len(steps)-1].version
	version, err := m.version(ctx, m.db)
	if err != nil {
		return err
	}
	switch {
	case version > newest:
		return &errcode.Error{
			Code:    errcode.Unavailable,
			Message: fmt.Sprintf("the metadata database has version %d and this binary knows versions up to %d", version, newest),
			Fix:     "run the newer Pharos that wrote it, or restore a backup of the older version",
		}
	case version == newest:
		return nil
	}
	if err := m.backup(ctx, version, newest); err != nil {
		return err
	}
	for _, step := range steps {
		if step.version <= version {
			continue
		}
		if err := m.apply(ctx, step); err != nil {
			return fmt.Errorf("migration %d: %w", step.version, err)
		}
	}
	return nil
}

// readMigrations returns the steps in order; at least one.
func readMigrations(files fs.FS) ([]migration, error) {
	driver, err := iofs.New(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	version, err := driver.First()
	var steps []migration
	for ; err == nil; version, err = driver.Next(version) {
		reader, name, err := driver.ReadUp(version)
		if err != nil {
			return nil, fmt.Errorf("read migration %d: %w", version, err)
		}
		text, err := io.ReadAll(reader)
		if err := errors.Join(err, reader.Close()); err != nil {
			return nil, fmt.Errorf("read migration %d %s: %w", version, name, err)
		}
		steps = append(steps, migration{version: version, sql: string(text)})
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	if len(steps) == 0 {
		return nil, errors.New("read migrations: there are none")
	}
	return steps, nil
}

// version returns the version of the database; 0 when it is empty.
func (m *migrator) version(ctx context.Context, run runner) (uint, error) {
	var exists bool
	if err := run.QueryRowContext(ctx, m.dialect.exists, "schema_migrations").Scan(&exists); err != nil || !exists {
		return 0, err
	}
	var version uint
	var dirty bool
	err := run.QueryRowContext(ctx, "SELECT version, dirty FROM schema_migrations").Scan(&version, &dirty)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, err
	case dirty:
		return 0, &errcode.Error{
			Code:    errcode.Unavailable,
			Message: fmt.Sprintf("migration %d of the metadata database was left unfinished by another tool", version),
			Fix:     "restore the backup beside it",
		}
	}
	return version, nil
}

// backup copies a database that holds something.
func (m *migrator) backup(ctx context.Context, from, to uint) error {
	if from == 0 || m.dialect.backup == nil {
		return nil
	}
	path, err := m.dialect.backup(ctx, m.db, m.cfg, from)
	if err != nil {
		return fmt.Errorf("back up before migrating from version %d to %d: %w", from, to, err)
	}
	m.logger.Info("metadata database backed up before its migration",
		zap.String("backup", path), zap.Uint("from", from), zap.Uint("to", to))
	return nil
}

// apply runs one step and records it, both or neither. Another process may have been faster;
// the version is read again under the write lock.
func (m *migrator) apply(ctx context.Context, step migration) error {
	tx, err := m.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := m.applyIn(ctx, tx, step); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (m *migrator) applyIn(ctx context.Context, tx *sql.Tx, step migration) error {
	version, err := m.version(ctx, tx)
	if err != nil || version >= step.version {
		return err
	}
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL)",
		step.sql,
		"DELETE FROM schema_migrations",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO schema_migrations (version, dirty) VALUES ($1, FALSE)", step.version)
	return err
}
