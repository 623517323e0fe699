package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/servers"
)

// distributed is the part of a configuration that names databases; the rest of it is wrong.
const distributed = `
receivers: {kafka: {brokers: 7}}
exporters:
  timescale: {dsn: "${env:METRICS}", schema: m, default_org: x}
  timescale/unused: {dsn: "postgres://a:b:c"}
extensions:
  storage:
    directory: ""
    metrics: {store: timescale, timescale: {dsn: "${env:METRICS}", schema: m}}
    metadata: {store: postgresql, postgresql: {dsn: "${env:METADATA}"}}
  storage/hot: {metrics: {store: local}, metadata: {store: none, postgresql: {dsn: ""}}}
service:
  extensions: [storage, storage/hot]
  pipelines: {metrics: {receivers: [kafka], exporters: [timescale]}}
`

func TestMigrate(t *testing.T) {
	server := servers.Run(t, servers.StartPostgreSQL)
	dsn := server.DSN("postgres")
	t.Setenv("METRICS", dsn)
	t.Setenv("METADATA", dsn)
	file := writeFile(t, distributed)
	migrate := func(args ...string) (lines []string, err error) {
		out, err := call(t, append([]string{"migrate"}, args...)...)
		return strings.Split(strings.TrimSpace(out), "\n"), err
	}

	lines, err := migrate("status", "-c", file)
	require.ErrorIs(t, err, errPending)
	assert.Equal(t, exitPending, exitCode(err))
	require.Len(t, lines, 3, "a line for each database, the shared one once")
	assert.Regexp(t, `^metrics +127\.0\.0\.1:\d+/postgres, schema m +postgres +0 +\d+ +\d+ steps to take$`, lines[1])
	assert.Regexp(t, `^metadata +127\.0\.0\.1:\d+/postgres, schema pharos_meta +postgres +0 +\d+ +\d+ steps to take$`, lines[2])

	lines, err = migrate("up", "-c", file)
	require.NoError(t, err)
	assert.Regexp(t, `^metrics at .*, schema m: version [1-9]\d*, was 0$`, lines[0])
	assert.Regexp(t, `^metadata at .*, schema pharos_meta: version [1-9]\d*, was 0$`, lines[1])
	lines, err = migrate("up", "--dsn", dsn, "--schema", "m")
	require.NoError(t, err)
	assert.Contains(t, lines[0], "nothing to do")
	lines, err = migrate("status", "-c", file)
	require.NoError(t, err)
	assert.Contains(t, lines[1]+lines[2], "up to date")

	_, err = migrate("down", "-c", file, "--to", "1", "--yes")
	require.ErrorContains(t, err, "--database: is missing, and the configuration uses several")
	assert.Equal(t, exitUsage, exitCode(err))
	lines, err = migrate("down", "-c", file, "--to", "1", "--yes", "--database", "metrics")
	require.NoError(t, err)
	assert.Contains(t, lines[0], "version 1, was")
	lines, err = migrate("down", "--dsn", dsn, "--database", "metadata", "--to", "0", "--yes")
	require.NoError(t, err)
	assert.Contains(t, lines[0], "version 0, was")

	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	for set, says := range map[string]string{
		"version = 1, dirty = true":     "left unfinished by another tool",
		"version = 1000, dirty = false": "newer Pharos",
	} {
		_, err = conn.Exec(t.Context(), "UPDATE m.schema_migrations SET "+set)
		require.NoError(t, err)
		for _, command := range [][]string{{"up"}, {"status"}} {
			lines, err = migrate(append(command, "-c", file, "--database", "metrics")...)
			require.ErrorContains(t, err, says, fmt.Sprint(command, lines))
			assert.Equal(t, exitFailure, exitCode(err))
		}
	}
}

func TestMigrateWithoutDatabase(t *testing.T) {
	const away = "postgres://pharos:secret@127.0.0.1:1/metrics"
	for _, command := range []string{"status", "up"} {
		out, err := call(t, "migrate", command, "--dsn", away)
		require.ErrorContains(t, err, "127.0.0.1:1/metrics, schema pharos")
		assert.NotContains(t, out+err.Error(), "secret")
		assert.Equal(t, exitFailure, exitCode(err))
	}
	for _, tt := range []struct{ args, says string }{
		{"status", "--config: is missing"},
		{"up --config role:all-in-one", "uses no such database on a server"},
		{"up --config nowhere.yaml", "nowhere.yaml"},
		{"up --dsn " + away + " --config role:all-in-one", "use one of the two"},
		{"up --dsn a:b:c", "--dsn: dsn: can't be read"},
		{"up --dsn " + away + " --schema A", `schema: is "A"`},
		{"up --dsn " + away + " --database logs", `--database: is "logs"`},
		{"up --config role:all-in-one --schema a", "--schema: is for the database of --dsn"},
		{"down --dsn " + away, "--to: is missing"},
		{"down --to 1 --dsn " + away, "--yes: is missing"},
	} {
		_, err := call(t, append([]string{"migrate"}, strings.Fields(tt.args)...)...)
		require.ErrorContains(t, err, tt.says, tt.args)
		assert.Equal(t, exitUsage, exitCode(err), tt.args)
	}
	_, err := call(t, "migrate", "up", "-c", writeFile(t, strings.ReplaceAll(distributed, "${env:METRICS}", "")))
	require.ErrorContains(t, err, "exporters::timescale: dsn: is empty")
	require.ErrorContains(t, err, "extensions::storage::metadata::postgresql: dsn: is empty")
}

// TestMigrateFindsTheDatabasesOfRoles asks with nothing in the environment but where they are.
func TestMigrateFindsTheDatabasesOfRoles(t *testing.T) {
	const away = "postgres://pharos@127.0.0.1:1/"
	t.Setenv("PHAROS_TIMESCALE_DSN", away+"series")
	t.Setenv("PHAROS_POSTGRES_DSN", away+"people")
	for role, databases := range map[string][]string{
		"writer": {"metrics at 127.0.0.1:1/series"}, "gateway": {"metadata at 127.0.0.1:1/people"},
		"backend": {"metrics at 127.0.0.1:1/series", "metadata at 127.0.0.1:1/people"},
	} {
		out, err := call(t, "migrate", "status", "--config", "role:"+role)
		assert.Equal(t, exitFailure, exitCode(err), role)
		assert.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 1+len(databases), out)
		for _, database := range databases {
			require.ErrorContains(t, err, database, role)
		}
	}
}

func TestMigrateHasExamples(t *testing.T) {
	for _, command := range []string{"status", "up", "down"} {
		out, err := call(t, "migrate", command, "--help")
		require.NoError(t, err)
		assert.Contains(t, out, "Examples:\n  pharos migrate "+command)
	}
}
