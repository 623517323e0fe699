package hosts

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// The metrics of agents that are read, by the names that they have in the store.
const (
	metricInfo       = "pharos_agent_info"
	metricUp         = "pharos_agent_part_up"
	metricFailure    = "pharos_agent_part_failure_seconds"
	metricMemory     = "process_memory_usage_bytes"
	metricCPU        = "process_cpu_time_seconds_total"
	metricUptime     = "process_uptime_seconds"
	metricGoroutines = "go_goroutine_count"
	metricItems      = "pharos_delivery_queue_items"
	metricBytes      = "pharos_delivery_queue_bytes"
	metricAge        = "pharos_delivery_queue_age_seconds"
	metricDelivered  = "pharos_delivery_delivered_items_total"
	metricDropped    = "pharos_delivery_dropped_items_total"
	metricSuccess    = "pharos_delivery_last_success_seconds"
	pluginPrefix     = "pharos_plugin_"
	metricState      = pluginPrefix + "state"
	metricRestarts   = pluginPrefix + "restarts_total"
	metricPoints     = pluginPrefix + "dropped_points_total"
	metricRecords    = pluginPrefix + "dropped_records_total"
	metricOccupied   = pluginPrefix + "memory_usage_bytes"
	limiterPrefix    = "otelcol_processor_memory_limiter_refused_"
)

// tally is what is known about a host while its series are read.
type tally struct {
	id, os, arch string
	own          bool // these are what an agent or a server of ours says
	newest       int64
	gap          int64
	asked        int // series that were read for their newest sample
	agent        *agentTally
}

// agentTally is the same about its agent.
type agentTally struct {
	info     samples
	since    int64 // the first report
	version  string
	config   string
	values   map[string]samples    // by metric, the newest series of each
	cpu      float64               // seconds in the window
	cpuSpan  int64                 // milliseconds that it is of
	parts    map[AgentPart]samples // by kind and id
	failures []failure
	queues   map[string]*queueTally
	plugins  map[string]*pluginTally
	limited  map[string]samples // what memory limiters refused, by processor and signal
}

type failure struct {
	reason Reason
	seen   int64
}

type queueTally struct {
	AgentQueue
	newest  map[string]int64   // by metric
	dropped map[string]samples // by reason
}

type tallies map[string]*tally

func (t tallies) of(name string) *tally {
	known, ok := t[name]
	if !ok {
		known = &tally{}
		t[strings.Clone(name)] = known
	}
	return known
}

// has says whether there is a sample of one of the metrics, which are of an agent or not.
func (t tallies) has(name, metrics string) bool {
	known := t[name]
	if known == nil || metrics == metricInfo {
		return known != nil && known.agent != nil && known.agent.info.count > 0
	}
	return known.newest != 0
}

// describe takes what target_info says; our own programs know better than others.
func (t *tally) describe(set labels.Labels) {
	service := set.Get("service")
	own := service == "host" || service == agentService
	if t.os != "" && (t.own || !own) {
		return
	}
	t.own = own
	t.id = strings.Clone(set.Get("host_id"))
	t.os = strings.Clone(cmp.Or(set.Get("os_description"), set.Get("os_type")))
	t.arch = strings.Clone(set.Get("host_arch"))
}

func (t *tally) see(s samples) {
	if s.last > t.newest {
		t.newest, t.gap = s.last, s.gap
	}
}

func (t *tally) knownAgent() *agentTally {
	if t.agent == nil {
		t.agent = &agentTally{values: map[string]samples{}, parts: map[AgentPart]samples{}, queues: map[string]*queueTally{}, plugins: map[string]*pluginTally{}, limited: map[string]samples{}}
	}
	return t.agent
}

// add takes a series of an agent.
func (a *agentTally) add(set labels.Labels, s samples) {
	switch metric := set.Get(model.MetricNameLabel); metric {
	case metricInfo:
		a.report(set, s)
	case metricUp:
		part := AgentPart{Kind: strings.Clone(set.Get("kind")), ID: strings.Clone(set.Get("part"))}
		if s.last > a.parts[part].last {
			a.parts[part] = s
		}
	case metricFailure:
		began := fromSeconds(s.value)
		a.failures = append(a.failures, failure{Reason{
			Kind: strings.Clone(set.Get("kind")), Part: strings.Clone(set.Get("part")), Text: strings.Clone(set.Get("reason")), Since: &began,
		}, s.last})
	case metricCPU:
		a.cpu += s.increase
		a.cpuSpan = max(a.cpuSpan, s.last-s.first)
	case metricMemory, metricUptime, metricGoroutines:
		if s.last > a.values[metric].last {
			a.values[metric] = s
		}
	case metricState, metricRestarts, metricPoints, metricRecords, metricOccupied:
		a.plugin(set.Get("plugin")).add(metric, set.Get("state"), s)
	default:
		if what, ok := strings.CutPrefix(metric, limiterPrefix); ok {
			a.limited[set.Get("processor")+" "+strings.TrimSuffix(what, "_total")] = s
			return
		}
		a.queue(set.Get("signal")).add(metric, set.Get("reason"), s)
	}
}

// report takes a series of pharos_agent_info: the newest one says what runs.
func (a *agentTally) report(set labels.Labels, s samples) {
	if a.since == 0 || s.first < a.since {
		a.since = s.first
	}
	if s.last <= a.info.last {
		return
	}
	a.info, a.version, a.config = s, strings.Clone(set.Get("version")), strings.Clone(set.Get("config"))
}

func (a *agentTally) queue(signal string) *queueTally {
	known, ok := a.queues[signal]
	if !ok {
		known = &queueTally{AgentQueue: AgentQueue{Signal: strings.Clone(signal)}, newest: map[string]int64{}, dropped: map[string]samples{}}
		a.queues[known.Signal] = known
	}
	return known
}

type pluginTally struct {
	AgentPlugin
	last, stateSeen int64
}

func (a *agentTally) plugin(id string) *pluginTally {
	known, ok := a.plugins[id]
	if !ok {
		known = &pluginTally{AgentPlugin: AgentPlugin{ID: strings.Clone(id)}}
		a.plugins[known.ID] = known
	}
	return known
}

func (p *pluginTally) add(metric, state string, s samples) {
	p.last = max(p.last, s.last)
	switch metric {
	case metricState:
		if s.value != 0 && s.last > p.stateSeen {
			p.State, p.stateSeen = strings.Clone(state), s.last
		}
	case metricRestarts:
		p.Restarts += int64(s.value) // one series a reason
	case metricPoints, metricRecords:
		p.Dropped += int64(s.value)
	case metricOccupied:
		p.Memory = whole(s)
	}
}

func (q *queueTally) add(metric, reason string, s samples) {
	if metric == metricDropped {
		q.Dropped += int64(s.value) // one series a reason
		q.dropped[strings.Clone(reason)] = s
		return
	}
	if s.last <= q.newest[metric] {
		return
	}
	q.newest[strings.Clone(metric)] = s.last
	switch metric {
	case metricItems:
		q.Items = int64(s.value)
	case metricBytes:
		q.Bytes = int64(s.value)
	case metricAge:
		q.AgeSeconds = s.value
	case metricDelivered:
		q.Delivered = int64(s.value)
	case metricSuccess:
		at := fromSeconds(s.value)
		q.LastSuccess = &at
	}
}

// list makes the answer.
func (t tallies) list(to time.Time) []Host {
	out := make([]Host, 0, len(t))
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if known := t[name]; known.newest != 0 {
			out = append(out, known.host(name, to))
		}
	}
	return out
}

func (t *tally) host(name string, to time.Time) Host {
	host := Host{Name: name, ID: t.id, OS: t.os, Arch: t.arch}
	seen := fromMillis(t.newest)
	host.LastSeen = &seen
	if t.agent != nil {
		host.Agent = t.agent.summary()
	}
	host.State, host.Reasons = t.judge(to)
	return host
}

func (a *agentTally) summary() *Agent {
	agent := &Agent{Version: a.version, Config: a.config, LastReport: fromMillis(a.info.last)}
	if memory, ok := a.values[metricMemory]; ok {
		agent.Memory = whole(memory)
	}
	if goroutines, ok := a.values[metricGoroutines]; ok {
		agent.Goroutines = whole(goroutines)
	}
	if uptime, ok := a.values[metricUptime]; ok {
		started := fromMillis(uptime.last - int64(uptime.value*1000))
		agent.Started = &started
	}
	if a.cpuSpan > 0 {
		cores := a.cpu / (float64(a.cpuSpan) / 1000)
		agent.CPU = &cores
	}
	for _, signal := range slices.Sorted(maps.Keys(a.queues)) {
		agent.Queues = append(agent.Queues, a.queues[signal].AgentQueue)
	}
	for part, s := range a.parts {
		if s.last >= a.info.last { // others are of an earlier configuration
			agent.Parts = append(agent.Parts, AgentPart{part.Kind, part.ID, s.value != 0})
		}
	}
	slices.SortFunc(agent.Parts, func(a, b AgentPart) int { return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID)) })
	for _, id := range slices.Sorted(maps.Keys(a.plugins)) {
		if plugin := a.plugins[id]; plugin.last >= a.info.last {
			agent.Plugins = append(agent.Plugins, plugin.AgentPlugin)
		}
	}
	return agent
}

func whole(s samples) *int64 {
	number := int64(math.Round(s.value))
	return &number
}

func fromMillis(t int64) time.Time { return time.UnixMilli(t).UTC() }

func fromSeconds(t float64) time.Time { return time.UnixMilli(int64(t * 1000)).UTC() }
