// Package plugins holds the plugins that come with the agent, each a program of its own, and the
// template that `pharos-agent plugin new` copies.
package plugins

import "embed"

// Template is a small plugin in Go, whose name is `example`.
//
//go:embed template/main.go template/main_test.go template/README.md
var Template embed.FS
