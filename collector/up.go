package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

// upOptions are the flags of `pharos up`.
type upOptions struct {
	dataDir, http, otlpGRPC, otlpHTTP, ops string
	public                                 string
	insecure                               bool
	logLevel, logFormat                    string
	configs                                []string
}

func upCommand() *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything on this machine, on local stores",
		Long: `Run everything on this machine, on local stores.

The first start creates the data folder, an organisation, an admin and an API key, and writes
them to bootstrap.json in that folder.`,
		Example: `  pharos up
  pharos up --data-dir /var/lib/pharos --public pharos.example.org`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.dataDir, "data-dir", "./data", "folder for everything that is stored")
	flags.StringVar(&o.http, "http", "127.0.0.1:8080", "address of the dashboard, the API and ingest")
	flags.StringVar(&o.otlpGRPC, "otlp-grpc", "127.0.0.1:4317", "address of OTLP/gRPC")
	flags.StringVar(&o.otlpHTTP, "otlp-http", "127.0.0.1:4318", "address of OTLP/HTTP")
	flags.StringVar(&o.ops, "ops", "127.0.0.1:8081", "address of probes and metrics")
	flags.StringVar(&o.public, "public", "", "host name or IP under which other machines reach this one: listen for them, with TLS")
	flags.BoolVar(&o.insecure, "insecure", false, "allow plaintext on addresses that other machines can reach")
	flags.StringVar(&o.logLevel, "log-level", "", "debug, info, warn or error (default: info; warn on a terminal)")
	flags.StringVar(&o.logFormat, "log-format", "console", "console or json")
	flags.StringArrayVarP(&o.configs, "config", "c", nil, "configuration that overlays the built-in one; repeat to overlay further")
	return cmd
}

func (o *upOptions) run(cmd *cobra.Command) error {
	begun := time.Now()
	terminal := isTerminal(os.Stdout)
	if o.logLevel == "" {
		o.logLevel = "info"
		if terminal {
			o.logLevel = "warn"
		}
	}
	overlay, err := o.overlay()
	if err != nil {
		return err
	}
	server := newServer(append([]string{"role:all-in-one", overlay}, o.configs...))
	return server.run(cmd.Context(), func(ctx context.Context) {
		o.announce(ctx, cmd.OutOrStdout(), terminal, begun)
	})
}

// overlay turns the flags into a configuration over the built-in one. The folder goes by the
// environment, because several settings are made of it.
func (o *upOptions) overlay() (string, error) {
	if err := os.Setenv("PHAROS_DATA_DIR", o.dataDir); err != nil {
		return "", fmt.Errorf("set PHAROS_DATA_DIR: %w", err)
	}
	gateway := map[string]any{"insecure": o.insecure}
	if o.public != "" {
		if !o.insecure {
			files, err := ensureCertificate(filepath.Join(o.dataDir, "tls"), o.public)
			if err != nil {
				return "", err
			}
			gateway["tls"] = map[string]any{"cert_file": files.cert, "key_file": files.key}
		}
		o.http, o.otlpGRPC, o.otlpHTTP = everywhere(o.http), everywhere(o.otlpGRPC), everywhere(o.otlpHTTP)
	}
	gateway["http"] = endpoint(o.http)
	gateway["otlp_grpc"] = endpoint(o.otlpGRPC)
	gateway["otlp_http"] = endpoint(o.otlpHTTP)
	return yamlURI(map[string]any{
		"extensions": map[string]any{
			"gateway": gateway,
			"backend": map[string]any{"public_url": o.url()},
		},
		"service": map[string]any{"telemetry": map[string]any{
			"logs":       map[string]any{"level": o.logLevel, "format": o.logFormat},
			"operations": endpoint(o.ops),
		}},
	})
}

func endpoint(addr string) map[string]any { return map[string]any{"endpoint": addr} }

// everywhere makes a loopback address one that other machines can reach; another address was
// chosen by the user and stays.
func everywhere(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr // the gateway's own check names the setting
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return net.JoinHostPort("", port)
	}
	return addr
}

// url is where people and agents find this server.
func (o *upOptions) url() string {
	scheme, host := "http", ""
	_, port, err := net.SplitHostPort(o.http)
	if err != nil {
		return ""
	}
	if o.public != "" {
		host = o.public
		if !o.insecure {
			scheme = "https"
		}
	} else if host, _, err = net.SplitHostPort(o.http); err != nil || host == "" {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// announce tells people where everything is.
func (o *upOptions) announce(ctx context.Context, out io.Writer, terminal bool, begun time.Time) {
	where := "this machine only"
	if o.public != "" {
		where = "listening for other machines as " + o.public
	}
	login := o.url() + "/"
	if terminal {
		if link, err := loginLink(ctx, o.dataDir, o.url()); err == nil {
			login = link + "   (10 min)"
		}
	}
	fmt.Fprintf(out, `Pharos %s, all-in-one, %s
Data       %s  (metrics 30 d / 10 GB, logs 7 d / 10 GB)
Dashboard  %s
Login      admin@localhost; password and API key in %s
Send       OTLP %s (gRPC), %s or %s (HTTP), JSON and remote write %s
`, version, where, o.dataDir, login, filepath.Join(o.dataDir, "bootstrap.json"), o.otlpGRPC, o.otlpHTTP, o.http, o.http)
	if o.public == "" {
		fmt.Fprintln(out, "More hosts restart with --public NAME")
	} else {
		o.announceAgents(out)
	}
	fmt.Fprintf(out, "Ready %.1f s.\n", time.Since(begun).Seconds())
}
