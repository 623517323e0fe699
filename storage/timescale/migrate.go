package timescale

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"slices"
	"strings"

	"github.com/golang-migrate/migrate/v4/source"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
)

//go:embed migrations
var migrations embed.FS

// Engine is how the database keeps samples.
type Engine string

// The engines.
const (
	TimescaleDB Engine = "timescale" // a hypertable
	PlainSQL    Engine = "postgres"  // daily partitions
)

// MigrationStatus says where the tables of a database stand.
type MigrationStatus struct {
	Engine  Engine
	Version uint   // 0 when there are none
	Newest  uint   // what this binary knows
	Pending []uint // the steps that Up would take
	Dirty   bool   // another tool has left a step unfinished
}

// Migrator brings the tables of a database to a version. Each step is one transaction that holds
// a lock of the database, so that many processes may try at once and a step that ends in the
// middle leaves nothing behind.
type Migrator struct {
	pool   *pgxpool.Pool
	schema string
	logger *zap.Logger
}

// NewMigrator returns a migrator of the database that cfg names. It connects on first use.
func NewMigrator(ctx context.Context, cfg Config, logger *zap.Logger) (*Migrator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("metric database: %w", err)
	}
	pool, err := newPool(ctx, cfg, cfg.DSN)
	if err != nil {
		return nil, err
	}
	return &Migrator{pool: pool, schema: cfg.Schema, logger: logger}, nil
}

// Close closes the connections.
func (m *Migrator) Close() { m.pool.Close() }

// migration is one step of the schema.
type migration struct {
	version  uint
	up, down string
}

// steps returns the steps of an engine in order.
func steps(engine Engine, schema string) ([]migration, error) {
	found := map[uint]*migration{}
	for _, folder := range []string{"common", string(engine)} {
		files, err := fs.ReadDir(migrations, "migrations/"+folder)
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		for _, file := range files {
			parsed, err := source.DefaultParse(file.Name())
			if err != nil {
				return nil, fmt.Errorf("read migration %s: %w", file.Name(), err)
			}
			content, err := fs.ReadFile(migrations, "migrations/"+folder+"/"+file.Name())
			if err != nil {
				return nil, fmt.Errorf("read migration %s: %w", file.Name(), err)
			}
			step := found[parsed.Version]
			if step == nil {
				step = &migration{version: parsed.Version}
				found[parsed.Version] = step
			}
			if parsed.Direction == source.Up {
				step.up = inSchema(string(content), schema)
			} else {
				step.down = inSchema(string(content), schema)
			}
		}
	}
	all := make([]migration, 0, len(found))
	for _, step := range found {
		all = append(all, *step)
	}
	slices.SortFunc(all, func(a, b migration) int { return int(a.version) - int(b.version) })
	return all, nil
}

// inSchema writes a statement for another schema than the one it is written with.
func inSchema(statement, schema string) string {
	return strings.ReplaceAll(statement, "pharos.", schema+".")
}

// Up takes all steps that are left. One that another tool has left unfinished is taken again, where
// nothing of it is there.
func (m *Migrator) Up(ctx context.Context) error {
	if err := m.redo(ctx); err != nil {
		return coded("migrate the metric database", err)
	}
	return m.run(ctx, func(at MigrationStatus, all []migration) *migration {
		for i := range all {
			if all[i].version > at.Version {
				return &migration{version: all[i].version, up: all[i].up}
			}
		}
		return nil
	})
}

// Down takes back the steps above a version, newest first, and with them their tables and data.
func (m *Migrator) Down(ctx context.Context, to uint) error {
	return m.run(ctx, func(at MigrationStatus, all []migration) *migration {
		if at.Version <= to {
			return nil
		}
		for i, step := range slices.Backward(all) {
			if step.version <= at.Version {
				below := uint(0)
				if i > 0 {
					below = all[i-1].version
				}
				return &migration{version: below, up: step.down}
			}
		}
		return nil
	})
}

// Status says where the database stands, and changes nothing.
func (m *Migrator) Status(ctx context.Context) (MigrationStatus, error) {
	var at MigrationStatus
	err := pgx.BeginTxFunc(ctx, m.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		at, _, err = m.status(ctx, tx)
		return err
	})
	return at, coded("read the version of the metric database", err)
}

// redo takes the step again that was left unfinished. It fails where a part of the step is there:
// nobody but its operator knows which.
func (m *Migrator) redo(ctx context.Context) error {
	return pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", m.lock()); err != nil {
			return err
		}
		at, all, err := m.status(ctx, tx)
		if err != nil || !at.Dirty || at.Version > at.Newest {
			return err
		}
		for _, step := range all {
			if step.version != at.Version {
				continue
			}
			if err := m.apply(ctx, tx, migration{version: step.version, up: step.up}); err != nil {
				unfinished := m.unfinished(at.Version)
				unfinished.Fix, unfinished.Err = "finish or undo it by hand, then "+m.clean(), err
				return unfinished
			}
			m.logger.Info("metric database repaired: an unfinished migration was taken again", zap.Uint("version", step.version))
			return nil
		}
		return m.refuse(at)
	})
}

func (m *Migrator) unfinished(version uint) *errcode.Error {
	return &errcode.Error{
		Code:    errcode.Unavailable,
		Message: fmt.Sprintf("migration %d of the metric database was left unfinished by another tool", version),
		Fix:     "run `pharos migrate up`, which takes it again if nothing of it is there; else finish or undo it by hand, then " + m.clean(),
	}
}

// clean is what to do with the flag of an unfinished step.
func (m *Migrator) clean() string { return "set dirty to false in " + m.schema + ".schema_migrations" }

// run takes one step after the other until next has none.
func (m *Migrator) run(ctx context.Context, next func(MigrationStatus, []migration) *migration) error {
	for {
		var step *migration
		err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", m.lock()); err != nil {
				return err
			}
			at, all, err := m.status(ctx, tx)
			if err != nil {
				return err
			}
			if err := m.refuse(at); err != nil {
				return err
			}
			if step = next(at, all); step == nil {
				return nil
			}
			return m.apply(ctx, tx, *step)
		})
		if err != nil {
			if step != nil {
				return coded(fmt.Sprintf("migrate the metric database to version %d", step.version), err)
			}
			return coded("migrate the metric database", err)
		}
		if step == nil {
			return nil
		}
		m.logger.Info("metric database migrated", zap.Uint("version", step.version))
	}
}

// refuse says why a database is not ours to change.
func (m *Migrator) refuse(at MigrationStatus) error {
	if at.Version > at.Newest {
		return &errcode.Error{
			Code:    errcode.Unavailable,
			Message: fmt.Sprintf("the metric database has version %d and this binary knows versions up to %d", at.Version, at.Newest),
			Fix:     "run the newer Pharos that wrote it",
		}
	}
	if at.Dirty {
		return m.unfinished(at.Version)
	}
	return nil
}

func (m *Migrator) apply(ctx context.Context, tx pgx.Tx, step migration) error {
	statements := inSchema("CREATE SCHEMA IF NOT EXISTS "+m.schema+";"+
		"CREATE TABLE IF NOT EXISTS pharos.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);", m.schema) +
		step.up + inSchema("; DELETE FROM pharos.schema_migrations;", m.schema)
	if step.version > 0 {
		statements += inSchema(fmt.Sprintf("INSERT INTO pharos.schema_migrations VALUES (%d, false);", step.version), m.schema)
	}
	_, err := tx.Conn().PgConn().Exec(ctx, statements).ReadAll()
	return err
}

// status reads where the database stands.
func (m *Migrator) status(ctx context.Context, tx pgx.Tx) (MigrationStatus, []migration, error) {
	at := MigrationStatus{}
	var err error
	if at.Engine, err = readEngine(ctx, tx, m.schema); err != nil {
		return at, nil, err
	}
	all, err := steps(at.Engine, m.schema)
	if err != nil {
		return at, nil, err
	}
	at.Newest = all[len(all)-1].version
	var exists bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", m.schema+".schema_migrations").Scan(&exists); err != nil {
		return at, nil, err
	}
	if exists {
		err := tx.QueryRow(ctx, inSchema("SELECT version, dirty FROM pharos.schema_migrations", m.schema)).Scan(&at.Version, &at.Dirty)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return at, nil, err
		}
	}
	for _, step := range all {
		if step.version > at.Version {
			at.Pending = append(at.Pending, step.version)
		}
	}
	return at, all, nil
}

// readEngine looks at what the table of samples is, and at the extension where there is no table:
// a database that gets the extension later keeps its partitions.
func readEngine(ctx context.Context, tx pgx.Tx, schema string) (Engine, error) {
	var extension bool
	var kind *string
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb'),
		(SELECT relkind::text FROM pg_class WHERE oid = to_regclass($1))`, schema+".samples").Scan(&extension, &kind)
	if err != nil {
		return "", err
	}
	const partitioned = "p"
	if !extension || kind != nil && *kind == partitioned {
		return PlainSQL, nil
	}
	return TimescaleDB, nil
}

// lock is the number of the lock that migrations of a schema are under.
func (m *Migrator) lock() int64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte("pharos migrate " + m.schema)) // never fails
	return int64(hash.Sum64())
}
