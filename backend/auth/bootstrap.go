package auth

import (
	"context"

	"github.com/google/uuid"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// What the first start creates.
const (
	DefaultOrg   = "default"
	DefaultAdmin = "admin@localhost"
	firstKeyName = "first key"
	// passwordBytes are the random bytes of a password that we make.
	passwordBytes = 15
)

// Credentials are what the first start created. The password and the key can be had only then.
type Credentials struct {
	OrgID         storage.OrgID
	AdminEmail    string
	AdminPassword string
	APIKey        string
}

// Bootstrap creates the organisation, its admin and an API key with all scopes, unless they
// exist: then it returns nil. When save is not nil, it is called before they become valid, and
// they do not when it fails: so that a death in between leaves nobody locked out. The
// organisation's id is org, the one of an earlier first start whose metadata were lost, so that
// what is stored under it is found again; a new one when it is empty.
func (s *Service) Bootstrap(ctx context.Context, org storage.OrgID, save func(Credentials) error) (*Credentials, error) {
	done, err := bootstrapped(ctx, s.db.Queries)
	if done || err != nil {
		return nil, err
	}
	if org == "" {
		org = storage.OrgID(uuid.NewString())
	}
	made := Credentials{
		OrgID: org, AdminEmail: DefaultAdmin, AdminPassword: randomText(passwordBytes),
	}
	hash, err := s.hasher.hash(ctx, made.AdminPassword)
	if err != nil {
		return nil, err
	}
	first := true
	// Several servers may start on an empty database at once: one is first, and the others find
	// what it has made.
	err = s.db.InLockedTx(ctx, "bootstrap", func(tx *metadata.Queries) error {
		done, err := bootstrapped(ctx, tx)
		if done || err != nil {
			first = false
			return err
		}
		if made.APIKey, err = s.createFirst(ctx, tx, made, hash); err != nil || save == nil {
			return err
		}
		return save(made)
	})
	if err != nil || !first {
		return nil, err
	}
	return &made, nil
}

// bootstrapped says whether the first start has been.
func bootstrapped(ctx context.Context, db *metadata.Queries) (bool, error) {
	_, err := db.OrgByName(ctx, DefaultOrg)
	if errcode.Of(err) == errcode.NotFound {
		return false, nil
	}
	return err == nil, err
}

// createFirst stores the organisation, the admin and the key, and returns the key's text.
func (s *Service) createFirst(ctx context.Context, tx *metadata.Queries, made Credentials, hash string) (string, error) {
	now := s.now()
	if err := tx.CreateOrg(ctx, metadata.Org{ID: made.OrgID, Name: DefaultOrg, CreatedAt: now}); err != nil {
		return "", err
	}
	admin := metadata.User{
		ID: uuid.NewString(), OrgID: made.OrgID, Email: made.AdminEmail, PasswordHash: hash, Role: RoleAdmin, CreatedAt: now,
	}
	if err := tx.CreateUser(ctx, admin); err != nil {
		return "", err
	}
	record, text := makeKey(made.OrgID, admin.ID, NewKey{Name: firstKeyName, Scopes: allScopes()}, now)
	return text, tx.CreateAPIKey(ctx, record)
}
