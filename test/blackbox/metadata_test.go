package blackbox

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// TestDamagedMetadata damages the database of users and keys: the start fails and says what to
// do. Without the database the organisation is made anew, and what is stored under it is there.
func TestDamagedMetadata(t *testing.T) {
	t.Parallel()
	s := server.Start(t, "--config", overlay(t, quiet))
	load := newLoad(t, s)
	sendSome(t, load, 5)
	require.Zero(t, s.Stop())
	first := s.Bootstrap

	file := filepath.Join(s.Dir, "metadata.db")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"another file": append([]byte("no database at all"), whole[18:]...),
		"cut":          whole[:5000],
	} {
		require.NoError(t, os.WriteFile(file, content, 0o600))
		s.Launch()
		assert.Equal(t, 1, s.AwaitEnd(), name)
		assert.Contains(t, s.Log(), "restore the file of the metadata from a backup", name)
	}

	require.NoError(t, os.Remove(file))
	s.Start()
	assert.Contains(t, s.Log(), "the organisation was made anew")
	assert.Equal(t, first.OrgID, s.Bootstrap.OrgID)
	assert.NotEqual(t, first.APIKey, s.Bootstrap.APIKey)
	for i, sender := range newLoad(t, s) {
		sender.acked = load[i].acked
		sender.check(t, "with new metadata")
	}
}

// TestSlowHeaders holds a connection open without asking for anything.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	s := server.Start(t)
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", s.HTTP)
	require.NoError(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte("GET /v1/health HTTP/1.1\r\nHost: "))
	require.NoError(t, err)
	require.NoError(t, connection.SetReadDeadline(time.Now().Add(40*time.Second)))
	_, err = connection.Read(make([]byte, 1))
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server waits for ever")
}
