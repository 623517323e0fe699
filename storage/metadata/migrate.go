package metadata

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/golang-migrate/migrate/v4/source/iofs"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Engine is a kind of database.
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// MigrationStatus says where the tables of a database stand.
type MigrationStatus struct {
	Engine  Engine
	Version uint   // 0 when there are none
	Newest  uint   // what this binary knows
	Pending []uint // the steps that Up would take
	Dirty   bool   // another tool has left a step unfinished
}

// Migrator brings the tables of a database to a version. Each step is one transaction under a
// lock, so that many processes may try at once and a step that ends in the middle leaves nothing
// behind.
type Migrator struct {
	db      *sql.DB
	dialect dialect
	cfg     Config
	logger  *zap.Logger
}

// NewMigrator returns a migrator of the database that cfg names. It connects on first use.
func NewMigrator(ctx context.Context, cfg Config, logger *zap.Logger) (*Migrator, error) {
	engine, err := cfg.dialect()
	if err != nil {
		return nil, err
	}
	if engine.name == SQLite {
		if _, err := os.Stat(cfg.Path); err != nil {
			return nil, errcode.InvalidField("path", "there is no file "+cfg.Path, "name the file of the metadata database")
		}
	}
	pool, err := engine.open(ctx, cfg)
	if err != nil {
		return nil, coded(engine, "open the metadata database", err)
	}
	return &Migrator{db: pool, dialect: engine, cfg: cfg, logger: logger}, nil
}

// Close closes the connections.
func (m *Migrator) Close() error { return m.db.Close() }

// Status says where the database stands, and changes nothing.
func (m *Migrator) Status(ctx context.Context) (MigrationStatus, error) {
	at, _, err := m.status(ctx)
	return at, coded(m.dialect, "read the version of the metadata database", err)
}

// Up takes all steps that are left. An SQLite database that holds something is copied first.
func (m *Migrator) Up(ctx context.Context) error {
	return coded(m.dialect, "migrate the metadata database", m.up(ctx))
}

// Down takes back the steps above a version, newest first, and with them their tables and data.
func (m *Migrator) Down(ctx context.Context, to uint) error {
	return coded(m.dialect, "migrate the metadata database", m.down(ctx, to))
}

// prepare is what opening does: it takes the steps that are left, where it may.
func (m *Migrator) prepare(ctx context.Context) error {
	if m.dialect.migrate {
		return m.up(ctx)
	}
	at, _, err := m.status(ctx)
	if err != nil {
		return err
	}
	if err := m.refuse(at); err != nil {
		return err
	}
	if len(at.Pending) > 0 {
		return &errcode.Error{
			Code:    errcode.Unavailable,
			Message: fmt.Sprintf("the metadata database has version %d and this binary needs %d", at.Version, at.Newest),
			Fix:     "run `pharos migrate up`, or set migrate to true",
		}
	}
	return nil
}

// up reads in order: where the database stands, backup, steps.
func (m *Migrator) up(ctx context.Context) error {
	at, all, err := m.status(ctx)
	if err != nil {
		return err
	}
	if err := m.refuse(at); err != nil || len(at.Pending) == 0 {
		return err
	}
	if err := m.backup(ctx, at.Version, at.Newest); err != nil {
		return err
	}
	for _, step := range all {
		if step.version <= at.Version {
			continue
		}
		err := m.apply(ctx, step.version, step.up, func(version uint) bool { return version < step.version })
		if err != nil {
			return fmt.Errorf("migration %d: %w", step.version, err)
		}
	}
	return nil
}

func (m *Migrator) down(ctx context.Context, to uint) error {
	at, all, err := m.status(ctx)
	if err != nil {
		return err
	}
	if err := m.refuse(at); err != nil || at.Version <= to {
		return err
	}
	if err := m.backup(ctx, at.Version, to); err != nil {
		return err
	}
	for i, step := range slices.Backward(all) {
		if step.version > at.Version || step.version <= to {
			continue
		}
		below := uint(0)
		if i > 0 {
			below = all[i-1].version
		}
		err := m.apply(ctx, below, step.down, func(version uint) bool { return version >= step.version })
		if err != nil {
			return fmt.Errorf("migration %d: %w", step.version, err)
		}
	}
	return nil
}

// refuse says why a database is not ours to change.
func (m *Migrator) refuse(at MigrationStatus) error {
	if at.Version > at.Newest {
		return &errcode.Error{
			Code:    errcode.Unavailable,
			Message: fmt.Sprintf("the metadata database has version %d and this binary knows versions up to %d", at.Version, at.Newest),
			Fix:     "run the newer Pharos that wrote it, or restore a backup of the older version",
		}
	}
	if at.Dirty {
		fix := "restore the backup beside it"
		if m.dialect.backup == nil {
			fix = "finish or undo it by hand, then set dirty to false in " + m.dialect.schema + ".schema_migrations"
		}
		return &errcode.Error{
			Code: errcode.Unavailable, Fix: fix,
			Message: fmt.Sprintf("migration %d of the metadata database was left unfinished by another tool", at.Version),
		}
	}
	return nil
}

// migration is one step of the schema.
type migration struct {
	version  uint
	up, down string
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
		up, err := readMigration(driver.ReadUp(version))
		if err != nil {
			return nil, fmt.Errorf("read migration %d: %w", version, err)
		}
		down, err := readMigration(driver.ReadDown(version))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read migration %d: %w", version, err)
		}
		steps = append(steps, migration{version: version, up: up, down: down})
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	if len(steps) == 0 {
		return nil, errors.New("read migrations: there are none")
	}
	return steps, nil
}

// readMigration returns the text of an opened step.
func readMigration(reader io.ReadCloser, name string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(reader)
	if err := errors.Join(err, reader.Close()); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(text), nil
}

// status reads where the database stands, and the steps that the binary knows.
func (m *Migrator) status(ctx context.Context) (MigrationStatus, []migration, error) {
	at := MigrationStatus{Engine: m.dialect.name}
	all, err := readMigrations(m.dialect.migrations)
	if err != nil {
		return at, nil, err
	}
	at.Newest = all[len(all)-1].version
	at.Version, at.Dirty, err = m.version(ctx, m.db)
	for _, step := range all {
		if step.version > at.Version {
			at.Pending = append(at.Pending, step.version)
		}
	}
	return at, all, err
}

// version returns the version of the database; 0 when it is empty.
func (m *Migrator) version(ctx context.Context, on runner) (version uint, dirty bool, err error) {
	run := qualified{runner: on, schema: m.dialect.schema}
	var exists bool
	if err := run.QueryRowContext(ctx, m.dialect.exists).Scan(&exists); err != nil || !exists {
		return 0, false, err
	}
	err = run.QueryRowContext(ctx, "SELECT version, dirty FROM pharos.schema_migrations").Scan(&version, &dirty)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return version, dirty, err
}

// backup copies a database that holds something.
func (m *Migrator) backup(ctx context.Context, from, to uint) error {
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

// apply runs one step and records the version it leads to, both or neither. Another process may
// have been faster; whether the step is still due is asked again under the lock.
func (m *Migrator) apply(ctx context.Context, to uint, statements string, due func(version uint) bool) error {
	tx, err := m.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := m.applyIn(ctx, tx, to, statements, due); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (m *Migrator) applyIn(ctx context.Context, tx *sql.Tx, to uint, statements string, due func(version uint) bool) error {
	run := qualified{runner: tx, schema: m.dialect.schema}
	if lock := m.dialect.lock("migrate"); lock != "" {
		if _, err := run.ExecContext(ctx, lock); err != nil {
			return err
		}
	}
	version, _, err := m.version(ctx, tx)
	if err != nil || !due(version) {
		return err
	}
	if m.dialect.create != nil {
		if err := m.dialect.create(ctx, run); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS pharos.schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL)",
		statements,
		"DELETE FROM pharos.schema_migrations",
	} {
		if _, err := run.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if to > 0 {
		if _, err = run.ExecContext(ctx, "INSERT INTO pharos.schema_migrations (version, dirty) VALUES ($1, FALSE)", to); err != nil {
			return err
		}
	}
	if m.dialect.backup == nil {
		m.logger.Info("Metadata database migrated", zap.Uint("from", version), zap.Uint("to", to))
	}
	return nil
}
