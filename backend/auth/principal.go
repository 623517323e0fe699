package auth

import (
	"context"
	"slices"

	"github.com/pharos-obs/pharos/storage"
)

// Scope is a permission that a credential carries.
type Scope string

// The scopes. Admin includes the other two.
const (
	ScopeIngest Scope = "ingest" // send data
	ScopeQuery  Scope = "query"  // read data
	ScopeAdmin  Scope = "admin"  // manage keys and data, see the platform's own state
)

// Principal is who makes a request: what a valid credential stands for.
type Principal struct {
	OrgID  storage.OrgID
	UserID string // empty for a key that belongs to no user
	KeyID  string // the API key's id; empty for a login
	Name   string // the user's email or the key's name
	Scopes []Scope
}

// Has says whether the principal carries the scope.
func (p Principal) Has(scope Scope) bool {
	return slices.Contains(p.Scopes, scope) || slices.Contains(p.Scopes, ScopeAdmin)
}

// Authenticator checks credentials.
type Authenticator interface {
	// Authenticate returns who a credential (an API key or an access token) stands for. An
	// unknown, expired or revoked credential is an errcode.Unauthenticated error; when the
	// answer cannot be had, errcode.Unavailable.
	Authenticate(ctx context.Context, credential string) (Principal, error)
}

type principalKey struct{}

// NewContext returns a context that carries the principal.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext returns the principal of the context; false on an anonymous request.
func FromContext(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}
