// Command seed fills a Pharos server with an hour of a small shop's metrics and logs: five
// services on a fleet of hosts, with an incident in it. It shows what a chart, a log search and an
// alert look like before one's own data is there, and how to send OTLP from Go without an SDK.
//
// Everything it sends is a function of its seed and the time since the first run; so a second
// run goes on where the first ended, and nothing is doubled.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

const usage = `Fills a Pharos server with an hour of a small shop's metrics and logs.

Usage:
  scripts/seed-data.sh [flags]

Five services (web, search, cart, checkout, payments) run on four hosts of a fleet. Between minute
35 and 45 the database of payments is slow: latency and errors rise in payments, checkout and web,
its host waits for its disk, and the logs say why. The last of five or more hosts is taken away in
minute 40 of each hour. A second run goes on where the last one ended, and doubles nothing.

Flags:
  --url URL         server (default $PHAROS_URL, else what bootstrap.json says)
  --api-key KEY     API key (default $PHAROS_API_KEY, else what bootstrap.json says)
  --data-dir DIR    where bootstrap.json is (default ./data)
  --seed N          another seed makes other data (default 1)
  --duration D      how much to fill, up to now; at most 23h (default 1h)
  --hosts N         how many hosts report, 1 to 2000 (default 8)
  --environment E   deployment.environment.name (default production); another one is a shop of its
                    own, whose hosts are named after it
  --follow          go on sending, every 15 seconds, until interrupted

Examples:
  scripts/seed-data.sh
  PHAROS_URL=https://pharos.example.org PHAROS_API_KEY=... scripts/seed-data.sh --duration 6h
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// options are the command line and the environment.
type options struct {
	url, key string
	dataDir  string
	seed     uint64
	duration time.Duration
	hosts    int
	env      string
	follow   bool
}

const (
	// maxDuration stays inside the 24 hours that a server takes by default.
	maxDuration  = 23 * time.Hour
	defaultHosts = 8
	// defaultEnvironment is where the shop runs unless it is told otherwise.
	defaultEnvironment = "production"
	maxHosts           = 2000
)

func parse(args []string, getenv func(string) string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("seed", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.url, "url", getenv("PHAROS_URL"), "")
	flags.StringVar(&o.key, "api-key", getenv("PHAROS_API_KEY"), "")
	flags.StringVar(&o.dataDir, "data-dir", "./data", "")
	flags.Uint64Var(&o.seed, "seed", 1, "")
	flags.DurationVar(&o.duration, "duration", time.Hour, "")
	flags.IntVar(&o.hosts, "hosts", defaultHosts, "")
	flags.StringVar(&o.env, "environment", defaultEnvironment, "")
	flags.BoolVar(&o.follow, "follow", false, "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprint(out, usage)
		}
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is not a flag (see --help)", flags.Arg(0))
	}
	if o.duration < step || o.duration > maxDuration {
		return o, fmt.Errorf("--duration %s is out of range: use %s to %s", o.duration, step, maxDuration)
	}
	if o.hosts < 1 || o.hosts > maxHosts {
		return o, fmt.Errorf("--hosts %d is out of range: use 1 to %d", o.hosts, maxHosts)
	}
	if o.url != "" && o.key != "" {
		return o, nil
	}
	file, err := readBootstrap(filepath.Join(o.dataDir, "bootstrap.json"))
	if err != nil {
		return o, fmt.Errorf("%w (start the server with `pharos up`, or set PHAROS_URL and PHAROS_API_KEY)", err)
	}
	if o.url == "" {
		o.url = file.URL
	}
	if o.key == "" {
		o.key = file.APIKey
	}
	return o, nil
}

func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	o, err := parse(args, getenv, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	s := &seeder{client: newClient(o.url, o.key), seed: o.seed, hosts: o.hosts, env: o.env, out: out, now: time.Now}
	if err := s.fill(ctx, o.duration); err != nil {
		return err
	}
	if o.follow {
		return s.follow(ctx)
	}
	return nil
}
