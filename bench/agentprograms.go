package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pharos-obs/pharos/configs"
)

// agentOptions say which agents are measured. A peer without a path is left out.
type agentOptions struct {
	binary                                   string
	nodeExporter, vmagent, telegraf, otelcol string
}

// agentProgram is an agent, of one process or several, that is measured beside others.
type agentProgram struct {
	name      string
	logs      bool // whether it can follow a file
	processes []agentProcess
}

// agentProcess is how a process of an agent is started.
type agentProcess struct {
	path string
	args []string
	env  []string
}

// place is what an agent is given to work with.
type place struct {
	dir  string // of its own
	sink string // host:port
	file string // the log to follow; empty in a run without
}

func (p place) write(name, content string) (string, error) {
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return "", fmt.Errorf("write a configuration: %w", err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("write a configuration: %w", err)
	}
	return path, nil
}

// agentMaker makes an agent ready to be started at a place.
type agentMaker func(*agentOptions, place) (agentProgram, error)

// agentMakers are those whose binaries are given.
func (o *agentOptions) makers() []agentMaker {
	all := []agentMaker{pharosAgent}
	if o.nodeExporter != "" && o.vmagent != "" {
		all = append(all, nodeExporterAndVMAgent)
	}
	if o.telegraf != "" {
		all = append(all, telegraf)
	}
	if o.otelcol != "" {
		all = append(all, otelcol)
	}
	return all
}

// pharosAgent runs with the configuration that it is installed with.
func pharosAgent(o *agentOptions, at place) (agentProgram, error) {
	p := agentProgram{name: "pharos-agent", logs: true}
	if _, err := at.write("agent.yaml", string(configs.Agent)); err != nil {
		return p, err
	}
	args := []string{"run", "--config", at.dir}
	if at.file != "" {
		more := fmt.Sprintf(`
receivers: { files/bench: { include: [%q], start_at: beginning, directory: %q } }
service: { pipelines: { logs/bench: { receivers: [files/bench], processors: [memory_limiter], exporters: [delivery] } } }
`, at.file, filepath.Join(at.dir, "files"))
		if _, err := at.write("conf.d/bench.yaml", more); err != nil {
			return p, err
		}
		args = append(args, "--config", "yaml:{receivers: {host: {scrapers: {processes: {top: 20}}}}}")
	}
	env := []string{"PHAROS_URL=http://" + at.sink, "PHAROS_API_KEY=bench", "PHAROS_AGENT_STATE=" + filepath.Join(at.dir, "state")}
	p.processes = []agentProcess{{path: o.binary, args: args, env: env}}
	return p, nil
}

// nodeExporterAndVMAgent follow no logs.
func nodeExporterAndVMAgent(o *agentOptions, at place) (agentProgram, error) {
	p := agentProgram{name: "node_exporter + vmagent"}
	ports, err := freePorts(2)
	if err != nil {
		return p, err
	}
	scrape, err := at.write("scrape.yaml", fmt.Sprintf("global: { scrape_interval: 10s }\nscrape_configs: [{ job_name: node, static_configs: [{ targets: [%q] }] }]\n", ports[0]))
	if err != nil {
		return p, err
	}
	p.processes = []agentProcess{
		{path: o.nodeExporter, args: []string{"--web.listen-address=" + ports[0]}},
		{path: o.vmagent, args: []string{
			"-promscrape.config=" + scrape, "-remoteWrite.url=http://" + at.sink + "/api/v1/write",
			"-remoteWrite.tmpDataPath=" + filepath.Join(at.dir, "queue"), "-httpListenAddr=" + ports[1],
		}},
	}
	return p, nil
}

func telegraf(o *agentOptions, at place) (agentProgram, error) {
	p := agentProgram{name: "telegraf", logs: true}
	var text strings.Builder
	fmt.Fprintf(&text, "[agent]\ninterval = '10s'\nflush_interval = '10s'\n")
	if at.file != "" {
		fmt.Fprintf(&text, "metric_buffer_limit = 100000\nmetric_batch_size = 5000\nbuffer_strategy = 'disk'\nbuffer_directory = %q\n", filepath.Join(at.dir, "buffer"))
	}
	for _, input := range []string{"cpu", "mem", "disk", "diskio", "net", "netstat", "processes", "swap", "system", "kernel"} {
		fmt.Fprintf(&text, "[[inputs.%s]]\n", input)
	}
	fmt.Fprintf(&text, "[[outputs.http]]\nurl = 'http://%s/api/v1/write'\nnamedrop = ['line']\ndata_format = 'prometheusremotewrite'\n"+
		"[outputs.http.headers]\nContent-Type = 'application/x-protobuf'\nContent-Encoding = 'snappy'\n", at.sink)
	if at.file != "" {
		fmt.Fprintf(&text, "[[inputs.procstat]]\npattern = '.'\n")
		fmt.Fprintf(&text, "[[inputs.tail]]\nfiles = [%q]\ninitial_read_offset = 'beginning'\nname_override = 'line'\ndata_format = 'value'\ndata_type = 'string'\nmax_undelivered_lines = 50000\n", at.file)
		fmt.Fprintf(&text, "[[outputs.http]]\nurl = 'http://%s/lines'\nnamepass = ['line']\ndata_format = 'json'\ncontent_encoding = 'gzip'\nuse_batch_format = true\n", at.sink)
	}
	config, err := at.write("telegraf.conf", text.String())
	p.processes = []agentProcess{{path: o.telegraf, args: []string{"--config", config}}}
	return p, err
}

// otelcol is a Collector with hostmetrics and filelog, and a queue on disk for both.
func otelcol(o *agentOptions, at place) (agentProgram, error) {
	p := agentProgram{name: "otelcol", logs: true}
	processes, receivers, pipelines := "", "", ""
	if at.file != "" {
		processes = ", process: { mute_process_all_errors: true }"
		receivers = fmt.Sprintf("  filelog: { include: [%q], start_at: beginning, storage: file_storage }\n", at.file)
		pipelines = "    logs: { receivers: [filelog], processors: [memory_limiter], exporters: [otlphttp] }\n"
	}
	config, err := at.write("otelcol.yaml", fmt.Sprintf(`
extensions:
  file_storage: { directory: %q, create_directory: true }
receivers:
  hostmetrics:
    collection_interval: 10s
    initial_delay: 0s
    scrapers: { cpu: {}, load: {}, memory: {}, paging: {}, disk: {}, filesystem: {}, network: {}, processes: {}, system: {}%s }
%sprocessors:
  memory_limiter: { check_interval: 1s, limit_mib: 160, spike_limit_mib: 32 }
exporters:
  otlphttp:
    endpoint: http://%s
    sending_queue: { storage: file_storage }
    retry_on_failure: { max_elapsed_time: 0s }
service:
  telemetry: { metrics: { level: none } }
  extensions: [file_storage]
  pipelines:
    metrics: { receivers: [hostmetrics], processors: [memory_limiter], exporters: [otlphttp] }
%s`, filepath.Join(at.dir, "storage"), processes, receivers, at.sink, pipelines))
	p.processes = []agentProcess{{path: o.otelcol, args: []string{"--config", config}}}
	return p, err
}

// size is that of the binaries.
func (p *agentProgram) size() int64 {
	total := int64(0)
	for _, one := range p.processes {
		if info, err := os.Stat(one.path); err == nil {
			total += info.Size()
		}
	}
	return total
}
