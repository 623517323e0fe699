package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

const (
	// keyPrefix begins every API key, so that people and secret scanners know one.
	keyPrefix = "phk_"
	// keyIDBytes and keySecretBytes are the random bytes of the two parts of a key. The secret
	// has 160 bits: nobody guesses it, so a plain hash protects it.
	keyIDBytes     = 10
	keySecretBytes = 20
	maxKeyName     = 100
)

// NewKey says what API key to create.
type NewKey struct {
	Name      string
	Scopes    []Scope
	ExpiresAt time.Time // zero when it never expires
}

// Key is an API key without its secret.
type Key struct {
	ID         string
	Prefix     string // the key up to its secret
	Name       string
	UserID     string // who created it; empty when that user is gone
	Scopes     []Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero when it never expires
	LastUsedAt time.Time // exact to a minute; zero when never
}

// CreateKey creates an API key in the creator's organisation and returns it with its text,
// which cannot be had again. It can have no scope that the creator lacks.
func (s *Service) CreateKey(ctx context.Context, creator Principal, wanted NewKey) (Key, string, error) {
	if err := s.checkNewKey(creator, wanted); err != nil {
		return Key{}, "", err
	}
	record, text := makeKey(creator.OrgID, creator.UserID, wanted, s.now())
	if err := s.db.CreateAPIKey(ctx, record); err != nil {
		return Key{}, "", err
	}
	return keyOf(record), text, nil
}

func (s *Service) checkNewKey(creator Principal, wanted NewKey) error {
	name := strings.TrimSpace(wanted.Name)
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxKeyName:
		return errcode.InvalidField("name", "is empty or longer than 100 characters", "name the program that will use the key")
	case len(wanted.Scopes) == 0:
		return errcode.InvalidField("scopes", "is empty", "give one or more of ingest, query, admin")
	case !wanted.ExpiresAt.IsZero() && !wanted.ExpiresAt.After(s.now()):
		return errcode.InvalidField("expires_at", "is not in the future", "leave it out for a key that does not expire")
	}
	for _, scope := range wanted.Scopes {
		if !slices.Contains(allScopes(), scope) {
			return errcode.InvalidField("scopes", "has the unknown scope "+string(scope), "give one or more of ingest, query, admin")
		}
		if !creator.Has(scope) {
			return errcode.New(errcode.Forbidden, "your credential lacks the scope %s, so the new key cannot have it", scope)
		}
	}
	return nil
}

// Keys returns the API keys of an organisation, the oldest first.
func (s *Service) Keys(ctx context.Context, org storage.OrgID) ([]Key, error) {
	records, err := s.db.APIKeys(ctx, org)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(records))
	for i, record := range records {
		keys[i] = keyOf(record)
	}
	return keys, nil
}

// RevokeKey ends an API key of the organisation, in this process at once.
func (s *Service) RevokeKey(ctx context.Context, org storage.OrgID, id string) error {
	if err := s.db.RevokeAPIKey(ctx, org, id, s.now()); err != nil {
		return err
	}
	s.cache.revoke(func(e *entry) bool { return e.principal.KeyID == id })
	s.uses.forget(id)
	return nil
}

// makeKey returns a new key's record and its text.
func makeKey(org storage.OrgID, userID string, wanted NewKey, now time.Time) (metadata.APIKey, string) {
	prefix := keyPrefix + randomText(keyIDBytes)
	text := prefix + "_" + randomText(keySecretBytes)
	scopes := slices.Clone(wanted.Scopes)
	slices.Sort(scopes)
	record := metadata.APIKey{
		ID: uuid.NewString(), OrgID: org, UserID: userID, Name: strings.TrimSpace(wanted.Name),
		Prefix: prefix, Hash: hashSecret(text), CreatedAt: now.UTC(), ExpiresAt: wanted.ExpiresAt.UTC(),
	}
	for _, scope := range slices.Compact(scopes) {
		record.Scopes = append(record.Scopes, string(scope))
	}
	return record, text
}

// prefixOf returns the public part of an API key.
func prefixOf(credential string) (string, bool) {
	end := strings.LastIndexByte(credential, '_')
	return credential[:max(end, 0)], end >= len(keyPrefix)
}

func keyOf(record metadata.APIKey) Key {
	return Key{
		ID: record.ID, Prefix: record.Prefix, Name: record.Name, UserID: record.UserID, Scopes: scopesOf(record.Scopes),
		CreatedAt: record.CreatedAt, ExpiresAt: record.ExpiresAt, LastUsedAt: record.LastUsedAt,
	}
}

func scopesOf(words []string) []Scope {
	scopes := make([]Scope, len(words))
	for i, word := range words {
		scopes[i] = Scope(word)
	}
	return scopes
}

func allScopes() []Scope { return []Scope{ScopeAdmin, ScopeIngest, ScopeQuery} }

// hashSecret returns the SHA-256 of a secret with much entropy, in hex.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// randomText returns n random bytes as lower-case text without look-alikes.
func randomText(n int) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(randomBytes(n)))
}
