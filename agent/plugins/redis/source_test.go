package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/agent/plugin"
	"github.com/pharos-obs/pharos/test/servers"
)

func TestServer(t *testing.T) {
	server := servers.Run(t, servers.StartRedis)
	client := redis.NewClient(&redis.Options{Addr: server.Address})
	t.Cleanup(func() { _ = client.Close() })
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(t, client.Set(t.Context(), key, 1, time.Hour).Err())
	}
	require.NoError(t, client.Get(t.Context(), "a").Err())
	require.ErrorIs(t, client.Get(t.Context(), "none").Err(), redis.Nil)

	config := defaultConfig()
	config.Endpoint = server.Address
	require.NoError(t, config.Validate())
	one, err := newSource(config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = one.Close() })
	collect := func() map[string]float64 {
		var m plugin.Metrics
		require.NoError(t, one.Collect(t.Context(), &m))
		assert.Empty(t, m.Warnings())
		return m.Values()
	}
	values := collect()
	for name, want := range map[string]float64{
		"redis.db.keys{db:0}": 3, "redis.db.expires{db:0}": 3, "redis.keyspace.hits": 1, "redis.keyspace.misses": 1,
		"redis.cmd.calls{cmd:set}": 3, "redis.role{role:primary}": 1, "redis.loaded": 1, "redis.slaves.connected": 0,
	} {
		assert.Equal(t, want, values[name], name)
	}
	for _, name := range []string{"redis.memory.used", "redis.clients.connected", "redis.commands.processed", "redis.ping.duration"} {
		assert.Positive(t, values[name], name)
	}

	assert.Contains(t, values, "redis.cpu.time{state:user}") // too little to be told, maybe

	// A password that is asked for from now on is said to be missing, then read from the file.
	require.NoError(t, client.ConfigSet(t.Context(), "requirepass", "sesame").Err())
	require.NoError(t, client.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err())
	var m plugin.Metrics
	eventually(t, func() bool {
		err := one.Collect(t.Context(), &m)
		return err != nil && strings.Contains(err.Error(), "the server wants another password (password_file)")
	})
	config.PasswordFile = filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(config.PasswordFile, []byte("sesame\n"), 0o600))
	eventually(t, func() bool { return one.Collect(t.Context(), &m) == nil })

	// Gone, and back.
	server.Kill()
	eventually(t, func() bool { return one.Collect(t.Context(), &m) != nil })
	require.NoError(t, os.WriteFile(config.PasswordFile, nil, 0o600)) // the new one has no password
	require.NoError(t, server.Start(t.Context()))
	eventually(t, func() bool { return one.Collect(t.Context(), &m) == nil })
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 20*time.Millisecond)
}

func TestValidate(t *testing.T) {
	require.NoError(t, defaultConfig().Validate())
	for says, change := range map[string]func(*Config){
		`endpoint: is "localhost"`:        func(c *Config) { c.Endpoint = "localhost" },
		"password: is given, and so is":   func(c *Config) { c.Password, c.PasswordFile = "a", os.DevNull },
		"password_file: open /nowhere":    func(c *Config) { c.PasswordFile = "/nowhere" },
		"tls.ca_file: open /nowhere":      func(c *Config) { c.TLS = TLSConfig{Enabled: true, CAFile: "/nowhere"} },
		"tls.ca_file: /dev/null holds no": func(c *Config) { c.TLS = TLSConfig{Enabled: true, CAFile: os.DevNull} },
		"tls.cert_file: open /nowhere":    func(c *Config) { c.TLS = TLSConfig{Enabled: true, CertFile: "/nowhere"} },
		"commands: is -1":                 func(c *Config) { c.Commands = -1 },
		"timeout: is 0s":                  func(c *Config) { c.Timeout = 0 },
	} {
		t.Run(says, func(t *testing.T) {
			config := defaultConfig()
			change(config)
			require.ErrorContains(t, config.Validate(), says)
		})
	}
}
