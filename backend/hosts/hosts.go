package hosts

import "time"

// State says how a host does, as far as its agent knows.
type State string

// The states of a host.
const (
	StateOK        State = "ok"
	StateUnhealthy State = "unhealthy" // the agent reports, and something fails
	StateSilent    State = "silent"    // it reported, and does so no more
	StateNoAgent   State = "no_agent"  // others measure it
)

// Host is a machine that reports.
type Host struct {
	Name     string     `json:"name" example:"web-1" doc:"host.name"`
	ID       string     `json:"id,omitempty" doc:"host.id"`
	OS       string     `json:"os,omitempty" example:"Debian GNU/Linux 12 (bookworm)"`
	Arch     string     `json:"arch,omitempty" example:"amd64"`
	State    State      `json:"state" enum:"ok,unhealthy,silent,no_agent"`
	LastSeen *time.Time `json:"last_seen,omitempty" doc:"Time of the newest sample"`
	Reasons  []Reason   `json:"reasons,omitempty" doc:"Why it is not well"`
	Agent    *Agent     `json:"agent,omitempty" doc:"Absent when no agent reported"`
}

// Reason is one thing that is not well with an agent.
type Reason struct {
	Kind  string     `json:"kind" example:"receiver" doc:"receiver, processor, exporter, extension, plugin; configuration when a reload was refused; agent when all of it is silent; loss when data was lost"`
	Part  string     `json:"part,omitempty" example:"file_log/nginx"`
	Text  string     `json:"text" example:"Failed to open file: permission denied (/var/log/nginx/access.log)"`
	Since *time.Time `json:"since,omitempty"`
}

// Agent is what an agent says of itself; what it did not say lately is left out.
type Agent struct {
	Version    string        `json:"version" example:"0.1.0"`
	Config     string        `json:"config,omitempty" doc:"Digest of its configuration: equal for equal ones" example:"5f3a01bc"`
	LastReport time.Time     `json:"last_report"`
	Started    *time.Time    `json:"started,omitempty"`
	CPU        *float64      `json:"cpu_cores,omitempty" doc:"Cores it used on average of the last ten minutes" example:"0.001"`
	Memory     *int64        `json:"memory_bytes,omitempty" doc:"Memory in RAM"`
	Goroutines *int64        `json:"goroutines,omitempty"`
	Queues     []AgentQueue  `json:"queues,omitempty" doc:"What waits for the server, of each signal"`
	Parts      []AgentPart   `json:"parts,omitempty" doc:"Its receivers, processors, exporters and extensions; only when the host is named"`
	Plugins    []AgentPlugin `json:"plugins,omitempty" doc:"Only when the host is named"`
}

// AgentQueue is what waits for the server, of one signal.
type AgentQueue struct {
	Signal      string     `json:"signal" example:"metrics"`
	Items       int64      `json:"items"`
	Bytes       int64      `json:"bytes" doc:"On disk"`
	AgeSeconds  float64    `json:"age_seconds" doc:"Of the oldest item"`
	Delivered   int64      `json:"delivered" doc:"Items since the agent started"`
	Dropped     int64      `json:"dropped" doc:"Items since the agent started that never reached the server"`
	LastSuccess *time.Time `json:"last_success,omitempty" doc:"When the server took something last, as of the last report"`
}

// AgentPart is a receiver, processor, exporter or extension of an agent.
type AgentPart struct {
	Kind string `json:"kind" example:"receiver"`
	ID   string `json:"id" example:"host"`
	Up   bool   `json:"up"`
}

// AgentPlugin is a program that the agent runs.
type AgentPlugin struct {
	ID       string `json:"id" example:"plugin/orders-db" doc:"The receiver that runs it"`
	State    string `json:"state,omitempty" example:"running"`
	Restarts int64  `json:"restarts" doc:"Since the agent started"`
	Dropped  int64  `json:"dropped" doc:"Data points and log records since the agent started that were dropped"`
	Memory   *int64 `json:"memory_bytes,omitempty" doc:"Memory in RAM, its children included"`
}
