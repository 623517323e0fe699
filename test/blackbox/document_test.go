package blackbox

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFaultsAreTested holds docs/faults.md against the tests: it names all those of clusters, and
// no test that is not there.
func TestFaultsAreTested(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "faults.md"))
	require.NoError(t, err)
	document := string(content)
	named := regexp.MustCompile("`([a-z/]+): (Test\\w+)`").FindAllStringSubmatch(document, -1)
	require.NotEmpty(t, named)
	for _, match := range named {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(match[1]), "*_test.go"))
		require.NoError(t, err)
		found := false
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			found = found || strings.Contains(string(source), "func "+match[2]+"(")
		}
		assert.True(t, found, "%s has no %s", match[1], match[2])
	}
	_, section, _ := strings.Cut(document, "## Three roles")
	section, rest, _ := strings.Cut(section, "And on every kind")
	tests := make(map[string]bool)
	for _, one := range faultTests {
		tests[one.name] = true
		assert.Contains(t, section, "| `"+one.name+"` |")
	}
	for _, match := range regexp.MustCompile("(?m)\\| `([^`]+)` \\|$").FindAllStringSubmatch(section, -1) {
		assert.True(t, tests[match[1]] || strings.HasPrefix(match[1], "Test"), "there is no test %q", match[1])
	}
	rest, _, _ = strings.Cut(rest, "## Each part")
	for line := range strings.Lines(rest) {
		columns := strings.Split(line, " | ")
		for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(columns[len(columns)-1], -1) {
			if len(columns) == 3 {
				assert.True(t, apiTests[match[1]] != nil || crashTests[match[1]] != nil, "there is no test %q", match[1])
			}
		}
	}
}
