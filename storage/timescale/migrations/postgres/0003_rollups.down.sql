DROP TABLE pharos.rollup_log;
DROP INDEX pharos.samples_by_time;
DROP TABLE pharos.samples_1h;
DROP TABLE pharos.samples_5m;
DROP TABLE pharos.samples_1m;
