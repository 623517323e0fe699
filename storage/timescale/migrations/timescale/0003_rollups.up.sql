-- Rollups, each of the finer one. Staleness markers and native histograms are not in them.
CREATE MATERIALIZED VIEW pharos.samples_1m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series_id, time_bucket(INTERVAL '1 minute', time) AS time,
       min(value) AS min, max(value) AS max, sum(value) AS sum, count(value) AS count,
       last(value, time) AS last
FROM pharos.samples
WHERE value IS NOT NULL AND float8send(value) <> '\x7ff0000000000002'::bytea
GROUP BY series_id, time_bucket(INTERVAL '1 minute', time)
WITH NO DATA;

CREATE MATERIALIZED VIEW pharos.samples_5m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series_id, time_bucket(INTERVAL '5 minutes', time) AS time,
       min(min) AS min, max(max) AS max, sum(sum) AS sum, sum(count) AS count,
       last(last, time) AS last
FROM pharos.samples_1m
GROUP BY series_id, time_bucket(INTERVAL '5 minutes', time)
WITH NO DATA;

CREATE MATERIALIZED VIEW pharos.samples_1h
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series_id, time_bucket(INTERVAL '1 hour', time) AS time,
       min(min) AS min, max(max) AS max, sum(sum) AS sum, sum(count) AS count,
       last(last, time) AS last
FROM pharos.samples_5m
GROUP BY series_id, time_bucket(INTERVAL '1 hour', time)
WITH NO DATA;
