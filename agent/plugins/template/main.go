// Program pharos-plugin-example is a plugin of pharos-agent: it measures a folder.
package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"github.com/pharos-obs/pharos/agent/plugin"
)

const version = "0.1.0"

func main() {
	plugin.Serve(plugin.Definition[Config]{
		Name: "example", Version: version, Description: "Counts the files of a folder.",
		Defaults: func() *Config { return &Config{Folder: os.TempDir()} },
		Metrics: func(_ context.Context, config *Config) (plugin.MetricsSource, error) {
			return &source{config: config}, nil
		},
	})
}

// Config is what users set. The tags name a setting and describe it; secret:"true" hides it.
type Config struct {
	Folder string `json:"folder" doc:"The folder to look into."`
}

// Validate says what is wrong with the settings, before they come into force.
func (c *Config) Validate() error {
	if c.Folder == "" {
		return plugin.Field("folder", "is empty: name a folder")
	}
	return nil
}

// source is made once the settings are there. It may implement io.Closer and plugin.HealthChecker.
type source struct{ config *Config }

// Collect measures once. It is called at every interval; calls never overlap.
func (s *source) Collect(ctx context.Context, m *plugin.Metrics) error {
	entries, err := os.ReadDir(s.config.Folder)
	if err != nil {
		return fmt.Errorf("look into the folder: %w", err) // the agent shows it
	}
	kinds := map[string]int64{"file": 0, "folder": 0, "other": 0}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return ctx.Err() // the agent waits no longer
		}
		kinds[kind(entry)]++
	}
	files := m.Gauge("example.entries", "{entry}", "Entries of the folder.")
	for name, count := range kinds {
		files.Int(count, plugin.Attr("kind", name))
	}
	return nil
}

func kind(entry fs.DirEntry) string {
	switch {
	case entry.IsDir():
		return "folder"
	case entry.Type().IsRegular():
		return "file"
	}
	return "other"
}
