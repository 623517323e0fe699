// Package hosts lists the machines that report, how the agent on each of them does, and why it is
// not well.
//
// A host is what the label host_name of a series names. What is known of its agent is what the
// agent's receiver `agent` sends: metrics of the service pharos-agent. The list is kept for seconds,
// so that a page that asks again and again costs little; hosts that are silent are searched for in
// ever longer times, each only as far as it must be.
package hosts
