-- Documents are JSON and not JSONB, because they come back byte by byte as they were written.

CREATE TABLE pharos.dashboards (
  org_id      UUID NOT NULL REFERENCES pharos.orgs (id),
  id          TEXT COLLATE "C" NOT NULL, -- what its address ends in; unique in the organisation
  name        TEXT COLLATE "C" NOT NULL,
  description TEXT NOT NULL,
  tags        JSONB NOT NULL,
  panels      INTEGER NOT NULL,
  document    JSON NOT NULL,
  version     INTEGER NOT NULL,
  created_at  TIMESTAMPTZ NOT NULL,
  updated_at  TIMESTAMPTZ NOT NULL,
  updated_by  TEXT NOT NULL,
  deleted_at  TIMESTAMPTZ, -- a deleted one keeps its id and versions for a while, so that it can come back
  PRIMARY KEY (org_id, id)
);

-- The current version is here too.
CREATE TABLE pharos.dashboard_versions (
  org_id       UUID NOT NULL,
  dashboard_id TEXT COLLATE "C" NOT NULL,
  version      INTEGER NOT NULL,
  document     JSON NOT NULL,
  updated_at   TIMESTAMPTZ NOT NULL,
  updated_by   TEXT NOT NULL,
  message      TEXT NOT NULL,
  PRIMARY KEY (org_id, dashboard_id, version),
  FOREIGN KEY (org_id, dashboard_id) REFERENCES pharos.dashboards (org_id, id) ON DELETE CASCADE
);

CREATE TABLE pharos.saved_searches (
  org_id     UUID NOT NULL REFERENCES pharos.orgs (id),
  id         UUID NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  query      TEXT NOT NULL,
  columns    JSONB NOT NULL,
  created_by TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, name)
);
