-- Rollups, each of the finer one, as the continuous aggregates are that TimescaleDB has. Buckets end with a full
-- minute and do not have their start, as the windows of PromQL; time is their first millisecond. Staleness markers are
-- not in them. left_out counts what only samples can tell: native histograms, and values beyond 1e300, whose
-- sum could be beyond what SQL adds up. max is NULL where all values are NaN.
CREATE TABLE pharos.samples_1m (
    series_id bigint NOT NULL,
    time      timestamptz NOT NULL,
    min       double precision,
    max       double precision,
    sum       double precision,
    count     bigint NOT NULL,
    last      double precision,
    left_out  bigint NOT NULL,
    PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);
CREATE TABLE pharos.samples_5m (
    series_id bigint NOT NULL,
    time      timestamptz NOT NULL,
    min       double precision,
    max       double precision,
    sum       double precision,
    count     bigint NOT NULL,
    last      double precision,
    left_out  bigint NOT NULL,
    PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);
CREATE TABLE pharos.samples_1h (
    series_id bigint NOT NULL,
    time      timestamptz NOT NULL,
    min       double precision,
    max       double precision,
    sum       double precision,
    count     bigint NOT NULL,
    last      double precision,
    left_out  bigint NOT NULL,
    PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);

-- What is rolled up is found by its time, for all series.
CREATE INDEX samples_by_time ON pharos.samples USING brin (time) WITH (pages_per_range = 32);
CREATE INDEX samples_1m_by_time ON pharos.samples_1m USING brin (time) WITH (pages_per_range = 32);
CREATE INDEX samples_5m_by_time ON pharos.samples_5m USING brin (time) WITH (pages_per_range = 32);

-- The buckets that have got or lost samples since they were rolled up, by their start; level is the place
-- of the rollup, the finest first. What writers add is of level 0.
CREATE TABLE pharos.rollup_log (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    level  smallint NOT NULL,
    bucket timestamptz NOT NULL
);
CREATE INDEX rollup_log_by_bucket ON pharos.rollup_log (level, bucket);
INSERT INTO pharos.rollup_log (level, bucket)
SELECT 0, minute + INTERVAL '1 millisecond' FROM (SELECT DISTINCT day FROM pharos.usage) AS days
CROSS JOIN LATERAL generate_series(day::timestamp AT TIME ZONE 'UTC' - INTERVAL '1 minute', (day + 1)::timestamp AT TIME ZONE 'UTC', INTERVAL '1 minute') AS minute;
