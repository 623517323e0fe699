package host

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestVerify(t *testing.T) {
	const script = "#!/bin/sh\n"
	sum := sha256.Sum256([]byte(script))
	right := hex.EncodeToString(sum[:])
	for name, tt := range map[string]struct {
		change   func(t *testing.T, folder, file string)
		checksum string
		says     string
	}{
		"good":               {},
		"good checksum":      {checksum: strings.ToUpper(right)},
		"wrong checksum":     {checksum: strings.Repeat("0", 64), says: "it is another version, or was tampered with"},
		"gone":               {says: "there is no ", change: func(t *testing.T, _, file string) { t.Helper(); require.NoError(t, os.Remove(file)) }},
		"not executable":     {says: "is not executable: chmod 755", change: func(t *testing.T, _, file string) { t.Helper(); require.NoError(t, os.Chmod(file, 0o600)) }},
		"others may write":   {says: "every account can write to ", change: func(t *testing.T, _, file string) { t.Helper(); require.NoError(t, os.Chmod(file, 0o777)) }},
		"others may replace": {says: "every account can write to ", change: func(t *testing.T, folder, _ string) { t.Helper(); require.NoError(t, os.Chmod(folder, 0o777)) }},
		"sticky folder is good": {change: func(t *testing.T, folder, _ string) {
			t.Helper()
			require.NoError(t, os.Chmod(folder, 0o777|os.ModeSticky))
		}},
		"a folder": {says: "is not a file", change: func(t *testing.T, _, file string) {
			t.Helper()
			require.NoError(t, os.Remove(file))
			require.NoError(t, os.Mkdir(file, 0o755))
		}},
		"a link to what others may write": {says: "every account can write to ", change: func(t *testing.T, folder, file string) {
			t.Helper()
			other := filepath.Join(folder, "other")
			require.NoError(t, os.Rename(file, other))
			require.NoError(t, os.Chmod(other, 0o777))
			require.NoError(t, os.Symlink(other, file))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			file := File(folder, "x")
			require.NoError(t, os.WriteFile(file, []byte(script), 0o755))
			if tt.change != nil {
				tt.change(t, folder, file)
			}
			found, err := Verify(file, tt.checksum)
			if tt.says != "" {
				require.ErrorContains(t, err, tt.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "pharos-plugin-x", filepath.Base(found))
		})
	}
	if os.Geteuid() == 0 { // who alone can give files away
		file := File(t.TempDir(), "x")
		require.NoError(t, os.WriteFile(file, []byte(script), 0o755))
		require.NoError(t, os.Chown(file, 65534, 65534))
		_, err := Verify(file, "")
		require.ErrorContains(t, err, "belongs to the account 65534, who could change the plugin")
	}
	_, err := Verify("plugin", "")
	require.ErrorContains(t, err, "plugin is not an absolute path")
}

func TestList(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"pharos-plugin-b", "pharos-plugin-a", "other"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(folder, "pharos-plugin-folder"), 0o700))
	names, err := List(folder)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, names)
	names, err = List(filepath.Join(folder, "nowhere"))
	require.NoError(t, err)
	assert.Empty(t, names)
}
