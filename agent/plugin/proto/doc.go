// Package proto is the protocol between the agent and a plugin, generated from plugin.proto by
// `make generate`. Authors of plugins in Go use package plugin.
package proto
