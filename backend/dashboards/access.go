package dashboards

import (
	"context"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// reader returns who asks.
func reader(ctx context.Context) (auth.Principal, error) {
	who, ok := auth.FromContext(ctx)
	if !ok || who.OrgID == "" {
		return auth.Principal{}, errcode.New(errcode.Unauthenticated, "the request carries no valid credential")
	}
	return who, nil
}

// writer returns who asks for a change: everybody who is logged in may change dashboards, and a
// key needs the scope admin, so that one made to read data cannot.
func writer(ctx context.Context) (auth.Principal, error) {
	who, err := reader(ctx)
	if err == nil && who.KeyID != "" && !who.Has(auth.ScopeAdmin) {
		return who, &errcode.Error{
			Code: errcode.Forbidden, Message: "an API key needs the scope admin to change dashboards",
			Fix: "use a key with the scope admin, or log in",
		}
	}
	return who, err
}
