// Program pharos-plugin-postgresql is a plugin of pharos-agent: it reads the statistics of a
// PostgreSQL server, versions 13 to 17.
package main

import (
	"context"

	"github.com/pharos-obs/pharos/agent/plugin"
)

var version = "0.1.0-dev" // stamped by the linker

func main() {
	plugin.Serve(plugin.Definition[Config]{
		Name: "postgresql", Version: version, Description: "Statistics of a PostgreSQL server.",
		Defaults: defaultConfig,
		Metrics: func(_ context.Context, config *Config) (plugin.MetricsSource, error) {
			return newSource(config), nil
		},
	})
}
