package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), EnvironmentFile)
	require.NoError(t, os.WriteFile(path, []byte("# a comment\n\n A = b=c \nB=\"x y\"\r\nC='$'\nD=\nE=${file:/x}"), 0o600))
	values, err := ReadEnvironment(path)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"A": "b=c", "B": "x y", "C": "$", "D": "", "E": "${file:/x}"}, values)

	for content, says := range map[string]string{
		"A=1\nexport B=2": `agent.env:2: "export B=2" is not NAME=value`, "x": "is not NAME=value", `A="b`: `lacks its second "`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := ReadEnvironment(path)
		require.ErrorContains(t, err, says)
	}
	_, err = ReadEnvironment(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestChangeEnvironment(t *testing.T) {
	assert.Equal(t, environmentHead+"A=1\n", changeEnvironment("", []setting{{"A", "1"}, {"B", ""}}))
	assert.Equal(t, "# mine\nA=2\nX=y\nC=3\n", changeEnvironment("# mine\nA=1\nX=y\nB=gone\nA=twice\n", []setting{{"A", "2"}, {"B", ""}, {"C", "3"}}))
}

// FuzzChangeEnvironment holds that lines of others stay and that a change is the only one.
func FuzzChangeEnvironment(f *testing.F) {
	f.Add("A=1\n# x\n\nB=2")
	f.Add("A")
	f.Fuzz(func(t *testing.T, text string) {
		changed := changeEnvironment(text, []setting{{"PHAROS_URL", "http://x"}})
		assert.Equal(t, changed, changeEnvironment(changed, []setting{{"PHAROS_URL", "http://x"}}))
		path := filepath.Join(t.TempDir(), EnvironmentFile)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		before, err := ReadEnvironment(path)
		if err != nil {
			return
		}
		require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))
		after, err := ReadEnvironment(path)
		require.NoError(t, err)
		before["PHAROS_URL"] = "http://x"
		assert.Equal(t, before, after, strings.ReplaceAll(changed, "\n", "|"))
	})
}
