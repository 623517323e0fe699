-- Documents and lists are JSON as text; PostgreSQL keeps them as JSONB.

CREATE TABLE dashboards (
  org_id      TEXT NOT NULL REFERENCES orgs (id),
  id          TEXT NOT NULL, -- what its address ends in; unique in the organisation
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  tags        TEXT NOT NULL, -- a JSON array
  panels      INTEGER NOT NULL,
  document    TEXT NOT NULL,
  version     INTEGER NOT NULL,
  created_at  TEXT NOT NULL,
  updated_at  TEXT NOT NULL,
  updated_by  TEXT NOT NULL,
  deleted_at  TEXT, -- a deleted one keeps its id and versions for a while, so that it can come back
  PRIMARY KEY (org_id, id)
);

-- The current version is here too.
CREATE TABLE dashboard_versions (
  org_id       TEXT NOT NULL,
  dashboard_id TEXT NOT NULL,
  version      INTEGER NOT NULL,
  document     TEXT NOT NULL,
  updated_at   TEXT NOT NULL,
  updated_by   TEXT NOT NULL,
  message      TEXT NOT NULL,
  PRIMARY KEY (org_id, dashboard_id, version),
  FOREIGN KEY (org_id, dashboard_id) REFERENCES dashboards (org_id, id) ON DELETE CASCADE
);

CREATE TABLE saved_searches (
  org_id     TEXT NOT NULL REFERENCES orgs (id),
  id         TEXT NOT NULL,
  name       TEXT NOT NULL,
  query      TEXT NOT NULL,
  columns    TEXT NOT NULL, -- a JSON array
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, name)
);
