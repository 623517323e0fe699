-- Rollups, each of the finer one. Buckets end with a full minute and do not have their start, as the windows
-- of PromQL; time is their first millisecond. Staleness markers are not in them. left_out counts what only
-- samples can tell: native histograms, and values beyond 1e300, whose sum could be beyond what SQL adds up.
-- max is NULL where all values are NaN.
CREATE MATERIALIZED VIEW pharos.samples_1m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series_id, time_bucket(INTERVAL '1 minute', time, "offset" => INTERVAL '1 millisecond') AS time,
       min(value) FILTER (WHERE abs(value) <= 1e300 OR value IN ('NaN', 'Infinity', '-Infinity')) AS min,
       max(value) FILTER (WHERE abs(value) <= 1e300 OR value IN ('Infinity', '-Infinity')) AS max,
       sum(value) FILTER (WHERE abs(value) <= 1e300 OR value IN ('NaN', 'Infinity', '-Infinity')) AS sum,
       count(value) FILTER (WHERE abs(value) <= 1e300 OR value IN ('NaN', 'Infinity', '-Infinity')) AS count,
       last(value, time) FILTER (WHERE abs(value) <= 1e300 OR value IN ('NaN', 'Infinity', '-Infinity')) AS last,
       count(*) FILTER (WHERE value IS NULL OR abs(value) > 1e300 AND value NOT IN ('NaN', 'Infinity', '-Infinity')) AS left_out
FROM pharos.samples
WHERE value IS NULL OR float8send(value) <> '\x7ff0000000000002'::bytea
GROUP BY series_id, time_bucket(INTERVAL '1 minute', time, "offset" => INTERVAL '1 millisecond')
WITH NO DATA;

CREATE MATERIALIZED VIEW pharos.samples_5m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series_id, time_bucket(INTERVAL '5 minutes', time, "offset" => INTERVAL '1 millisecond') AS time,
       min(min) AS min, max(max) AS max, sum(sum) AS sum, sum(count)::bigint AS count,
       last(last, time) FILTER (WHERE count > 0) AS last, sum(left_out)::bigint AS left_out
FROM pharos.samples_1m
GROUP BY series_id, time_bucket(INTERVAL '5 minutes', time, "offset" => INTERVAL '1 millisecond')
WITH NO DATA;

CREATE MATERIALIZED VIEW pharos.samples_1h
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series_id, time_bucket(INTERVAL '1 hour', time, "offset" => INTERVAL '1 millisecond') AS time,
       min(min) AS min, max(max) AS max, sum(sum) AS sum, sum(count)::bigint AS count,
       last(last, time) FILTER (WHERE count > 0) AS last, sum(left_out)::bigint AS left_out
FROM pharos.samples_5m
GROUP BY series_id, time_bucket(INTERVAL '1 hour', time, "offset" => INTERVAL '1 millisecond')
WITH NO DATA;

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
