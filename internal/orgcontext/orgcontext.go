// Package orgcontext carries the organisation of a request through the Collector.
//
// Authentication writes it into the client metadata, over anything the client sent
// under that name, so that no processor or attribute can be forgotten on the way.
package orgcontext

import (
	"context"

	"go.opentelemetry.io/collector/client"
)

// Key is the name of the metadata entry that holds the organisation's id.
const Key = "pharos-org-id"

// With returns a context whose client metadata holds just the organisation id.
// Address and authentication data of an earlier client.Info are kept.
func With(ctx context.Context, orgID string) context.Context {
	info := client.FromContext(ctx)
	info.Metadata = client.NewMetadata(map[string][]string{Key: {orgID}})
	return client.NewContext(ctx, info)
}

// From returns the organisation id of the context; false when there is none.
func From(ctx context.Context) (string, bool) {
	values := client.FromContext(ctx).Metadata.Get(Key)
	if len(values) != 1 || values[0] == "" {
		return "", false
	}
	return values[0], true
}
