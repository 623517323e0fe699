package matrix

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrint(t *testing.T) {
	dir := t.TempDir()
	var suite Suite
	t.Run("parts", func(t *testing.T) {
		for _, skip := range []bool{false, true, false} {
			t.Run("part", func(t *testing.T) {
				suite.Part(t)
				if skip {
					t.Skip("as asked")
				}
			})
		}
	})
	assert.Equal(t, [3]int{2, 0, 1}, [3]int{suite.Passed, suite.Failed, suite.Skipped})
	for _, s := range []*Suite{
		{Name: "conformance", Where: "timescale"},
		{Name: "API", Where: "local: x/y", Passed: 26, Failed: 1},
		{Name: "conformance", Where: "local", Passed: 2, Skipped: 3},
	} {
		require.NoError(t, s.write(dir))
	}
	var out strings.Builder
	require.NoError(t, print(&out, dir))
	var rows [][]string
	for line := range strings.Lines(out.String()) {
		rows = append(rows, strings.Fields(line))
	}
	assert.Equal(t, [][]string{
		{"suite", "ran", "on", "passed", "failed", "skipped"},
		{"API", "local:", "x/y", "26", "1", "0"},
		{"conformance", "local", "2", "0", "3"},
		{"timescale", "0", "0", "0"},
	}, rows)
	require.NoError(t, print(&out, dir+"/nowhere"))
}
