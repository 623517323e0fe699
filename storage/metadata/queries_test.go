package metadata

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// nowhere is an id that nothing has. Ids are UUIDs here because PostgreSQL will want them to be.
const nowhere = "00000000-0000-0000-0000-000000000000"

// noon is when everything happens in these tests.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func seed(t *testing.T, db *DB) (Org, User) {
	t.Helper()
	org := Org{ID: storage.OrgID(uuid.NewString()), Name: "acme", CreatedAt: noon()}
	require.NoError(t, db.CreateOrg(t.Context(), org))
	user := User{
		ID: uuid.NewString(), OrgID: org.ID, Email: "ada@example.org", PasswordHash: "$h", Role: "admin", CreatedAt: noon(),
	}
	require.NoError(t, db.CreateUser(t.Context(), user))
	return org, user
}

func TestOrgs(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			orgs, err := db.Orgs(t.Context())
			require.NoError(t, err)
			assert.Empty(t, orgs)
			acme, _ := seed(t, db)

			byName, err := db.OrgByName(t.Context(), "acme")
			require.NoError(t, err)
			assert.Equal(t, acme, byName)

			assert.Equal(t, errcode.Conflict, errcode.Of(db.CreateOrg(t.Context(), Org{ID: nowhere, Name: "acme", CreatedAt: noon()})))
			require.NoError(t, db.CreateOrg(t.Context(), Org{ID: storage.OrgID(uuid.NewString()), Name: "b", CreatedAt: noon().Add(-time.Hour)}))
			orgs, err = db.Orgs(t.Context())
			require.NoError(t, err)
			require.Len(t, orgs, 2)
			assert.Equal(t, "b", orgs[0].Name)
			_, err = db.OrgByName(t.Context(), "nobody")
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
		})
	}
}

func TestUsers(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			org, ada := seed(t, db)

			byID, err := db.User(t.Context(), ada.ID)
			require.NoError(t, err)
			assert.Equal(t, ada, byID)
			byEmail, err := db.UserByEmail(t.Context(), ada.Email)
			require.NoError(t, err)
			assert.Equal(t, ada, byEmail)

			twin := User{ID: uuid.NewString(), OrgID: org.ID, Email: ada.Email, PasswordHash: "$", Role: "admin", CreatedAt: noon()}
			assert.Equal(t, errcode.Conflict, errcode.Of(db.CreateUser(t.Context(), twin)))
			stray := twin
			stray.ID, stray.Email, stray.OrgID = uuid.NewString(), "stray@example.org", nowhere
			assert.Equal(t, errcode.NotFound, errcode.Of(db.CreateUser(t.Context(), stray)))

			require.NoError(t, db.SetPasswordHash(t.Context(), ada.ID, "$new"))
			byID, err = db.User(t.Context(), ada.ID)
			require.NoError(t, err)
			assert.Equal(t, "$new", byID.PasswordHash)
			assert.Equal(t, errcode.NotFound, errcode.Of(db.SetPasswordHash(t.Context(), nowhere, "$")))
		})
	}
}

func TestAPIKeys(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			org, ada := seed(t, db)
			first := APIKey{
				ID: uuid.NewString(), OrgID: org.ID, UserID: ada.ID, Name: "checkout", Prefix: "phk_1", Hash: "h1",
				Scopes: []string{"ingest", "query"}, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour),
			}
			second := APIKey{ID: uuid.NewString(), OrgID: org.ID, Name: "b", Prefix: "phk_2", Hash: "h2", CreatedAt: noon().Add(1)}
			require.NoError(t, db.CreateAPIKey(t.Context(), first))
			require.NoError(t, db.CreateAPIKey(t.Context(), second))

			found, err := db.APIKeyByPrefix(t.Context(), "phk_1")
			require.NoError(t, err)
			assert.Equal(t, first, found)
			_, err = db.APIKeyByPrefix(t.Context(), "phk_")
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
			clash := second
			clash.ID = uuid.NewString()
			assert.Equal(t, errcode.Conflict, errcode.Of(db.CreateAPIKey(t.Context(), clash)))

			require.NoError(t, db.TouchAPIKey(t.Context(), first.ID, noon().Add(time.Minute)))
			require.NoError(t, db.TouchAPIKey(t.Context(), first.ID, noon()))
			found, err = db.APIKeyByPrefix(t.Context(), "phk_1")
			require.NoError(t, err)
			assert.Equal(t, noon().Add(time.Minute), found.LastUsedAt, "a use never moves back")

			assert.Equal(t, errcode.NotFound, errcode.Of(db.RevokeAPIKey(t.Context(), nowhere, first.ID, noon())))
			require.NoError(t, db.RevokeAPIKey(t.Context(), org.ID, first.ID, noon()))
			assert.Equal(t, errcode.NotFound, errcode.Of(db.RevokeAPIKey(t.Context(), org.ID, first.ID, noon())))
			keys, err := db.APIKeys(t.Context(), org.ID)
			require.NoError(t, err)
			require.Len(t, keys, 1)
			assert.Equal(t, "b", keys[0].Name)
			assert.Empty(t, keys[0].UserID)
			found, err = db.APIKeyByPrefix(t.Context(), "phk_1")
			require.NoError(t, err)
			assert.Equal(t, noon(), found.RevokedAt)
			keys, err = db.APIKeys(t.Context(), nowhere)
			require.NoError(t, err)
			assert.Empty(t, keys)
		})
	}
}

func TestRefreshTokens(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			_, ada := seed(t, db)
			token := RefreshToken{
				ID: uuid.NewString(), FamilyID: uuid.NewString(), UserID: ada.ID, Hash: "h1", CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour),
			}
			require.NoError(t, db.CreateRefreshToken(t.Context(), token))

			found, err := db.RefreshTokenByHash(t.Context(), "h1")
			require.NoError(t, err)
			assert.Equal(t, token, found)
			user, err := db.UserOfFamily(t.Context(), token.FamilyID, noon())
			require.NoError(t, err)
			assert.Equal(t, ada, user)

			for _, first := range []bool{true, false} {
				used, err := db.UseRefreshToken(t.Context(), token.ID, noon())
				require.NoError(t, err)
				assert.Equal(t, first, used)
			}

			_, err = db.UserOfFamily(t.Context(), token.FamilyID, noon().Add(time.Hour))
			assert.Equal(t, errcode.NotFound, errcode.Of(err), "expired")
			require.NoError(t, db.RevokeFamily(t.Context(), token.FamilyID, noon()))
			_, err = db.UserOfFamily(t.Context(), token.FamilyID, noon())
			assert.Equal(t, errcode.NotFound, errcode.Of(err), "revoked")
		})
	}
}

func TestRevokeFamiliesOf(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			org, ada := seed(t, db)
			bob := User{ID: uuid.NewString(), OrgID: org.ID, Email: "bob@example.org", PasswordHash: "$", Role: "admin", CreatedAt: noon()}
			require.NoError(t, db.CreateUser(t.Context(), bob))
			var families []string
			for _, user := range []User{ada, ada, bob} {
				family := uuid.NewString()
				families = append(families, family)
				require.NoError(t, db.CreateRefreshToken(t.Context(), RefreshToken{
					ID: family, FamilyID: family, UserID: user.ID, Hash: family, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour),
				}))
			}
			require.NoError(t, db.RevokeFamiliesOf(t.Context(), ada.ID, noon()))
			for i, code := range []errcode.Code{errcode.NotFound, errcode.NotFound, ""} {
				_, err := db.UserOfFamily(t.Context(), families[i], noon())
				assert.Equal(t, code, errcode.Of(err), i)
			}
		})
	}
}

func TestLoginLinks(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			_, ada := seed(t, db)
			create := func(hash string, ttl time.Duration) {
				require.NoError(t, db.CreateLoginLink(t.Context(), LoginLink{
					ID: uuid.NewString(), UserID: ada.ID, Hash: hash, CreatedAt: noon(), ExpiresAt: noon().Add(ttl),
				}))
			}
			create("good", time.Minute)
			create("late", 0)
			userID, err := db.UseLoginLink(t.Context(), "good", noon())
			require.NoError(t, err)
			assert.Equal(t, ada.ID, userID)
			for _, hash := range []string{"good", "late", "unknown"} {
				_, err := db.UseLoginLink(t.Context(), hash, noon())
				assert.Equal(t, errcode.NotFound, errcode.Of(err), hash)
			}
			create("dropped", time.Minute)
			require.NoError(t, db.DropLoginLinks(t.Context(), ada.ID))
			_, err = db.UseLoginLink(t.Context(), "dropped", noon())
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
		})
	}
}

func TestDeleteExpiredTokens(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			_, ada := seed(t, db)
			for name, ttl := range map[string]time.Duration{"old": time.Second, "young": time.Hour} {
				require.NoError(t, db.CreateRefreshToken(t.Context(), RefreshToken{
					ID: uuid.NewString(), FamilyID: uuid.NewString(), UserID: ada.ID, Hash: name, CreatedAt: noon(), ExpiresAt: noon().Add(ttl),
				}))
				require.NoError(t, db.CreateLoginLink(t.Context(), LoginLink{
					ID: uuid.NewString(), UserID: ada.ID, Hash: name, CreatedAt: noon(), ExpiresAt: noon().Add(ttl),
				}))
			}
			deleted, err := db.DeleteExpiredTokens(t.Context(), noon().Add(time.Minute))
			require.NoError(t, err)
			assert.Equal(t, int64(2), deleted)
			_, err = db.RefreshTokenByHash(t.Context(), "young")
			require.NoError(t, err)
			_, err = db.RefreshTokenByHash(t.Context(), "old")
			assert.Equal(t, errcode.NotFound, errcode.Of(err))
		})
	}
}

func TestSettings(t *testing.T) {
	for name, empty := range engines {
		t.Run(name, func(t *testing.T) {
			db := openConfig(t, empty(t))
			value, err := db.SettingOr(t.Context(), "k", "first")
			require.NoError(t, err)
			assert.Equal(t, "first", value)
			value, err = db.SettingOr(t.Context(), "k", "second")
			require.NoError(t, err)
			assert.Equal(t, "first", value, "who comes second takes what is there")
			require.NoError(t, db.SetSetting(t.Context(), "k", "third"))
			value, err = db.Setting(t.Context(), "k")
			require.NoError(t, err)
			assert.Equal(t, "third", value)
		})
	}
}
