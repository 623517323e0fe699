DROP VIEW pharos.metrics;
DROP FUNCTION pharos.is_stale;
DROP TABLE pharos.samples;
