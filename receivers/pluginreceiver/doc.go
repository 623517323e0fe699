// Package pluginreceiver is the receiver `plugin`: it runs a program of its own, a plugin, takes
// metrics and logs from it, and keeps whatever the plugin does wrong from the rest of the agent.
package pluginreceiver
