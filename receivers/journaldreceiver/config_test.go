package journaldreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestReadmeExample(t *testing.T) {
	want := defaultConfig()
	want.Units, want.Priority, want.StartAt = []string{"nginx.service", "postgresql@*.service"}, "notice", "beginning"
	assert.Equal(t, want, configtest.Example(t, "receivers::journald", defaultConfig()))
}

func TestValidate(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		`units: has "-x"`:               func(c *Config) { c.Units = []string{"-x"} },
		`priority: is "loud"`:           func(c *Config) { c.Priority = "loud" },
		`start_at: is "middle"`:         func(c *Config) { c.StartAt = "middle" },
		`format is "xml"`:               func(c *Config) { c.Format = "xml" },
		"format: is regex":              func(c *Config) { c.Format = "regex" },
		`journal_directory: is "x"`:     func(c *Config) { c.JournalDirectory = "x" },
		"journalctl: is empty":          func(c *Config) { c.Journalctl = "" },
		"directory: is empty (name a f": func(c *Config) { c.Directory = "" },
	})
}
