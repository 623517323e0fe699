-- The organisations that have metrics. num is their number in locks; epoch is raised whenever
-- samples or series are deleted.
CREATE TABLE pharos.orgs (
    org_id       uuid PRIMARY KEY,
    num          integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    epoch        bigint NOT NULL DEFAULT 1,
    series_count bigint NOT NULL DEFAULT 0
);

-- hash is the first half of the SHA-256 of all labels. labels holds all but __name__.
CREATE TABLE pharos.series (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES pharos.orgs (org_id),
    hash        uuid NOT NULL,
    metric_name text NOT NULL,
    service     text NOT NULL,
    instance_id text NOT NULL,
    labels      jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org_id, hash)
);
CREATE INDEX series_by_name ON pharos.series (org_id, metric_name);
CREATE INDEX series_by_labels ON pharos.series USING gin (labels jsonb_path_ops);

-- What clients said of metric families.
CREATE TABLE pharos.families (
    org_id     uuid NOT NULL REFERENCES pharos.orgs (org_id),
    name       text NOT NULL,
    hash       uuid NOT NULL,
    type       text NOT NULL,
    unit       text NOT NULL,
    help       text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, name, hash)
);

CREATE TABLE pharos.exemplars (
    time      timestamptz NOT NULL,
    series_id bigint NOT NULL,
    hash      uuid NOT NULL,
    value     double precision NOT NULL,
    labels    jsonb NOT NULL,
    PRIMARY KEY (series_id, time, hash)
);
CREATE INDEX exemplars_by_time ON pharos.exemplars USING brin (time);

-- How many samples each organisation has of each day. Writers spread over slots, so that they
-- do not wait for each other; add them up.
CREATE TABLE pharos.usage (
    org_id  uuid NOT NULL REFERENCES pharos.orgs (org_id),
    day     date NOT NULL,
    slot    smallint NOT NULL,
    samples bigint NOT NULL,
    oldest  timestamptz NOT NULL,
    newest  timestamptz NOT NULL,
    PRIMARY KEY (org_id, day, slot)
) WITH (fillfactor = 50);
