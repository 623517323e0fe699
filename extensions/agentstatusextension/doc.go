// Package agentstatusextension is the extension `agent_status`: it knows how the agent is, for the
// receiver `agent`, which sends it to the server, and for `pharos-agent status`, which reads it
// from a file.
package agentstatusextension
