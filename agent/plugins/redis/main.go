// Program pharos-plugin-redis is a plugin of pharos-agent: it reads what a Redis or Valkey server
// says of itself.
package main

import (
	"context"

	"github.com/pharos-obs/pharos/agent/plugin"
)

var version = "0.1.0-dev" // stamped by the linker

func main() {
	plugin.Serve(plugin.Definition[Config]{
		Name: "redis", Version: version, Description: "Statistics of a Redis server.",
		Defaults: defaultConfig,
		Metrics: func(_ context.Context, config *Config) (plugin.MetricsSource, error) {
			return newSource(config)
		},
	})
}
