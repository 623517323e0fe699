package redisextension

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/test/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What the other extensions look for.
var (
	_ interface{ Cache() query.Cache } = (*Extension)(nil)
	_ interface {
		Buckets(kind string) frontdoor.SharedBuckets
	} = (*Extension)(nil)
)

func start(t *testing.T, change func(*Config)) *Extension {
	t.Helper()
	cfg := defaultConfig()
	change(cfg)
	factory := NewFactory()
	created, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	e, ok := created.(*Extension)
	require.True(t, ok)
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return e
}

func TestWithoutAddress(t *testing.T) {
	e := start(t, func(*Config) {})
	assert.Nil(t, e.Cache())
	assert.Nil(t, e.Buckets("serving"))
	assert.Empty(t, e.Checks())
}

func TestServer(t *testing.T) {
	server := servers.Run(t, servers.StartRedis)
	e := start(t, func(c *Config) { c.Address = server.Address })
	require.NoError(t, e.Checks()["server"](t.Context()))
	granted, _, err := e.Buckets("serving").Take(t.Context(), "key", 1, 5, 2)
	require.NoError(t, err)
	assert.Equal(t, 2, granted)
	_, err = e.Cache().Get(t.Context(), []string{"none"})
	require.NoError(t, err)
	server.Kill()
	require.ErrorContains(t, e.Checks()["server"](t.Context()), "ask Redis")
}

func TestServerThatIsNotThere(t *testing.T) {
	e := start(t, func(c *Config) { c.Address = "127.0.0.1:1" })
	_, _, err := e.Buckets("serving").Take(t.Context(), "key", 1, 5, 2)
	require.Error(t, err)
	e = start(t, func(c *Config) { c.Address, c.Password = "127.0.0.1:1", "secret"; c.TLS.Enabled = true })
	require.Error(t, e.Checks()["server"](t.Context()))
}
