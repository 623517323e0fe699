package timescale

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const partitionCount = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'pharos.samples'::regclass"

func TestPartitions(t *testing.T) {
	db := onPostgreSQL(t)
	keeping := db.config()
	keeping.RetentionTime = 0
	writer := openIn(t, keeping)
	org := openOrg(t, writer)
	now := time.Now()
	old, recent := now.Add(-10*day).UnixMilli(), now.UnixMilli()
	require.NoError(t, write(t.Context(), org, 2, old, old+day.Milliseconds(), recent))
	assert.EqualValues(t, 3, db.number(t, partitionCount), "created on demand")
	require.NoError(t, writer.Maintain(t.Context()))
	assert.EqualValues(t, 3+partitionsAhead, db.number(t, partitionCount), "created ahead")
	_, samples := count(t, org)
	assert.Equal(t, 6, samples)

	cfg := db.config()
	cfg.RetentionTime = model.Duration(5 * day)
	sweeper := openIn(t, cfg)
	_, samples = count(t, openOrg(t, sweeper))
	assert.Equal(t, 2, samples, "what is past retention is not read")

	// Another process is at work: this one leaves it alone.
	conn := db.connect(t)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1, $2)", sweeper.class, maintenanceLock)
	require.NoError(t, err)
	require.NoError(t, sweeper.Maintain(t.Context()))
	assert.EqualValues(t, 3+partitionsAhead, db.number(t, partitionCount))
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, conn.Close(t.Context()))

	require.NoError(t, sweeper.Maintain(t.Context()))
	assert.EqualValues(t, 1+partitionsAhead, db.number(t, partitionCount))
	stats, err := org.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, stats.Samples)
	assert.Equal(t, recent, stats.Oldest.UnixMilli())

	// The writer still takes the days that were dropped for there, and makes them again.
	require.NoError(t, write(t.Context(), org, 2, old))
	assert.EqualValues(t, 1, writer.Counters().Retries)
	_, samples = count(t, org)
	assert.Equal(t, 4, samples)
}

func TestSeriesWithoutSamplesGo(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			cfg := db.config()
			cfg.RetentionTime, cfg.Policies = model.Duration(2*day), Policies{}
			store := openIn(t, cfg)
			org := openOrg(t, store)
			now := time.Now()
			require.NoError(t, write(t.Context(), org, 3, now.UnixMilli()))
			db.exec(t, "DELETE FROM pharos.samples WHERE series_id IN (SELECT id FROM pharos.series WHERE labels->>'n' <> '1')")
			require.NoError(t, store.Maintain(t.Context()))
			assert.EqualValues(t, 3, db.number(t, "SELECT count(*) FROM pharos.series"), "they are young")
			db.exec(t, "UPDATE pharos.series SET created_at = now() - interval '3 days'")
			require.NoError(t, store.Maintain(t.Context()))
			assert.EqualValues(t, 1, db.number(t, "SELECT count(*) FROM pharos.series"))
			require.NoError(t, write(t.Context(), org, 3, now.UnixMilli()+1))
			series, samples := count(t, org)
			assert.Equal(t, [2]int{3, 4}, [2]int{series, samples})
		})
	}
}

// TestPoliciesAndRollups runs the jobs by hand, as the server of the tests has no workers.
func TestPoliciesAndRollups(t *testing.T) {
	db := onTimescale(t)
	cfg := db.config()
	const jobs = `SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_schema = $1 OR (hypertable_schema, hypertable_name) IN (
		SELECT materialization_hypertable_schema, materialization_hypertable_name FROM timescaledb_information.continuous_aggregates WHERE view_schema = $1)`
	const newest = `SELECT max(job_id) FROM timescaledb_information.jobs`
	store := openIn(t, cfg)
	assert.EqualValues(t, 1+1+3, db.number(t, jobs, db.schema), "retention, compression, a refresh for each rollup")
	before := db.number(t, newest)
	openIn(t, cfg)
	assert.Equal(t, before, db.number(t, newest), "jobs are not made anew")
	cfg.RetentionTime, cfg.Policies.CompressAfter, cfg.Policies.RollupRetention = model.Duration(30*day), 0, model.Duration(400*day)
	openIn(t, cfg)
	assert.EqualValues(t, 1+0+3+3, db.number(t, jobs, db.schema))
	assert.EqualValues(t, 30*24, db.number(t, `SELECT extract(epoch FROM (config->>'drop_after')::interval)::bigint / 3600 FROM timescaledb_information.jobs
		WHERE hypertable_schema = $1 AND hypertable_name = 'samples' AND proc_name = 'policy_retention'`, db.schema))

	org := openOrg(t, store)
	start := time.Now().Add(-3*time.Hour).Truncate(time.Hour).UnixMilli() + 1 // the first millisecond of a bucket
	var times []int64
	for i := range int64(60) {
		times = append(times, start+i*60_000, start+i*60_000+30_000)
	}
	require.NoError(t, write(t.Context(), org, 3, times...))
	run := func() {
		conn := db.connect(t)
		defer func() { require.NoError(t, conn.Close(t.Context())) }()
		for _, r := range rollups() {
			var id int
			require.NoError(t, conn.QueryRow(t.Context(), `SELECT job_id FROM timescaledb_information.jobs j JOIN timescaledb_information.continuous_aggregates a
				ON (j.hypertable_schema, j.hypertable_name) IN ((a.materialization_hypertable_schema, a.materialization_hypertable_name), (a.view_schema, a.view_name))
				WHERE a.view_schema = $1 AND a.view_name = $2 AND j.proc_name = 'policy_refresh_continuous_aggregate'`, db.schema, r.name).Scan(&id))
			_, err := conn.Exec(t.Context(), "CALL run_job($1)", pgx.QueryExecModeSimpleProtocol, id)
			require.NoError(t, err)
		}
	}
	run()
	for name, want := range map[string]int64{"samples_1m": 3 * 60, "samples_5m": 3 * 12, "samples_1h": 3} {
		assert.Equal(t, want, db.number(t, "SELECT count(*) FROM pharos."+name), name)
		assert.EqualValues(t, 3*120, db.number(t, "SELECT sum(count)::bigint FROM pharos."+name), name)
		assert.EqualValues(t, (1+2)*120, db.number(t, "SELECT sum(sum)::bigint FROM pharos."+name), name)
	}

	require.NoError(t, org.Delete(t.Context(), time.UnixMilli(0), time.Now(), labels.MustNewMatcher(labels.MatchEqual, "n", "2")))
	for _, r := range rollups() {
		assert.EqualValues(t, 120, db.number(t, "SELECT sum(sum)::bigint FROM pharos."+r.name), "deleted from %s too", r.name)
	}

	// Compressed samples can be read, added to and deleted.
	db.exec(t, "SELECT compress_chunk(c) FROM show_chunks('pharos.samples') c")
	require.NoError(t, write(t.Context(), org, 2, start+15_000, start+30_000))
	assert.EqualValues(t, 1, store.Counters().Staged)
	_, samples := count(t, org)
	assert.Equal(t, 2*120+2, samples)
	require.NoError(t, org.Delete(t.Context(), time.UnixMilli(start), time.UnixMilli(start+30_000), labels.MustNewMatcher(labels.MatchEqual, "n", "1")))
	_, samples = count(t, org)
	assert.Equal(t, 2*120+2-3, samples)
	run()
	assert.EqualValues(t, 1*(120+1-3), db.number(t, "SELECT sum(sum)::bigint FROM pharos.samples_1h"), "what is left at the ends comes back with a refresh")
}

func TestConfig(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"dsn":                        func(c *Config) { c.DSN = "" },
		"read_dsn":                   func(c *Config) { c.ReadDSN = "postgres://a:b:c" },
		"schema":                     func(c *Config) { c.Schema = "a b" },
		"max_series":                 func(c *Config) { c.MaxSeries = -1 },
		"max_connections":            func(c *Config) { c.MaxConnections = 0 },
		"cache_series":               func(c *Config) { c.CacheSeries = 1 },
		"retention":                  func(c *Config) { c.RetentionTime = model.Duration(time.Hour) },
		"policies.rollup_window":     func(c *Config) { c.Policies.RollupWindow = model.Duration(90 * day) },
		"policies.rollup_retention":  func(c *Config) { c.Policies.RollupRetention = model.Duration(time.Hour) },
		"policies.compress_after":    func(c *Config) { c.Policies.CompressAfter = -1 },
		"policies.rollup_window: is": func(c *Config) { c.Policies.RollupWindow = model.Duration(time.Minute) },
	} {
		cfg := DefaultConfig()
		cfg.DSN = "postgres://localhost/metrics"
		require.NoError(t, cfg.Validate())
		change(&cfg)
		assert.ErrorContains(t, cfg.Validate(), name)
	}
}

// TestWorksByItself lets the store tidy up, and forget an organisation that is still in use.
func TestWorksByItself(t *testing.T) {
	db := onPostgreSQL(t)
	cfg := db.config()
	cfg.MaintainEvery, cfg.IdleClose = model.Duration(5*time.Millisecond), model.Duration(time.Nanosecond)
	store := openIn(t, cfg)
	org := openOrg(t, store)
	require.Eventually(t, func() bool { return db.number(t, partitionCount) == 1+partitionsAhead }, 30*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		store.mu.Lock()
		defer store.mu.Unlock()
		return len(store.orgs) == 0
	}, 30*time.Second, time.Millisecond)
	now := time.Now().UnixMilli()
	require.NoError(t, write(t.Context(), org, 2, now))
	require.NoError(t, write(t.Context(), openOrg(t, store), 2, now+1))
	series, samples := count(t, org)
	assert.Equal(t, [2]int{2, 4}, [2]int{series, samples})
}
