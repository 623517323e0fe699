package metadata

import (
	"context"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// User is a person who can log in.
type User struct {
	ID           string
	OrgID        storage.OrgID
	Email        string // as the caller normalises it; unique
	PasswordHash string
	Role         string
	CreatedAt    time.Time
}

const userColumns = "id, org_id, email, password_hash, role, created_at"

func (u *User) fields() []any {
	return []any{&u.ID, &u.OrgID, &u.Email, &u.PasswordHash, &u.Role, timestamp{&u.CreatedAt}}
}

// CreateUser stores a user. An email that exists is a Conflict.
func (q *Queries) CreateUser(ctx context.Context, user User) error {
	_, err := q.exec(ctx, "create user", "INSERT INTO pharos.users ("+userColumns+") VALUES ($1, $2, $3, $4, $5, $6)",
		user.ID, string(user.OrgID), user.Email, user.PasswordHash, user.Role, at(user.CreatedAt))
	return err
}

// User returns the user of an id.
func (q *Queries) User(ctx context.Context, id string) (User, error) {
	return q.user(ctx, "SELECT "+userColumns+" FROM pharos.users WHERE id = $1", id)
}

// UserByEmail returns the user of an email.
func (q *Queries) UserByEmail(ctx context.Context, email string) (User, error) {
	return q.user(ctx, "SELECT "+userColumns+" FROM pharos.users WHERE email = $1", email)
}

func (q *Queries) user(ctx context.Context, query string, args ...any) (User, error) {
	var user User
	err := q.run.QueryRowContext(ctx, query, args...).Scan(user.fields()...)
	return user, q.err("read user", err)
}

// SetPasswordHash replaces the password hash of a user.
func (q *Queries) SetPasswordHash(ctx context.Context, userID, hash string) error {
	changed, err := q.exec(ctx, "set password", "UPDATE pharos.users SET password_hash = $1 WHERE id = $2", hash, userID)
	if err == nil && changed == 0 {
		return errcode.New(errcode.NotFound, "set password: no such user")
	}
	return err
}
