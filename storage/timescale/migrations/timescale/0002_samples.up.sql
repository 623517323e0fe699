-- value is NULL where histogram holds a native histogram, as the Histogram message of remote write 2.
CREATE TABLE pharos.samples (
    time       timestamptz NOT NULL,
    series_id  bigint NOT NULL,
    value      double precision,
    start_time timestamptz,
    histogram  bytea,
    PRIMARY KEY (series_id, time)
);
SELECT create_hypertable('pharos.samples', 'time', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
ALTER TABLE pharos.samples SET (timescaledb.compress, timescaledb.compress_segmentby = 'series_id', timescaledb.compress_orderby = 'time');

-- Whether a value is Prometheus' staleness marker: a NaN with bits of its own.
CREATE FUNCTION pharos.is_stale(value double precision) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN float8send(value) = '\x7ff0000000000002'::bytea;

-- The samples as one wide table.
CREATE VIEW pharos.metrics AS
SELECT samples.time, series.org_id, series.service, series.instance_id, series.metric_name, samples.value, series.labels
FROM pharos.samples JOIN pharos.series ON series.id = samples.series_id
WHERE samples.value IS NOT NULL AND NOT pharos.is_stale(samples.value);
