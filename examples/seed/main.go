// Command seed fills a Pharos server with an hour of a small shop's metrics and logs: five
// services on four hosts, with an incident in it. It shows what a chart, a log search and an
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

Five services (web, search, cart, checkout, payments) run on four hosts. Between minute 35 and 45
the database of payments is slow: latency and errors rise in payments, checkout and web, and the
logs say why. A second run goes on where the last one ended, and doubles nothing.

Flags:
  --url URL         server (default $PHAROS_URL, else what bootstrap.json says)
  --api-key KEY     API key (default $PHAROS_API_KEY, else what bootstrap.json says)
  --data-dir DIR    where bootstrap.json is (default ./data)
  --seed N          another seed makes other data (default 1)
  --duration D      how much to fill, up to now; at most 23h (default 1h)
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
	follow   bool
}

// maxDuration stays inside the 24 hours that a server takes by default.
const maxDuration = 23 * time.Hour

func parse(args []string, getenv func(string) string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("seed", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.url, "url", getenv("PHAROS_URL"), "")
	flags.StringVar(&o.key, "api-key", getenv("PHAROS_API_KEY"), "")
	flags.StringVar(&o.dataDir, "data-dir", "./data", "")
	flags.Uint64Var(&o.seed, "seed", 1, "")
	flags.DurationVar(&o.duration, "duration", time.Hour, "")
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
	s := &seeder{client: newClient(o.url, o.key), seed: o.seed, out: out, now: time.Now}
	if err := s.fill(ctx, o.duration); err != nil {
		return err
	}
	if o.follow {
		return s.follow(ctx)
	}
	return nil
}
