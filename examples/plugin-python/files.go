// Package pluginpython holds the example of a plugin in Python, which `pharos-agent plugin new`
// copies.
package pluginpython

import "embed"

// Files are the example, whose name is `example`.
//
//go:embed main.py pharos_plugin.py plugin_pb2.py requirements.txt README.md pharos-plugin-example
var Files embed.FS
