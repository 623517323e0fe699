package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// KeyBody is an API key in the API, without its secret. It has to be exported for huma to see it
// where it is embedded.
type KeyBody struct {
	ID         string     `json:"id" format:"uuid"`
	Prefix     string     `json:"prefix" doc:"The key up to its secret, to recognise it by" example:"phk_abcdefghijklmnop"`
	Name       string     `json:"name"`
	UserID     string     `json:"user_id,omitempty" doc:"Who created it"`
	Scopes     []Scope    `json:"scopes" enum:"admin,ingest,query" nullable:"false"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"Left out when it never expires"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"Exact to a minute; left out when never"`
}

func bodyOf(key Key) KeyBody {
	return KeyBody{
		ID: key.ID, Prefix: key.Prefix, Name: key.Name, UserID: key.UserID, Scopes: key.Scopes,
		CreatedAt: key.CreatedAt, ExpiresAt: optionalTime(key.ExpiresAt), LastUsedAt: optionalTime(key.LastUsedAt),
	}
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s *Service) registerKeys(api huma.API) {
	huma.Register(api, operation(http.MethodPost, "/v1/auth/apikey", "create-api-key",
		"Create an API key", ScopeAdmin, http.StatusCreated), answered(s, s.handleCreateKey))
	huma.Register(api, operation(http.MethodGet, "/v1/auth/apikey", "list-api-keys",
		"List the API keys of the organisation", ScopeAdmin, http.StatusOK), answered(s, s.handleListKeys))
	huma.Register(api, operation(http.MethodDelete, "/v1/auth/apikey/{id}", "revoke-api-key",
		"Revoke an API key", ScopeAdmin, http.StatusNoContent), answered(s, s.handleRevokeKey))
}

type createKeyInput struct {
	Body struct {
		Name      string     `json:"name" minLength:"1" maxLength:"100" doc:"The program that will use the key" example:"checkout"`
		Scopes    []Scope    `json:"scopes" minItems:"1" maxItems:"3" enum:"admin,ingest,query" nullable:"false" example:"[\"ingest\"]"`
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Left out for a key that does not expire"`
	}
}

type createKeyOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		KeyBody
		Key string `json:"key" doc:"The key itself; it is not shown again"`
	}
}

func (s *Service) handleCreateKey(ctx context.Context, input *createKeyInput) (*createKeyOutput, error) {
	principal, err := principalOf(ctx)
	if err != nil {
		return nil, err
	}
	wanted := NewKey{Name: input.Body.Name, Scopes: input.Body.Scopes}
	if input.Body.ExpiresAt != nil {
		wanted.ExpiresAt = *input.Body.ExpiresAt
	}
	key, text, err := s.CreateKey(ctx, principal, wanted)
	if err != nil {
		return nil, err
	}
	answer := &createKeyOutput{CacheControl: "no-store"}
	answer.Body.KeyBody, answer.Body.Key = bodyOf(key), text
	return answer, nil
}

type listKeysOutput struct {
	Body struct {
		Keys []KeyBody `json:"keys" nullable:"false"`
	}
}

func (s *Service) handleListKeys(ctx context.Context, _ *struct{}) (*listKeysOutput, error) {
	principal, err := principalOf(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := s.Keys(ctx, principal.OrgID)
	if err != nil {
		return nil, err
	}
	answer := &listKeysOutput{}
	answer.Body.Keys = make([]KeyBody, len(keys))
	for i, key := range keys {
		answer.Body.Keys[i] = bodyOf(key)
	}
	return answer, nil
}

type revokeKeyInput struct {
	ID string `path:"id" format:"uuid"`
}

func (s *Service) handleRevokeKey(ctx context.Context, input *revokeKeyInput) (*struct{}, error) {
	principal, err := principalOf(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.RevokeKey(ctx, principal.OrgID, input.ID)
}
