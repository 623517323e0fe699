package auth

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestCreateKey(t *testing.T) {
	f := start(t, Config{})
	admin := f.admin(t)
	f.clock.add(time.Second)
	key, text, err := f.CreateKey(t.Context(), admin, NewKey{Name: " agents ", Scopes: []Scope{ScopeQuery, ScopeIngest, ScopeQuery}})
	require.NoError(t, err)
	assert.Regexp(t, `^phk_[a-z2-7]{16}_[a-z2-7]{32}$`, text)
	assert.True(t, strings.HasPrefix(text, key.Prefix+"_"))
	assert.Equal(t, "agents", key.Name)
	assert.Equal(t, []Scope{ScopeIngest, ScopeQuery}, key.Scopes)

	principal, err := f.Authenticate(t.Context(), text)
	require.NoError(t, err)
	assert.Equal(t, Principal{
		OrgID: admin.OrgID, UserID: admin.UserID, KeyID: key.ID, Name: "agents", Scopes: key.Scopes,
	}, principal)
	keys, err := f.Keys(t.Context(), admin.OrgID)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	assert.Equal(t, key.ID, keys[1].ID)

	stored, err := f.db.APIKeyByPrefix(t.Context(), key.Prefix)
	require.NoError(t, err)
	assert.NotContains(t, stored.Hash, text[len(key.Prefix)+1:], "the secret is not stored")
}

func TestCreateKeyRefuses(t *testing.T) {
	f := start(t, Config{})
	admin := f.admin(t)
	reader := Principal{OrgID: admin.OrgID, Scopes: []Scope{ScopeQuery}}
	tests := []struct {
		name    string
		creator Principal
		wanted  NewKey
		code    errcode.Code
		field   string
	}{
		{"no name", admin, NewKey{Name: " ", Scopes: []Scope{ScopeQuery}}, errcode.Invalid, "name"},
		{"long name", admin, NewKey{Name: strings.Repeat("é", 101), Scopes: []Scope{ScopeQuery}}, errcode.Invalid, "name"},
		{"no scopes", admin, NewKey{Name: "k"}, errcode.Invalid, "scopes"},
		{"unknown scope", admin, NewKey{Name: "k", Scopes: []Scope{"root"}}, errcode.Invalid, "scopes"},
		{"past", admin, NewKey{Name: "k", Scopes: []Scope{ScopeQuery}, ExpiresAt: f.clock.Now()}, errcode.Invalid, "expires_at"},
		{"more than the creator", reader, NewKey{Name: "k", Scopes: []Scope{ScopeQuery, ScopeIngest}}, errcode.Forbidden, ""},
		{"admin by a reader", reader, NewKey{Name: "k", Scopes: []Scope{ScopeAdmin}}, errcode.Forbidden, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := f.CreateKey(t.Context(), tt.creator, tt.wanted)
			var coded *errcode.Error
			require.ErrorAs(t, err, &coded)
			assert.Equal(t, tt.code, coded.Code)
			assert.Equal(t, tt.field, coded.Field)
		})
	}
	_, _, err := f.CreateKey(t.Context(), admin, NewKey{Name: strings.Repeat("é", 100), Scopes: []Scope{ScopeQuery}, ExpiresAt: f.clock.Now().Add(time.Hour)})
	require.NoError(t, err)
}
