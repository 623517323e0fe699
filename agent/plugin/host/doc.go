// Package host is the agent's side of a plugin: it finds and verifies the program, starts it,
// bounds what it may use, asks it, and ends it with all its children. It is for the receiver
// `plugin` and for `pharos-agent plugin`; authors of plugins need package plugin.
package host
