-- Names are compared and sorted byte by byte, as on SQLite.

CREATE TABLE pharos.orgs (
  id         UUID PRIMARY KEY,
  name       TEXT COLLATE "C" UNIQUE NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE pharos.users (
  id            UUID PRIMARY KEY,
  org_id        UUID NOT NULL REFERENCES pharos.orgs (id),
  email         TEXT UNIQUE NOT NULL,
  password_hash TEXT NOT NULL,
  role          TEXT NOT NULL,
  created_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX users_org ON pharos.users (org_id);

CREATE TABLE pharos.api_keys (
  id           UUID PRIMARY KEY,
  org_id       UUID NOT NULL REFERENCES pharos.orgs (id),
  user_id      UUID REFERENCES pharos.users (id) ON DELETE SET NULL,
  name         TEXT NOT NULL,
  prefix       TEXT UNIQUE NOT NULL, -- what a key is found by; it is no secret
  key_hash     TEXT NOT NULL,        -- SHA-256 of the whole key, in hex
  scopes       TEXT[] NOT NULL,
  created_at   TIMESTAMPTZ NOT NULL,
  expires_at   TIMESTAMPTZ,
  revoked_at   TIMESTAMPTZ,
  last_used_at TIMESTAMPTZ
);
CREATE INDEX api_keys_org ON pharos.api_keys (org_id, created_at);
CREATE INDEX api_keys_user ON pharos.api_keys (user_id);

-- A login is a family of refresh tokens: each use of one makes the next.
CREATE TABLE pharos.refresh_tokens (
  id         UUID PRIMARY KEY,
  family_id  UUID NOT NULL,
  user_id    UUID NOT NULL REFERENCES pharos.users (id) ON DELETE CASCADE,
  token_hash TEXT UNIQUE NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  used_at    TIMESTAMPTZ,
  revoked_at TIMESTAMPTZ
);
CREATE INDEX refresh_tokens_family ON pharos.refresh_tokens (family_id);
CREATE INDEX refresh_tokens_user ON pharos.refresh_tokens (user_id);
CREATE INDEX refresh_tokens_expiry ON pharos.refresh_tokens (expires_at);

CREATE TABLE pharos.login_links (
  id         UUID PRIMARY KEY,
  user_id    UUID NOT NULL REFERENCES pharos.users (id) ON DELETE CASCADE,
  token_hash TEXT UNIQUE NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  used_at    TIMESTAMPTZ
);
CREATE INDEX login_links_user ON pharos.login_links (user_id);
CREATE INDEX login_links_expiry ON pharos.login_links (expires_at);

CREATE TABLE pharos.settings (
  key        TEXT PRIMARY KEY,
  value      TEXT NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);
