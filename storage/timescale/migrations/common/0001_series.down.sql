DROP TABLE pharos.usage;
DROP TABLE pharos.exemplars;
DROP TABLE pharos.families;
DROP TABLE pharos.series;
DROP TABLE pharos.orgs;
