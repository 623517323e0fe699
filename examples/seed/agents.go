package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// agentInterval is how often agents tell of themselves.
const agentInterval = 30 * time.Second

// denied is what the agent of the edge proxy may not read, until somebody looks.
const denied = "read /var/log/nginx/access.log: open /var/log/nginx/access.log: permission denied"

// part is a part of an agent.
type part struct{ kind, id string }

// measureAgent adds what the agent of a machine says of itself, as the receiver `agent` does.
func (s *shop) measureAgent(metrics pmetric.Metrics, m machine, at time.Time) {
	if at.Sub(s.start)%agentInterval != 0 {
		return
	}
	began := latest(m.bootedBy(s.start, at), s.start)
	page, attributes := newSheet(metrics, began, at)
	s.describeHost(attributes, m)
	attributes.PutStr("service.name", "pharos-agent")
	version, config := "0.1.0", "5f3a01bc"
	if m.kind == "batch" {
		version = "0.0.9" // somebody has forgotten it
	}
	parts := []part{{"configuration", "reload"}, {"receiver", "host"}, {"receiver", "agent"}, {"processor", "memory_limiter"}, {"exporter", "delivery"}, {"extension", "agent_status"}}
	failing := ""
	switch m.kind {
	case "edge":
		parts, failing, config = append(parts, part{"receiver", "files/nginx"}), "files/nginx", "90c4d2e7"
	case "db":
		parts, config = append(parts, part{"receiver", "plugin/orders-db"}), "b1d07a34"
		page.gauge("pharos_plugin_state", "", "", 1, "plugin", "plugin/orders-db", "state", "running")
		page.counter("pharos_plugin_restarts", "{restart}", "", 1, "plugin", "plugin/orders-db", "reason", "ended")
		page.gauge("pharos_plugin_memory_usage", "By", "", 17e6, "plugin", "plugin/orders-db")
	}
	attributes.PutStr("service.version", version)
	page.gauge("pharos_agent_info", "", "Version of the agent, and a digest of its configuration; the value is always 1.", 1, "version", version, "config", config)
	for _, p := range parts {
		up := 1.0
		if p.id == failing {
			up = 0
			page.gauge("pharos_agent_part_failure", "s", "", float64(began.Unix()), "kind", p.kind, "part", p.id, "reason", denied)
		}
		page.gauge("pharos_agent_part_up", "", "1 while a part of the agent works, 0 while it fails.", up, "kind", p.kind, "part", p.id)
	}
	wave, seconds := s.wave(m, at), at.Sub(began).Seconds()
	page.gauge("process.memory.usage", "By", "Memory of the agent that is in RAM.", 19e6+2e6*wave)
	page.counter("process.cpu.time", "s", "CPU time of the agent.", 0.0007*s.worked(m, "agent user", began, at), "cpu.mode", "user")
	page.counter("process.cpu.time", "s", "CPU time of the agent.", 0.0004*s.worked(m, "agent system", began, at), "cpu.mode", "system")
	page.gauge("process.uptime", "s", "Time since the agent started.", seconds)
	page.gauge("go.goroutine.count", "{goroutine}", "Goroutines of the agent.", 14)
	signal := []string{"signal", "metrics"}
	page.gauge("pharos_delivery_queue_items", "{item}", "", float64(int(60*wave)), signal...)
	page.gauge("pharos_delivery_queue_bytes", "By", "", float64(int(9000*wave)), signal...)
	page.gauge("pharos_delivery_queue_age", "s", "", 1.5*wave, signal...)
	page.counter("pharos_delivery_delivered_items", "{item}", "", float64(int(11*seconds)), signal...)
	page.gauge("pharos_delivery_last_success", "s", "", float64(at.Unix()-2), signal...)
}
