// Command bench measures the real binary: it starts `pharos up` on free ports and a temporary
// data folder, loads it over the network, and prints what it took, how fast and at what cost.
//
// The generator is a process of its own on the same machine. What counts is the server's CPU
// time, read from /proc, so that a generator that takes a core does not spoil the result; wall
// times do suffer. Bodies are encoded once and only patched (times, values, trace ids) for each
// request.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

const usage = `Measures a Pharos binary under load.

Usage:
  go run ./bench [flags]

Flags:
  --binary PATH     the server (default bin/pharos)
  --duration D      of each load (default 15s)
  --senders N       concurrent clients (default 4)
  --scenarios LIST  of start,otlp-metrics,remote-write,otlp-logs,queries (default all)
  --json FILE       also write the results as JSON
  --log FILE        where the server's log goes (default: nowhere)
  --distributed     measure gateway, writer and backend on real servers instead, which
                    test/servers/install.sh has fetched
  --agent           measure bin/pharos-agent instead, beside the peers whose binaries are given;
                    --duration is 8m then, and --scenarios host or logs
  --agent-binary PATH, --node-exporter PATH with --vmagent PATH, --telegraf PATH, --otelcol PATH
  --peer CMD        measure another program instead: the command that starts it, with
                    {dir} and {port} in place of its data folder and its port
  --peer-metrics P  its path for OTLP metrics, --peer-logs P for OTLP logs,
  --peer-write P    for remote write

Example:
  go run ./bench --scenarios otlp-metrics --duration 30s
`

// options are the command line.
type options struct {
	binary    string
	duration  time.Duration
	senders   int
	scenarios string
	jsonFile  string
	logFile   string
	// distributed measures the three roles.
	distributed bool
	peer        peer
	// agent measures agents.
	agent  bool
	agents agentOptions
}

// peer is another program to measure with the same load.
type peer struct {
	command                     string
	metrics, logs, write, ready string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.binary, "binary", "bin/pharos", "")
	flags.DurationVar(&o.duration, "duration", 15*time.Second, "")
	flags.IntVar(&o.senders, "senders", 4, "")
	flags.StringVar(&o.scenarios, "scenarios", "", "")
	flags.StringVar(&o.jsonFile, "json", "", "")
	flags.StringVar(&o.logFile, "log", os.DevNull, "")
	flags.BoolVar(&o.distributed, "distributed", false, "")
	flags.BoolVar(&o.agent, "agent", false, "")
	flags.StringVar(&o.agents.binary, "agent-binary", "bin/pharos-agent", "")
	flags.StringVar(&o.agents.nodeExporter, "node-exporter", "", "")
	flags.StringVar(&o.agents.vmagent, "vmagent", "", "")
	flags.StringVar(&o.agents.telegraf, "telegraf", "", "")
	flags.StringVar(&o.agents.otelcol, "otelcol", "", "")
	flags.StringVar(&o.peer.command, "peer", "", "")
	flags.StringVar(&o.peer.metrics, "peer-metrics", "", "")
	flags.StringVar(&o.peer.logs, "peer-logs", "", "")
	flags.StringVar(&o.peer.write, "peer-write", "", "")
	flags.StringVar(&o.peer.ready, "peer-ready", "/health", "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprint(out, usage)
		}
		return o, err
	}
	if o.agent && !given(flags, "duration") {
		o.duration = 8 * time.Minute
	}
	if o.duration < time.Second {
		return o, fmt.Errorf("--duration %s is too short: use at least 1s", o.duration)
	}
	if o.senders < 1 {
		return o, fmt.Errorf("--senders %d: use at least 1", o.senders)
	}
	return o, nil
}

// given says whether a flag is on the command line.
func given(flags *flag.FlagSet, name string) bool {
	found := false
	flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.distributed {
		return runDistributed(ctx, &o, out, progress)
	}
	if o.agent {
		return runAgents(ctx, &o, out, progress)
	}
	chosen, err := choose(o.scenarios)
	if err != nil {
		return err
	}
	r := report{Machine: describeMachine(), Command: commandLine(args)}
	for _, s := range chosen {
		_, _ = fmt.Fprintf(progress, "%s ...\n", s.name)
		result, err := s.run(ctx, &o)
		if err != nil {
			return fmt.Errorf("scenario %s: %w", s.name, err)
		}
		result.Name, result.What = s.name, s.what
		r.Results = append(r.Results, result)
	}
	if _, err := fmt.Fprint(out, r.markdown()); err != nil {
		return fmt.Errorf("print the results: %w", err)
	}
	if o.jsonFile == "" {
		return nil
	}
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	if err := os.WriteFile(o.jsonFile, append(encoded, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

// commandLine returns how the program was called, so that it can be called again.
func commandLine(args []string) string {
	words := []string{"go run ./bench"}
	for _, arg := range args {
		if strings.ContainsAny(arg, " {}") {
			arg = "'" + arg + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// scenario is one load on a server of its own.
type scenario struct {
	name string
	what string
	run  func(ctx context.Context, o *options) (result, error)
}

func scenarios() []scenario {
	return []scenario{
		{"start", "plain `pharos up` on an empty folder, then nothing but this host", runStart},
		{"otlp-metrics", "OTLP/HTTP protobuf, 100 hosts x 100 metrics, 1,000 samples a request, 15 s apart", runOTLPMetrics},
		{"remote-write", "remote write 1, the same series, 1,000 samples a request", runRemoteWrite},
		{"otlp-logs", "OTLP/HTTP protobuf, 1,000 lines of about 256 bytes a request, random trace ids", runOTLPLogs},
		{"queries", "1,000 series over 23 h at 15 s, and the log lines of a short load", runQueries},
	}
}

func choose(list string) ([]scenario, error) {
	all := scenarios()
	if list == "" {
		return all, nil
	}
	var chosen []scenario
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q (see --help)", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
