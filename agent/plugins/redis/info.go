package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// parseInfo takes the answer to INFO apart: name:value, a line each, below # titles.
func parseInfo(text string) map[string]string {
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, value, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, "#") {
			info[name] = value
		}
	}
	return info
}

// fields takes a value such as keys=3,expires=1 apart.
func fields(value string) map[string]string {
	all := make(map[string]string)
	for part := range strings.SplitSeq(value, ",") {
		if name, inner, found := strings.Cut(part, "="); found {
			all[name] = inner
		}
	}
	return all
}

// Kinds of metrics.
const (
	gauge = iota
	counter
	upDown
)

// simple is a metric that is one number of INFO. Names are those of OpenTelemetry's Redis receiver
// where it has one.
type simple struct {
	field, name, unit, about string
	kind                     int
	attribute, value         string
	scale                    float64 // 0 means as it is, as a whole number where it is one
}

func simples() []simple {
	return []simple{
		{field: "uptime_in_seconds", name: "redis.uptime", unit: "s", about: "Time since the server started.", kind: counter},
		{field: "connected_clients", name: "redis.clients.connected", unit: "{client}", about: "Connections of clients.", kind: upDown},
		{field: "blocked_clients", name: "redis.clients.blocked", unit: "{client}", about: "Clients that wait in a blocking command.", kind: upDown},
		{field: "maxclients", name: "redis.clients.max", unit: "{client}", about: "Most clients that the server allows."},
		{field: "client_recent_max_input_buffer", name: "redis.clients.max_input_buffer", unit: "By", about: "Largest input buffer of a client."},
		{field: "client_recent_max_output_buffer", name: "redis.clients.max_output_buffer", unit: "By", about: "Largest output buffer of a client."},
		{field: "used_memory", name: "redis.memory.used", unit: "By", about: "Memory that the server has allocated."},
		{field: "used_memory_rss", name: "redis.memory.rss", unit: "By", about: "Memory of the server that is in RAM."},
		{field: "used_memory_peak", name: "redis.memory.peak", unit: "By", about: "Most memory that was allocated."},
		{field: "used_memory_lua", name: "redis.memory.lua", unit: "By", about: "Memory of the Lua engine."},
		{field: "mem_fragmentation_ratio", name: "redis.memory.fragmentation_ratio", unit: "1", about: "Memory in RAM by memory allocated."},
		{field: "maxmemory", name: "redis.maxmemory", unit: "By", about: "Most memory that the server may allocate; 0 means no limit."},
		{field: "total_connections_received", name: "redis.connections.received", unit: "{connection}", about: "Connections accepted.", kind: counter},
		{field: "rejected_connections", name: "redis.connections.rejected", unit: "{connection}", about: "Connections refused because there were too many.", kind: counter},
		{field: "total_commands_processed", name: "redis.commands.processed", unit: "{command}", about: "Commands processed.", kind: counter},
		{field: "instantaneous_ops_per_sec", name: "redis.commands", unit: "{ops}/s", about: "Commands processed a second."},
		{field: "total_error_replies", name: "redis.errors", unit: "{error}", about: "Commands that were answered by an error.", kind: counter},
		{field: "total_net_input_bytes", name: "redis.net.input", unit: "By", about: "Bytes read from the network.", kind: counter},
		{field: "total_net_output_bytes", name: "redis.net.output", unit: "By", about: "Bytes written to the network.", kind: counter},
		{field: "expired_keys", name: "redis.keys.expired", unit: "{key}", about: "Keys that have expired.", kind: counter},
		{field: "evicted_keys", name: "redis.keys.evicted", unit: "{key}", about: "Keys removed because memory was full.", kind: counter},
		{field: "keyspace_hits", name: "redis.keyspace.hits", unit: "{hit}", about: "Lookups that found their key.", kind: counter},
		{field: "keyspace_misses", name: "redis.keyspace.misses", unit: "{miss}", about: "Lookups that did not find their key.", kind: counter},
		{field: "latest_fork_usec", name: "redis.latest_fork", unit: "us", about: "How long the last fork took."},
		{field: "used_cpu_sys", name: "redis.cpu.time", unit: "s", about: "CPU time of the server.", kind: counter, attribute: "state", value: "sys", scale: 1},
		{field: "used_cpu_user", name: "redis.cpu.time", unit: "s", about: "CPU time of the server.", kind: counter, attribute: "state", value: "user", scale: 1},
		{field: "used_cpu_sys_children", name: "redis.cpu.time", unit: "s", about: "CPU time of the server.", kind: counter, attribute: "state", value: "sys_children", scale: 1},
		{field: "used_cpu_user_children", name: "redis.cpu.time", unit: "s", about: "CPU time of the server.", kind: counter, attribute: "state", value: "user_children", scale: 1},
		{field: "connected_slaves", name: "redis.slaves.connected", unit: "{replica}", about: "Connected replicas.", kind: upDown},
		{field: "master_repl_offset", name: "redis.replication.offset", unit: "By", about: "The server's place in the stream of replication."},
		{field: "repl_backlog_first_byte_offset", name: "redis.replication.backlog_first_byte_offset", unit: "By", about: "Where the backlog of replication begins."},
		{field: "slave_repl_offset", name: "redis.replication.replica_offset", unit: "By", about: "Place of this replica in the stream of replication."},
		{field: "master_last_io_seconds_ago", name: "redis.replication.last_io", unit: "s", about: "Time since this replica has heard of its primary."},
		{field: "rdb_changes_since_last_save", name: "redis.rdb.changes_since_last_save", unit: "{change}", about: "Changes since the last snapshot.", kind: upDown},
		{field: "rdb_last_bgsave_time_sec", name: "redis.rdb.last_save.duration", unit: "s", about: "How long the last snapshot took."},
		{field: "aof_current_size", name: "redis.aof.size", unit: "By", about: "Size of the append-only file."},
		{field: "aof_delayed_fsync", name: "redis.aof.delayed_fsyncs", unit: "{fsync}", about: "Writes that had to wait for the disk.", kind: counter},
	}
}

// words are fields that say yes or no in words.
func words() []struct{ field, yes, name, about string } {
	return []struct{ field, yes, name, about string }{
		{"rdb_last_bgsave_status", "ok", "redis.rdb.last_save.ok", "1 when the last snapshot was written, 0 when it failed."},
		{"aof_last_write_status", "ok", "redis.aof.last_write.ok", "1 when the last write of the append-only file went well, 0 when it failed."},
		{"master_link_status", "up", "redis.replication.link.up", "1 while this replica is connected to its primary, 0 otherwise."},
		{"loading", "0", "redis.loaded", "1 when the data is loaded, 0 while it is."},
	}
}

// measure makes metrics of INFO. What is not there is left out.
func measure(info map[string]string, commands int, now time.Time, m *plugin.Metrics) {
	started := time.Time{}
	if seconds, err := strconv.ParseInt(info["uptime_in_seconds"], 10, 64); err == nil {
		started = now.Add(-time.Duration(seconds) * time.Second).Truncate(time.Second)
	}
	for _, one := range simples() {
		text, ok := info[one.field]
		if !ok || strings.HasPrefix(text, "-") { // -1 means never
			continue
		}
		metric := m.Gauge
		switch one.kind {
		case counter:
			metric = m.Counter
		case upDown:
			metric = m.UpDownCounter
		}
		number(metric(one.name, one.unit, one.about), one.kind == counter, started, text, one.scale != 0, plugin.Attr(one.attribute, one.value))
	}
	for _, one := range words() {
		if text, ok := info[one.field]; ok {
			m.Gauge(one.name, "1", one.about).Int(yes(text == one.yes))
		}
	}
	if role := info["role"]; role != "" {
		if role == "slave" {
			role = "replica"
		}
		if role == "master" {
			role = "primary"
		}
		m.UpDownCounter("redis.role", "{role}", "1 for the role that the server has.").Int(1, plugin.Attr("role", role))
	}
	if saved, err := strconv.ParseInt(info["rdb_last_save_time"], 10, 64); err == nil && saved > 0 {
		m.Gauge("redis.rdb.last_save.age", "s", "Time since the last snapshot.").Float(max(0, now.Sub(time.Unix(saved, 0)).Seconds()))
	}
	measureDatabases(info, m)
	measureReplicas(info, m)
	measureCommands(info, commands, started, m)
}

func yes(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// number adds a value. Text that is no number is left out: a version may say something new.
func number(metric *plugin.Metric, counts bool, started time.Time, text string, fraction bool, attributes ...plugin.Attribute) {
	if counts {
		metric.Since(started)
	}
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil && !fraction {
		metric.Int(whole, attributes...)
	} else if value, err := strconv.ParseFloat(text, 64); err == nil {
		metric.Float(value, attributes...)
	}
}

// measureDatabases reads db0:keys=3,expires=1,avg_ttl=1000.
func measureDatabases(info map[string]string, m *plugin.Metrics) {
	for _, name := range slices.Sorted(maps.Keys(info)) {
		index, found := strings.CutPrefix(name, "db")
		if _, err := strconv.Atoi(index); !found || err != nil {
			continue
		}
		database, all := plugin.Attr("db", index), fields(info[name])
		for _, one := range []struct{ field, name, unit, about string }{
			{"keys", "redis.db.keys", "{key}", "Keys of the database."},
			{"expires", "redis.db.expires", "{key}", "Keys of the database that will expire."},
			{"avg_ttl", "redis.db.avg_ttl", "ms", "Average time until a key expires."},
		} {
			if text, ok := all[one.field]; ok {
				number(m.Gauge(one.name, one.unit, one.about), false, time.Time{}, text, false, database)
			}
		}
	}
}

// measureReplicas reads slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=0.
func measureReplicas(info map[string]string, m *plugin.Metrics) {
	offset, err := strconv.ParseInt(info["master_repl_offset"], 10, 64)
	for _, name := range slices.Sorted(maps.Keys(info)) {
		index, found := strings.CutPrefix(name, "slave")
		if _, wrong := strconv.Atoi(index); !found || wrong != nil {
			continue
		}
		all := fields(info[name])
		replica := plugin.Attr("replica", all["ip"]+":"+all["port"])
		if place, wrong := strconv.ParseInt(all["offset"], 10, 64); wrong == nil && err == nil {
			m.Gauge("redis.replication.data_delay", "By", "Bytes that a replica has not got yet.").Int(max(0, offset-place), replica)
		}
		m.Gauge("redis.replication.replica.online", "1", "1 while a replica is online, 0 while it is loaded.").Int(yes(all["state"] == "online"), replica)
	}
}

// measureCommands reads cmdstat_get:calls=1,usec=2,...,failed_calls=0 and
// latency_percentiles_usec_get:p50=1.003,p99=2.007.
func measureCommands(info map[string]string, most int, started time.Time, m *plugin.Metrics) {
	type command struct {
		name  string
		all   map[string]string
		spent int64
	}
	var commands []command
	for name, value := range info {
		if short, found := strings.CutPrefix(name, "cmdstat_"); found {
			all := fields(value)
			spent, err := strconv.ParseInt(all["usec"], 10, 64)
			if err != nil {
				continue
			}
			commands = append(commands, command{short, all, spent})
		}
	}
	slices.SortFunc(commands, func(a, b command) int { return cmp.Or(cmp.Compare(b.spent, a.spent), strings.Compare(a.name, b.name)) })
	for _, one := range commands[:min(most, len(commands))] {
		name := plugin.Attr("cmd", one.name)
		for _, kind := range []struct{ field, name, unit, about string }{
			{"calls", "redis.cmd.calls", "{call}", "Calls of the command."},
			{"usec", "redis.cmd.usec", "us", "Time spent in the command."},
			{"failed_calls", "redis.cmd.failed", "{call}", "Calls of the command that failed."},
		} {
			if text, ok := one.all[kind.field]; ok {
				number(m.Counter(kind.name, kind.unit, kind.about), true, started, text, false, name)
			}
		}
		for percentile, text := range fields(info["latency_percentiles_usec_"+one.name]) {
			if micros, err := strconv.ParseFloat(text, 64); err == nil {
				m.Gauge("redis.cmd.latency", "s", "Latency of the command since the start, by percentile.").
					Float(micros/1e6, name, plugin.Attr("percentile", percentile))
			}
		}
	}
}
