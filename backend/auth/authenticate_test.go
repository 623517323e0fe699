package auth

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// admin returns the principal of the first key.
func (f *fixture) admin(tb testing.TB) Principal {
	tb.Helper()
	principal, err := f.Authenticate(tb.Context(), f.first.APIKey)
	require.NoError(tb, err)
	return principal
}

// login logs the admin in.
func (f *fixture) login(tb testing.TB) Session {
	tb.Helper()
	session, err := f.Login(tb.Context(), f.first.AdminEmail, f.first.AdminPassword, "192.0.2.1:5")
	require.NoError(tb, err)
	return session
}

// refused asserts that a credential is not taken.
func (f *fixture) refused(tb testing.TB, credential string, code errcode.Code) {
	tb.Helper()
	_, err := f.Authenticate(tb.Context(), credential)
	assert.Equal(tb, code, errcode.Of(err))
}

func TestUnknownCredentials(t *testing.T) {
	f := start(t, Config{})
	key := f.first.APIKey
	secret := strings.LastIndex(key, "_")
	signed := func(method jwt.SigningMethod, secret any, c jwt.Claims) string {
		text, err := jwt.NewWithClaims(method, c).SignedString(secret)
		require.NoError(t, err)
		return text
	}
	good := claims{
		RegisteredClaims: jwt.RegisteredClaims{Issuer: issuer, Subject: "u", ExpiresAt: jwt.NewNumericDate(f.clock.Now().Add(time.Hour))},
		Session:          "s",
	}
	eternal := good
	eternal.ExpiresAt = nil
	foreign := good
	foreign.Issuer = "other"
	sessionless := good
	sessionless.Session = ""
	tests := map[string]string{
		"empty":                     "",
		"text":                      "hello",
		"prefix alone":              "phk_",
		"key without a secret":      key[:secret],
		"key with an empty secret":  key[:secret+1],
		"key with a wrong secret":   key[:secret+1] + strings.Repeat("a", len(key)-secret-1),
		"key of an unknown id":      "phk_aaaaaaaaaaaaaaaa" + key[secret:],
		"key with a longer secret":  key + "a",
		"key in upper case":         strings.ToUpper(key),
		"key with a space":          " " + key,
		"endless":                   strings.Repeat("a", maxCredential+1),
		"token of another secret":   signed(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), good),
		"unsigned token":            signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good),
		"token of another method":   signed(jwt.SigningMethodHS512, f.tokens.secret, good),
		"token without an end":      signed(jwt.SigningMethodHS256, f.tokens.secret, eternal),
		"token of another issuer":   signed(jwt.SigningMethodHS256, f.tokens.secret, foreign),
		"token without a login":     signed(jwt.SigningMethodHS256, f.tokens.secret, sessionless),
		"token of an unknown login": signed(jwt.SigningMethodHS256, f.tokens.secret, good),
	}
	for name, credential := range tests {
		t.Run(name, func(t *testing.T) { f.refused(t, credential, errcode.Unauthenticated) })
	}
	assert.Empty(t, f.cache.entries, "what is not valid is not remembered")
}

func TestKeyExpires(t *testing.T) {
	f := start(t, Config{})
	_, key, err := f.CreateKey(t.Context(), f.admin(t), NewKey{
		Name: "short", Scopes: []Scope{ScopeIngest}, ExpiresAt: f.clock.Now().Add(30 * time.Second),
	})
	require.NoError(t, err)
	principal, err := f.Authenticate(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, []Scope{ScopeIngest}, principal.Scopes)

	f.clock.add(30 * time.Second) // the cache entry is still fresh
	f.refused(t, key, errcode.Unauthenticated)
	f.refused(t, key, errcode.Unauthenticated) // and now it is read from the database
}

func TestRevokedKeyEndsAtOnce(t *testing.T) {
	f := start(t, Config{})
	admin := f.admin(t)
	record, key, err := f.CreateKey(t.Context(), admin, NewKey{Name: "k", Scopes: []Scope{ScopeQuery}})
	require.NoError(t, err)
	_, err = f.Authenticate(t.Context(), key)
	require.NoError(t, err)

	require.NoError(t, f.RevokeKey(t.Context(), admin.OrgID, record.ID))

	f.refused(t, key, errcode.Unauthenticated)
	assert.Equal(t, errcode.NotFound, errcode.Of(f.RevokeKey(t.Context(), admin.OrgID, record.ID)))
	f.admin(t)
}

func TestKeyOfAnotherOrgCannotBeRevoked(t *testing.T) {
	f := start(t, Config{})
	admin := f.admin(t)
	assert.Equal(t, errcode.NotFound, errcode.Of(f.RevokeKey(t.Context(), "another", admin.KeyID)))
	f.admin(t)
}

// A key revoked in another process ends when the cache looks it up again.
func TestRevokedElsewhere(t *testing.T) {
	f := start(t, Config{CacheTTL: time.Minute})
	admin := f.admin(t)
	require.NoError(t, f.db.RevokeAPIKey(t.Context(), admin.OrgID, admin.KeyID, f.clock.Now()))

	f.clock.add(59 * time.Second)
	f.admin(t)
	f.clock.add(time.Second)
	f.refused(t, f.first.APIKey, errcode.Unauthenticated)
}

func TestCachedKeyOutlivesTheDatabase(t *testing.T) {
	f := start(t, Config{CacheTTL: time.Minute, CacheGrace: time.Hour})
	session := f.login(t)
	_, err := f.Authenticate(t.Context(), session.AccessToken)
	require.NoError(t, err)
	_, unseen, err := f.CreateKey(t.Context(), f.admin(t), NewKey{Name: "unseen", Scopes: []Scope{ScopeIngest}})
	require.NoError(t, err)
	require.NoError(t, f.db.Close())

	f.admin(t)
	f.refused(t, unseen, errcode.Unavailable)
	f.refused(t, "phk_unknown_key", errcode.Unavailable)
	f.refused(t, "hello", errcode.Unauthenticated) // needs no database

	f.clock.add(59 * time.Minute)
	f.admin(t)
	f.refused(t, session.AccessToken, errcode.Unauthenticated) // its 15 minutes are over
	f.clock.add(time.Minute)
	f.refused(t, f.first.APIKey, errcode.Unavailable)
}

// While the database is away, only one request in retryLookup asks it.
func TestDatabaseAwayIsAskedSeldom(t *testing.T) {
	f := start(t, Config{CacheTTL: time.Minute})
	f.admin(t)
	whole := f.Service.db
	f.Service.db = closedDB(t)
	f.clock.add(2 * time.Minute)
	f.admin(t)
	assert.True(t, f.outage.waits(f.clock.Now()))
	f.Service.db = whole

	f.clock.add(retryLookup - 1)
	f.admin(t)
	assert.True(t, f.outage.away.Load(), "not asked")
	f.clock.add(1)
	f.admin(t)
	assert.False(t, f.outage.away.Load(), "asked, and it is back")
}

// While one request looks a credential up again, the others are answered from memory.
func TestOthersDoNotWaitForTheLookup(t *testing.T) {
	f := start(t, Config{CacheTTL: time.Minute})
	f.admin(t)
	found, _ := f.cache.get(digestOf(f.first.APIKey))
	found.checking.Store(true)
	require.NoError(t, f.db.Close())
	f.clock.add(2 * time.Minute)

	f.admin(t)

	assert.False(t, f.outage.away.Load(), "the database was not asked")
}

// A look-up that read the key before it was revoked does not put it back into the cache.
func TestRevocationDuringALookup(t *testing.T) {
	c := newCache()
	before := c.generation.Load()
	c.revoke(func(*entry) bool { return true })
	c.put(digest{1}, &entry{}, before)
	_, ok := c.get(digest{1})
	assert.False(t, ok)
	c.put(digest{1}, &entry{}, c.generation.Load())
	_, ok = c.get(digest{1})
	assert.True(t, ok)
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	last := digest{}
	for i := range maxCached + 10 {
		last = digestOf(strconv.Itoa(i))
		c.put(last, &entry{}, 0)
	}
	assert.Len(t, c.entries, maxCached)
	_, ok := c.get(last)
	assert.True(t, ok, "the newest is in")
}

func TestSweep(t *testing.T) {
	c, now := newCache(), time.Now()
	c.put(digest{1}, &entry{checked: now, expires: now}, 0)
	c.put(digest{2}, &entry{checked: now.Add(-2 * time.Hour)}, 0)
	c.put(digest{3}, &entry{checked: now, expires: now.Add(1)}, 0)
	c.sweep(now, time.Hour)
	assert.Len(t, c.entries, 1)
}

func TestLastUseIsWrittenInBatches(t *testing.T) {
	f := start(t, Config{})
	admin := f.admin(t)
	lastUsed := func() time.Time {
		keys, err := f.Keys(t.Context(), admin.OrgID)
		require.NoError(t, err)
		require.Len(t, keys, 1)
		return keys[0].LastUsedAt
	}
	assert.Zero(t, lastUsed())
	f.sweepDatabase(t.Context())
	first := f.clock.Now().Truncate(time.Second)
	assert.Equal(t, first, lastUsed())

	f.clock.add(time.Second)
	f.admin(t)
	f.sweepDatabase(t.Context())
	assert.Equal(t, first, lastUsed(), "a use so soon after is not worth a write")

	f.clock.add(useResolution)
	f.admin(t)
	f.Close(t.Context())
	assert.Equal(t, first.Add(time.Second+useResolution), lastUsed(), "closing writes what waits")
}

func TestLastUseWaitsForTheDatabase(t *testing.T) {
	f := start(t, Config{})
	f.admin(t)
	require.Error(t, f.uses.flush(t.Context(), closedDB(t)))
	require.NoError(t, f.uses.flush(t.Context(), f.db))
	keys, err := f.Keys(t.Context(), f.first.OrgID)
	require.NoError(t, err)
	assert.NotZero(t, keys[0].LastUsedAt)
}

func TestAuthenticateInParallel(t *testing.T) {
	f := start(t, Config{CacheTTL: time.Second})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 200 {
				f.clock.add(50 * time.Millisecond)
				_, err := f.Authenticate(t.Context(), f.first.APIKey)
				assert.NoError(t, err)
			}
		})
	}
	wait.Wait()
}

func BenchmarkAuthenticate(b *testing.B) {
	f := start(b, Config{})
	f.now = time.Now
	token := f.login(b).AccessToken
	for name, credential := range map[string]string{"key": f.first.APIKey, "token": token} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Authenticate(b.Context(), credential); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := f.Authenticate(b.Context(), credential); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// Whatever is sent as a credential is refused, and nothing else happens.
func FuzzAuthenticate(f *testing.F) {
	service := start(f, Config{})
	for _, seed := range []string{"", "phk_", "phk_a_b", "phk__", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, credential string) {
		service.refused(t, credential, errcode.Unauthenticated)
	})
}
