package metadata

import (
	"context"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// APIKey is a key for programs. The key itself is not stored.
type APIKey struct {
	ID         string
	OrgID      storage.OrgID
	UserID     string // who created it; empty when that user is gone
	Name       string
	Prefix     string // the public part of the key; unique
	Hash       string
	Scopes     []string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero when it never does
	RevokedAt  time.Time // zero while it is valid
	LastUsedAt time.Time // coarse; zero when never
}

//nolint:gosec // column names, no credential
const apiKeyColumns = "id, org_id, user_id, name, prefix, key_hash, scopes, created_at, expires_at, revoked_at, last_used_at"

func (k *APIKey) fields() []any {
	return []any{
		&k.ID, &k.OrgID,
		optional{&k.UserID},
		&k.Name, &k.Prefix, &k.Hash,
		list{&k.Scopes},
		timestamp{&k.CreatedAt},
		timestamp{&k.ExpiresAt},
		timestamp{&k.RevokedAt},
		timestamp{&k.LastUsedAt},
	}
}

// CreateAPIKey stores a key.
func (q *Queries) CreateAPIKey(ctx context.Context, key APIKey) error {
	_, err := q.exec(ctx, "create API key",
		"INSERT INTO pharos.api_keys ("+apiKeyColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		key.ID, string(key.OrgID), optional{&key.UserID}, key.Name, key.Prefix, key.Hash, list{&key.Scopes},
		at(key.CreatedAt), at(key.ExpiresAt), at(key.RevokedAt), at(key.LastUsedAt))
	return err
}

// APIKeyByPrefix returns the key of a prefix, also when it is revoked or expired.
func (q *Queries) APIKeyByPrefix(ctx context.Context, prefix string) (APIKey, error) {
	var key APIKey
	row := q.run.QueryRowContext(ctx, "SELECT "+apiKeyColumns+" FROM pharos.api_keys WHERE prefix = $1", prefix)
	return key, q.err("read API key", row.Scan(key.fields()...))
}

// APIKeys returns the keys of an organisation that are not revoked, the oldest first.
func (q *Queries) APIKeys(ctx context.Context, org storage.OrgID) ([]APIKey, error) {
	return collect(ctx, q, "read API keys", (*APIKey).fields, "SELECT "+apiKeyColumns+
		" FROM pharos.api_keys WHERE org_id = $1 AND revoked_at IS NULL ORDER BY created_at, id", string(org))
}

// RevokeAPIKey ends a key of the organisation. One that is revoked already is NotFound.
func (q *Queries) RevokeAPIKey(ctx context.Context, org storage.OrgID, id string, when time.Time) error {
	changed, err := q.exec(ctx, "revoke API key",
		"UPDATE pharos.api_keys SET revoked_at = $1 WHERE id = $2 AND org_id = $3 AND revoked_at IS NULL",
		at(when), id, string(org))
	if err == nil && changed == 0 {
		return errcode.New(errcode.NotFound, "there is no API key %q", id)
	}
	return err
}

// TouchAPIKey notes that a key was used; it never moves the time back.
func (q *Queries) TouchAPIKey(ctx context.Context, id string, when time.Time) error {
	_, err := q.exec(ctx, "note use of API key",
		"UPDATE pharos.api_keys SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)",
		at(when), id)
	return err
}
