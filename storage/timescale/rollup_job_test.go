package timescale

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/rollup"
)

const waitingForLock = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1"

// TestOneRollsUp holds the lock of rolling up elsewhere.
func TestOneRollsUp(t *testing.T) {
	db := onPostgreSQL(t)
	store := openIn(t, db.config())
	org := openOrg(t, store)
	at := time.Now().Add(-time.Hour).UnixMilli()
	require.NoError(t, write(t.Context(), org, 3, at))
	conn := db.connect(t)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1, $2)", store.class, rollupLock)
	require.NoError(t, err)
	require.NoError(t, store.RollUp(t.Context()), "another one is at it")
	assert.Equal(t, [2]uint64{0, 1}, [2]uint64{store.Counters().RolledUp, store.Counters().RollupWait})

	// A deletion waits for what has read the samples and not stored their rollup.
	deleted := make(chan error, 1)
	go func() {
		deleted <- org.Delete(t.Context(), time.UnixMilli(0), time.Now(), labels.MustNewMatcher(labels.MatchEqual, "n", "1"))
	}()
	require.Eventually(t, func() bool { return db.number(t, waitingForLock, int64(uint32(store.class))) == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, store.aggregate(t.Context(), tx, 0, timeSpan{bucketStart(at), bucketStart(at) + time.Minute.Milliseconds()}))
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, <-deleted)
	assert.EqualValues(t, 2, db.number(t, "SELECT count(*) FROM pharos.samples_1m"))
	require.NoError(t, store.RollUp(t.Context()))
	assert.EqualValues(t, 2, db.number(t, "SELECT count(*) FROM pharos.samples_1h"))
	assert.EqualValues(t, 1, store.Counters().RollupWait, "the minute of now, where the deletion ended")
}

// TestWriterThatCommitsAfterTheRollup began before it: what it stores is late, and not forgotten.
func TestWriterThatCommitsAfterTheRollup(t *testing.T) {
	db := onPostgreSQL(t)
	store := openIn(t, db.config())
	org := openOrg(t, store)
	from := time.Now().Add(-6 * time.Hour).Truncate(time.Hour)
	at := from.Add(90 * time.Minute).UnixMilli()
	require.NoError(t, write(t.Context(), org, 2, at))
	conn, err := store.pool.Acquire(t.Context())
	require.NoError(t, err)
	_, err = store.begin(t.Context(), conn, org.(*handle).org, false)
	require.NoError(t, err)
	late := []row{{id: db.number(t, "SELECT min(id) FROM pharos.series"), t: at + 1000, bits: 0x4059000000000000}} // 100
	require.NoError(t, store.copyRows(t.Context(), conn, "pharos.samples", late))
	require.NoError(t, store.RollUp(t.Context()))
	assert.Zero(t, store.Counters().RollupWait)
	require.NoError(t, store.end(t.Context(), conn, store.logTouched(touched(late))))
	conn.Release()
	assert.True(t, compare(t, org, from, time.Now()), "it is read from samples, the hours without it from rollups")
	require.NoError(t, store.RollUp(t.Context()))
	assert.Zero(t, store.Counters().RollupWait)
	compare(t, org, from, time.Now())
	assert.EqualValues(t, 100, db.number(t, "SELECT max(max)::bigint FROM pharos.samples_1h"))
}

// TestRollupsOutliveSamples drops samples by their retention, then rollups by theirs.
func TestRollupsOutliveSamples(t *testing.T) {
	db := onPostgreSQL(t)
	keeping := db.config()
	keeping.RetentionTime = 0
	keeping.Policies.RollupRetention = 0
	writer := openIn(t, keeping)
	org := openOrg(t, writer)
	now := time.Now()
	old := now.Add(-10 * day).Truncate(time.Hour)
	require.NoError(t, write(t.Context(), org, 3, old.UnixMilli(), now.UnixMilli()))
	require.NoError(t, writer.RollUp(t.Context()))
	hourly := func(org storage.OrgMetrics) int {
		request := rollup.Request{Width: time.Hour, Func: rollup.Max}
		samples := 0
		for _, series := range evaluate(t, asking{org, request}, "max_over_time(load[1h])", old, old.Add(day), time.Hour) {
			samples += len(series.Floats)
		}
		return samples
	}
	assert.Equal(t, 3, hourly(org))

	cfg := db.config()
	cfg.RetentionTime = model.Duration(5 * day)
	short := openIn(t, cfg)
	require.NoError(t, short.Maintain(t.Context()))
	assert.EqualValues(t, 3, db.number(t, "SELECT count(*) FROM pharos.samples"), "the old ones are gone")
	assert.Equal(t, 3, hourly(openOrg(t, short)), "their rollups are not")

	// A deletion of the time that has samples leaves the rollups before it, and so the series.
	require.NoError(t, openOrg(t, short).Delete(t.Context(), now.Add(-day), now, labels.MustNewMatcher(labels.MatchEqual, "n", "1")))
	assert.Equal(t, 3, hourly(openOrg(t, short)))
	// One without samples for as long as they are kept goes, with its rollups.
	db.exec(t, "UPDATE pharos.series SET created_at = now() - INTERVAL '6 days'")
	require.NoError(t, short.Maintain(t.Context()))
	assert.EqualValues(t, 2, db.number(t, "SELECT count(*) FROM pharos.series"))
	assert.Equal(t, 2, hourly(openOrg(t, short)))
	assert.EqualValues(t, 2, db.number(t, "SELECT count(DISTINCT series_id) FROM pharos.samples_1h"))

	cfg.Policies.RollupRetention = model.Duration(7 * day)
	shorter := openIn(t, cfg)
	assert.Zero(t, hourly(openOrg(t, shorter)), "what is past the retention of rollups is not read")
	partitions := db.number(t, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'pharos.samples_1m'::regclass")
	require.NoError(t, shorter.Maintain(t.Context()))
	assert.Equal(t, partitions-1, db.number(t, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'pharos.samples_1m'::regclass"))
}

// TestLogOfRollupsIsCompacted is for stores that nobody rolls up.
func TestLogOfRollupsIsCompacted(t *testing.T) {
	db := onPostgreSQL(t)
	cfg := db.config()
	cfg.Policies.RollupWindow = 0
	store := openIn(t, cfg)
	assert.Empty(t, store.RollupWidths())
	org := openOrg(t, store)
	at := time.Now().Add(-time.Hour).Truncate(time.Minute).UnixMilli()
	for i := range int64(10) {
		require.NoError(t, write(t.Context(), org, 3, at+1+i, at+2*time.Minute.Milliseconds()+i+1))
	}
	require.NoError(t, store.RollUp(t.Context()))
	assert.EqualValues(t, 20, db.number(t, "SELECT count(*) FROM pharos.rollup_log"))
	require.NoError(t, store.Maintain(t.Context()))
	assert.EqualValues(t, 2, db.number(t, "SELECT count(*) FROM pharos.rollup_log"))
}

// TestRollupsOfSamplesFromBefore migrates a database that has samples and no rollups.
func TestRollupsOfSamplesFromBefore(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			now := time.Now()
			from := now.Add(-8 * time.Hour)
			before := open(t, db.config())
			org, err := before.Open(t.Context(), acme)
			require.NoError(t, err)
			fill(t, org, rand.New(rand.NewPCG(3, 4)), from, now, 1000)
			before.closeIn(t)
			m := newMigrator(t, db.config())
			require.NoError(t, m.Down(t.Context(), 2))
			require.NoError(t, m.Up(t.Context()))
			store := openIn(t, db.config())
			assert.False(t, compare(t, openOrg(t, store), from, now))
			require.NoError(t, store.RollUp(t.Context()))
			assert.True(t, compare(t, openOrg(t, store), from, now))
			hour := bucketStart(now.Add(-3*time.Hour).Truncate(time.Hour).UnixMilli() + 2)
			assert.Zero(t, db.number(t, "SELECT count(*) FROM pharos.rollup_log WHERE bucket <= $1", timeOf(hour)), "all that is over is rolled up")
		})
	}
}
