// Package configtest holds what every part's configuration is tested for: the README's example
// is one that loads, and each rule has a case that breaks it.
package configtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

// Example loads a section ("extensions::storage", or "limits") of testdata/config.yaml over cfg,
// the defaults, and validates it. The README must show the whole file.
func Example[C any](t *testing.T, section string, cfg *C) *C {
	t.Helper()
	path := filepath.Join("testdata", "config.yaml")
	example, err := os.ReadFile(path)
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "```yaml\n"+string(example)+"```")
	conf, err := confmaptest.LoadConf(path)
	require.NoError(t, err)
	conf, err = conf.Sub(section)
	require.NoError(t, err)
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	return cfg
}

// Faults makes each change to the defaults, which are valid, and expects what names it to be in
// the error.
func Faults[C any](t *testing.T, defaults func() *C, changes map[string]func(cfg *C)) {
	t.Helper()
	require.NoError(t, confmap.Validate(defaults()))
	for says, change := range changes {
		t.Run(says, func(t *testing.T) {
			cfg := defaults()
			change(cfg)
			assert.ErrorContains(t, confmap.Validate(cfg), says)
		})
	}
}
