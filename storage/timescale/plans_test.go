package timescale

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// explain returns the plan of a statement, written for the schema pharos.
func (db database) explain(t *testing.T, statement string, args ...any) string {
	t.Helper()
	conn := db.connect(t)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	rows, err := conn.Query(t.Context(), inSchema("EXPLAIN "+statement, db.schema), args...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

// many stores samples of a day as the server makes them: in the order of time.
func (db database) many(t *testing.T, start time.Time, every time.Duration) {
	t.Helper()
	db.exec(t, fmt.Sprintf(`INSERT INTO pharos.samples (time, series_id, value) SELECT at, n, n FROM generate_series('%s'::timestamptz, '%s', %s) AS at, generate_series(1, 200) AS n ORDER BY at ON CONFLICT DO NOTHING`,
		start.Format(time.RFC3339), start.Add(day-time.Second).Format(time.RFC3339), interval(every)))
}

// TestRollingUpReadsAMinute holds that it does not read the day.
func TestRollingUpReadsAMinute(t *testing.T) {
	db := onPostgreSQL(t)
	store := openIn(t, db.config())
	start := timeOf(dayOf(time.Now().UnixMilli()) - day.Milliseconds())
	require.NoError(t, write(t.Context(), openOrg(t, store), 1, start.UnixMilli()))
	db.many(t, start, time.Minute)
	db.exec(t, "ANALYZE pharos.samples")
	require.NoError(t, store.RollUp(t.Context()))
	plan := db.explain(t, fmt.Sprintf("SELECT series_id, "+ofSamples+" GROUP BY 1"), start.Add(time.Hour), start.Add(time.Hour+time.Minute))
	assert.Contains(t, plan, "Bitmap Index Scan on samples_p"+start.Format(partitionDay)+"_time_idx")
	assert.NotContains(t, plan, "Seq Scan")
}

// TestCompressedChunksAreReadBySeries holds that a selection does not decompress all series.
func TestCompressedChunksAreReadBySeries(t *testing.T) {
	db := onTimescale(t)
	store := openIn(t, db.config())
	start := timeOf(dayOf(time.Now().UnixMilli()) - 3*day.Milliseconds())
	require.NoError(t, write(t.Context(), openOrg(t, store), 1, start.UnixMilli()))
	db.many(t, start, 5*time.Minute)
	db.exec(t, "SELECT compress_chunk(c) FROM show_chunks('pharos.samples') c")
	db.exec(t, "ANALYZE pharos.samples")
	plan := db.explain(t, "SELECT series_id, time, value FROM pharos.samples WHERE series_id = ANY($1) AND time BETWEEN $2 AND $3 ORDER BY series_id, time",
		[]int64{3, 4}, start.Add(time.Hour), start.Add(2*time.Hour))
	assert.Regexp(t, `Index (Only )?Scan using compress_hyper|Bitmap Index Scan on compress_hyper`, plan)
	assert.Contains(t, plan, "series_id = ANY")
	assert.NotContains(t, plan, "Seq Scan on compress_hyper")

	// The rollup is read from what is materialized, not computed again.
	plan = db.explain(t, "SELECT * FROM "+store.rolled[2]+" WHERE series_id = ANY($1) AND time > $2 AND time <= $3 ORDER BY series_id, time",
		[]int64{3, 4}, start.Add(time.Hour), start.Add(2*time.Hour))
	assert.NotContains(t, plan, "samples")
	assert.NotContains(t, plan, "compress_hyper")
}
