// Package agentreceiver is the receiver `agent`: the agent's own metrics (memory, CPU, queue, what
// was dropped, and which part fails) as metrics of the service `pharos-agent`.
package agentreceiver
