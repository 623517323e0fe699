package plugin

import (
	goplugin "github.com/hashicorp/go-plugin"
)

// What the agent and a plugin know each other by. docs/formats/plugin.md has it for other languages.
const (
	// ProtocolVersion is the version of the protocol in proto/plugin.proto.
	ProtocolVersion = 1
	// CookieKey is the environment variable that tells a plugin that the agent has started it.
	CookieKey = "PHAROS_PLUGIN"
	// CookieValue is what it holds. It is no secret.
	CookieValue = "6ff1d6c4a2f24be2a2f6b0a7d5f5c3de"
	// SetName is the entry of Set that gives a proto.PluginClient.
	SetName = "plugin"
)

// Handshake returns what go-plugin compares before the two talk.
func Handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{ProtocolVersion: ProtocolVersion, MagicCookieKey: CookieKey, MagicCookieValue: CookieValue}
}

// Set returns what the agent may ask a plugin for, by version of the protocol.
func Set() map[int]goplugin.PluginSet {
	return map[int]goplugin.PluginSet{ProtocolVersion: {SetName: &service{}}}
}
