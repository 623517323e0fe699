package agentstate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
)

func TestFolder(t *testing.T) {
	t.Setenv(variable, "")
	assert.Equal(t, "/var/lib/pharos-agent/files", filepath.ToSlash(Folder("files")))
	t.Setenv(variable, "/x")
	assert.Equal(t, "/x/files", filepath.ToSlash(Folder("files")))
	assert.Equal(t, "default", FileName(component.MustNewID("files")))
	assert.Equal(t, "a_b", FileName(component.MustNewIDWithName("files", "a/b")))
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inner", "state")
	require.NoError(t, Replace(path, []byte("one"), true))
	require.NoError(t, Replace(path, []byte("two"), false))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "two", string(content))
	require.ErrorContains(t, Replace(filepath.Join(path, "x"), nil, false), "create the folder of the state")
}
