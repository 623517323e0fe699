// Package caller names the organisation that a request reads.
package caller

import (
	"context"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

// Org returns the organisation of the credential that came with the request. It never comes
// from anything else that the client sent.
func Org(ctx context.Context) (storage.OrgID, error) {
	principal, ok := auth.FromContext(ctx)
	if !ok || principal.OrgID == "" {
		return "", errcode.New(errcode.Unauthenticated, "the request carries no valid credential")
	}
	return principal.OrgID, nil
}
