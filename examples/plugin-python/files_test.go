package pluginpython

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// The example in Python does what a plugin must do. `make test` makes the environment that it needs.
func TestExample(t *testing.T) {
	if testing.Short() {
		t.Skip("the environment of Python is for `make test`")
	}
	environment, err := filepath.Abs("../../.cache/plugin-python")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(environment, "bin", "python"), "scripts/test.sh makes it")
	dir := t.TempDir()
	entries, err := Files.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		content, err := Files.ReadFile(entry.Name())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, entry.Name()), content, 0o700))
	}
	require.NoError(t, os.Symlink(environment, filepath.Join(dir, ".venv")))
	watched := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(watched, "before"), nil, 0o600))
	appeared := make(chan struct{})
	go func() { // files that appear while the logs are read
		defer close(appeared)
		for t.Context().Err() == nil {
			name := filepath.Join(watched, "new-"+time.Now().Format("150405.000000"))
			_ = os.WriteFile(name, nil, 0o600)
			time.Sleep(50 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { <-appeared })

	var said []string
	spec := host.Spec{
		Path: filepath.Join(dir, "pharos-plugin-example"), Name: "example", Output: func(line string) { said = append(said, line) },
		Limits: host.Limits{MessageBytes: 1 << 20, OutputLines: 100, Watch: time.Second},
	}
	found := host.CheckPlugin(t.Context(), spec, map[string]any{"folder": watched, "watch_seconds": 0.05}, time.Minute)
	require.NoError(t, found.Err(), said)
	assert.Len(t, found.Checks, 11)
	require.Len(t, found.Metrics.GetMetrics(), 1)
	kinds := map[string]int64{}
	for _, point := range found.Metrics.GetMetrics()[0].GetPoints() {
		kinds[point.GetAttributes()["kind"]] = point.GetValue().(*proto.Point_IntValue).IntValue
	}
	assert.Positive(t, kinds["file"])
	assert.Zero(t, kinds["folder"])
	require.NotEmpty(t, found.Records, "each batch is sent when the one before was answered")
	assert.True(t, strings.HasSuffix(found.Records[0].GetMessage(), " was added"), found.Records[0].GetMessage())
	assert.Empty(t, said)
}
