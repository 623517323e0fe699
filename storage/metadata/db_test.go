package metadata

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func openTest(t *testing.T) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "metadata.db"))
}

func openAt(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{Path: path}, zaptest.NewLogger(t))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func TestOpenCreatesAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "metadata.db")
	db := openAt(t, path)
	require.NoError(t, db.SetSetting(t.Context(), "k", "v"))

	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	require.NoError(t, db.Health(t.Context()))
}

func TestOpenSetsThePragmas(t *testing.T) {
	db := openTest(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "busy_timeout": "5000", "foreign_keys": "1", "synchronous": "2",
	} {
		var got string
		require.NoError(t, db.db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		assert.Equal(t, want, got, pragma)
	}
}

func TestOpenAgainKeepsWhatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?#%20b.db")
	db, err := Open(t.Context(), Config{Path: path}, zaptest.NewLogger(t))
	require.NoError(t, err)
	require.NoError(t, db.SetSetting(t.Context(), "k", "v"))
	require.NoError(t, db.Close())

	value, err := openAt(t, path).Setting(t.Context(), "k")

	require.NoError(t, err)
	assert.Equal(t, "v", value)
	assert.FileExists(t, path, "the name is taken literally")
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	require.NoError(t, os.WriteFile(text, []byte("this is no database, just a text that is long enough"), 0o600))
	tests := []struct {
		name, path string
		code       errcode.Code
		says       string
	}{
		{"no path", "", errcode.Invalid, "path"},
		{"a file in place of the folder", filepath.Join(text, "metadata.db"), errcode.Unavailable, "not a directory"},
		{"a folder in place of the file", folder, errcode.Unavailable, "is a directory"},
		{"a file that is no database", text, errcode.Unavailable, "not a database"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(t.Context(), Config{Path: tt.path}, zaptest.NewLogger(t))
			require.Error(t, err)
			assert.Equal(t, tt.code, errcode.Of(err))
			assert.ErrorContains(t, err, tt.says)
		})
	}
}

func TestClosedIsUnavailable(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			require.NoError(t, db.Close())

			assert.Equal(t, errcode.Unavailable, errcode.Of(db.Health(t.Context())))
			_, err := db.Setting(t.Context(), "k")
			assert.Equal(t, errcode.Unavailable, errcode.Of(err))
			err = db.InTx(t.Context(), func(*Queries) error { return nil })
			assert.Equal(t, errcode.Unavailable, errcode.Of(err))
		})
	}
}

func TestCanceledStaysCanceled(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := db.Setting(ctx, "k")
			assert.Equal(t, errcode.Canceled, errcode.Of(err))
		})
	}
}

func TestInTxIsAllOrNothing(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			boom := errors.New("boom")
			err := db.InTx(t.Context(), func(tx *Queries) error {
				require.NoError(t, tx.SetSetting(t.Context(), "k", "v"))
				return boom
			})
			require.ErrorIs(t, err, boom)
			_, err = db.Setting(t.Context(), "k")
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
		})
	}
}

// Transactions that read first and write later wait for each other; none fails as busy and no
// update is lost.
func TestTransactionsWaitForEachOther(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) { countInTransactions(t, empty(t)) })
	}
}

func countInTransactions(t *testing.T, cfg Config) {
	t.Helper()
	dbs := []*DB{openConfig(t, cfg), openConfig(t, cfg)} // as two processes
	require.NoError(t, dbs[0].SetSetting(t.Context(), "counter", "0"))
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			err := dbs[i%2].InTx(t.Context(), func(tx *Queries) error {
				text, err := tx.Setting(t.Context(), "counter")
				if err != nil {
					return err
				}
				n, err := strconv.Atoi(text)
				if err != nil {
					return err
				}
				return tx.SetSetting(t.Context(), "counter", strconv.Itoa(n+1))
			})
			assert.NoError(t, err)
		})
	}
	wait.Wait()
	value, err := dbs[0].Setting(t.Context(), "counter")
	require.NoError(t, err)
	assert.Equal(t, "40", value)
}

func TestDiskFull(t *testing.T) {
	db := openTest(t)
	db.db.SetMaxOpenConns(1) // the limit belongs to the connection
	_, err := db.db.ExecContext(t.Context(), "PRAGMA max_page_count = 40")
	require.NoError(t, err)
	big := string(make([]byte, 1<<20))
	assert.Equal(t, errcode.OutOfSpace, errcode.Of(db.SetSetting(t.Context(), "k", big)))
	assert.NoError(t, db.Health(t.Context()), "reads go on")
}

func TestTimestamp(t *testing.T) {
	zone := time.FixedZone("", 3600)
	when := time.Date(2026, 3, 1, 0, 30, 0, 123456789, zone)
	value, err := at(when).Value()
	require.NoError(t, err)
	assert.Equal(t, "2026-02-28T23:30:00.123456Z", value)

	var back time.Time
	require.NoError(t, timestamp{&back}.Scan(value))
	assert.True(t, back.Equal(when.Truncate(time.Microsecond)))
	require.NoError(t, timestamp{&back}.Scan(when), "PostgreSQL's driver gives a time")
	assert.Equal(t, time.UTC, back.Location())
	require.NoError(t, timestamp{&back}.Scan(nil))
	assert.True(t, back.IsZero())
	require.Error(t, timestamp{&back}.Scan("yesterday"))
	require.Error(t, timestamp{&back}.Scan(int64(1)))
	value, err = at(time.Time{}).Value()
	require.NoError(t, err)
	assert.Nil(t, value)
}

func TestList(t *testing.T) {
	for _, words := range [][]string{nil, {"ingest"}, {"ingest", "query"}} {
		value, err := list{&words}.Value()
		require.NoError(t, err)
		var back []string
		require.NoError(t, list{&back}.Scan(value))
		assert.Equal(t, words, back)
	}
	for _, bad := range []string{"", "a,b", "{", `"`, "a b", `\`} {
		_, err := list{&[]string{bad}}.Value()
		require.Error(t, err, bad)
	}
	require.Error(t, list{&[]string{}}.Scan("no array"))
}
