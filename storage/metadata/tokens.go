package metadata

import (
	"context"
	"time"
)

// RefreshToken is one token of a login. The token itself is not stored.
type RefreshToken struct {
	ID        string
	FamilyID  string // the login; each token of it was got with the one before
	UserID    string
	Hash      string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero while it can be used
	RevokedAt time.Time // zero while the login lasts
}

//nolint:gosec // column names, no credential
const refreshTokenColumns = "id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at"

func (t *RefreshToken) fields() []any {
	return []any{
		&t.ID, &t.FamilyID, &t.UserID, &t.Hash,
		timestamp{&t.CreatedAt},
		timestamp{&t.ExpiresAt},
		timestamp{&t.UsedAt},
		timestamp{&t.RevokedAt},
	}
}

// CreateRefreshToken stores a token.
func (q *Queries) CreateRefreshToken(ctx context.Context, token RefreshToken) error {
	_, err := q.exec(ctx, "create refresh token",
		"INSERT INTO pharos.refresh_tokens ("+refreshTokenColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		token.ID, token.FamilyID, token.UserID, token.Hash, at(token.CreatedAt), at(token.ExpiresAt),
		at(token.UsedAt), at(token.RevokedAt))
	return err
}

// RefreshTokenByHash returns the token of a hash, also when it can no longer be used.
func (q *Queries) RefreshTokenByHash(ctx context.Context, hash string) (RefreshToken, error) {
	var token RefreshToken
	row := q.run.QueryRowContext(ctx, "SELECT "+refreshTokenColumns+" FROM pharos.refresh_tokens WHERE token_hash = $1", hash)
	return token, q.err("read refresh token", row.Scan(token.fields()...))
}

// UseRefreshToken marks a token as used, and says whether it was this call that did.
func (q *Queries) UseRefreshToken(ctx context.Context, id string, when time.Time) (bool, error) {
	changed, err := q.exec(ctx, "use refresh token",
		"UPDATE pharos.refresh_tokens SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND revoked_at IS NULL", at(when), id)
	return changed == 1, err
}

// RevokeFamily ends a login.
func (q *Queries) RevokeFamily(ctx context.Context, familyID string, when time.Time) error {
	_, err := q.exec(ctx, "end login",
		"UPDATE pharos.refresh_tokens SET revoked_at = $1 WHERE family_id = $2 AND revoked_at IS NULL", at(when), familyID)
	return err
}

// RevokeFamiliesOf ends all logins of a user.
func (q *Queries) RevokeFamiliesOf(ctx context.Context, userID string, when time.Time) error {
	_, err := q.exec(ctx, "end logins",
		"UPDATE pharos.refresh_tokens SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL", at(when), userID)
	return err
}

// UserOfFamily returns the user of a login; NotFound when the login has ended.
func (q *Queries) UserOfFamily(ctx context.Context, familyID string, now time.Time) (User, error) {
	return q.user(ctx, `SELECT u.id, u.org_id, u.email, u.password_hash, u.role, u.created_at
		FROM pharos.users u JOIN pharos.refresh_tokens t ON t.user_id = u.id
		WHERE t.family_id = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 LIMIT 1`, familyID, at(now))
}

// LoginLink is a token that logs a user in once. The token itself is not stored.
type LoginLink struct {
	ID        string
	UserID    string
	Hash      string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// CreateLoginLink stores a link.
func (q *Queries) CreateLoginLink(ctx context.Context, link LoginLink) error {
	_, err := q.exec(ctx, "create login link",
		"INSERT INTO pharos.login_links (id, user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
		link.ID, link.UserID, link.Hash, at(link.CreatedAt), at(link.ExpiresAt))
	return err
}

// UseLoginLink marks a link as used and returns its user's id. One that is unknown, expired or
// was used before is NotFound.
func (q *Queries) UseLoginLink(ctx context.Context, hash string, now time.Time) (string, error) {
	var userID string
	row := q.run.QueryRowContext(ctx, `UPDATE pharos.login_links SET used_at = $1
		WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1 RETURNING user_id`, at(now), hash)
	return userID, q.err("use login link", row.Scan(&userID))
}

// DropLoginLinks ends all unused links of a user.
func (q *Queries) DropLoginLinks(ctx context.Context, userID string) error {
	_, err := q.exec(ctx, "drop login links", "DELETE FROM pharos.login_links WHERE user_id = $1 AND used_at IS NULL", userID)
	return err
}

// DeleteExpiredTokens removes refresh tokens and login links that expired before a time.
func (q *Queries) DeleteExpiredTokens(ctx context.Context, before time.Time) (int64, error) {
	tokens, err := q.exec(ctx, "delete expired refresh tokens", "DELETE FROM pharos.refresh_tokens WHERE expires_at < $1", at(before))
	if err != nil {
		return 0, err
	}
	links, err := q.exec(ctx, "delete expired login links", "DELETE FROM pharos.login_links WHERE expires_at < $1", at(before))
	return tokens + links, err
}
