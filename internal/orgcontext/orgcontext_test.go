package orgcontext

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/client"
)

func TestWithReplacesWhatTheClientSent(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
	ctx := client.NewContext(context.Background(), client.Info{
		Addr:     addr,
		Metadata: client.NewMetadata(map[string][]string{Key: {"forged"}, "other": {"x"}}),
	})

	ctx = With(ctx, "acme")

	org, ok := From(ctx)
	assert.True(t, ok)
	assert.Equal(t, "acme", org)
	assert.Equal(t, addr, client.FromContext(ctx).Addr)
	assert.Empty(t, client.FromContext(ctx).Metadata.Get("other"))
}

func TestFromWithoutOrg(t *testing.T) {
	_, ok := From(context.Background())
	assert.False(t, ok)
	_, ok = From(With(context.Background(), ""))
	assert.False(t, ok)
}
