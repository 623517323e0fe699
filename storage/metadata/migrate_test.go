package metadata

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	createThings = "CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('old');"
	addColour    = "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'; INSERT INTO things VALUES ('new', 'blue');"
)

// schema returns the SQLite dialect with other migrations.
func schema(t *testing.T, steps map[string]string) dialect {
	t.Helper()
	engine, err := sqliteDialect(migrations)
	require.NoError(t, err)
	files := fstest.MapFS{}
	for name, text := range steps {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	engine.migrations = files
	return engine
}

func openSchema(t *testing.T, path string, steps map[string]string) (*DB, error) {
	t.Helper()
	return open(t.Context(), Config{Path: path}, schema(t, steps), zaptest.NewLogger(t))
}

func count(t *testing.T, db *DB, query string) int {
	t.Helper()
	var n int
	require.NoError(t, db.run.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func backups(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(path + ".backup-*")
	require.NoError(t, err)
	return found
}

func TestMigrateBacksUpFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.db")
	db, err := openSchema(t, path, map[string]string{"0001_a.up.sql": createThings})
	require.NoError(t, err)
	assert.Empty(t, backups(t, path), "a new database has nothing to save")
	require.NoError(t, db.Close())

	db, err = openSchema(t, path, map[string]string{"0001_a.up.sql": createThings, "0003_b.up.sql": addColour})
	require.NoError(t, err)
	assert.Equal(t, 2, count(t, db, "SELECT count(*) FROM things WHERE colour IN ('red', 'blue')"))
	assert.Equal(t, 3, count(t, db, "SELECT version FROM pharos.schema_migrations"))
	require.NoError(t, db.Close())

	saved := backups(t, path)
	require.Len(t, saved, 1)
	assert.Contains(t, saved[0], ".backup-v1-")
	info, err := os.Stat(saved[0])
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it holds secrets too")
	db, err = openSchema(t, saved[0], map[string]string{"0001_a.up.sql": createThings})
	require.NoError(t, err, "the backup opens with the older binary")
	assert.Equal(t, 1, count(t, db, "SELECT count(*) FROM things"))
	require.NoError(t, db.Close())
}

func TestMigrateRefusesANewerDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.db")
	db, err := openSchema(t, path, map[string]string{"0001_a.up.sql": createThings, "0007_b.up.sql": addColour})
	require.NoError(t, err)
	require.NoError(t, db.Close())

	_, err = openSchema(t, path, map[string]string{"0001_a.up.sql": createThings})

	require.Error(t, err)
	assert.Equal(t, errcode.Unavailable, errcode.Of(err))
	require.ErrorContains(t, err, "has version 7")
	require.ErrorContains(t, err, "up to 1")
	assert.Empty(t, backups(t, path))
}

func TestMigrateIsAllOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.db")
	db, err := openSchema(t, path, map[string]string{"0001_a.up.sql": createThings})
	require.NoError(t, err)
	require.NoError(t, db.Close())

	_, err = openSchema(t, path, map[string]string{"0001_a.up.sql": createThings, "0002_b.up.sql": addColour + " NONSENSE;"})
	require.ErrorContains(t, err, "migration 2")

	db, err = openSchema(t, path, map[string]string{"0001_a.up.sql": createThings, "0002_b.up.sql": addColour})
	require.NoError(t, err, "the repaired binary goes on where the broken one began")
	assert.Equal(t, 2, count(t, db, "SELECT count(*) FROM things"))
	require.NoError(t, db.Close())
}

func TestMigrateByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.db")
	steps := map[string]string{"0001_a.up.sql": createThings, "0002_b.up.sql": addColour}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			db, err := openSchema(t, path, steps)
			if assert.NoError(t, err) {
				assert.NoError(t, db.Close())
			}
		})
	}
	wait.Wait()
	db, err := openSchema(t, path, steps)
	require.NoError(t, err)
	assert.Equal(t, 2, count(t, db, "SELECT count(*) FROM things"))
	require.NoError(t, db.Close())
}

func TestMigrateRefusesWhatAnotherToolLeftUnfinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.db")
	steps := map[string]string{"0001_a.up.sql": createThings}
	db, err := openSchema(t, path, steps)
	require.NoError(t, err)
	_, err = db.db.ExecContext(t.Context(), "UPDATE schema_migrations SET dirty = TRUE")
	require.NoError(t, err)
	require.NoError(t, db.Close())

	_, err = openSchema(t, path, steps)
	require.ErrorContains(t, err, "unfinished")
}

func TestMigrateNeedsMigrations(t *testing.T) {
	_, err := openSchema(t, filepath.Join(t.TempDir(), "m.db"), nil)
	require.Error(t, err)
}

func TestOurMigrationsAreNumberedWithoutGaps(t *testing.T) {
	engine, err := sqliteDialect(migrations)
	require.NoError(t, err)
	steps, err := readMigrations(engine.migrations)
	require.NoError(t, err)
	for i, step := range steps {
		assert.Equal(t, uint(i+1), step.version)
		assert.NotEmpty(t, step.up)
		assert.NotEmpty(t, step.down)
	}
}
