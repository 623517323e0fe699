DROP TABLE pharos.rollup_log;
DROP MATERIALIZED VIEW pharos.samples_1h;
DROP MATERIALIZED VIEW pharos.samples_5m;
DROP MATERIALIZED VIEW pharos.samples_1m;
