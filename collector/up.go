package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/pharos-obs/pharos/internal/errcode"
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
	if err := checkDataDir(o.dataDir); err != nil {
		return err
	}
	overlay, err := o.overlay()
	if err != nil {
		return err
	}
	server := newServer(append([]string{"role:all-in-one", overlay}, o.configs...))
	err = server.Run(cmd.Context(), func(ctx context.Context, cfg *otelcol.Config) {
		ready := time.Since(begun)
		o.announce(ctx, cmd.OutOrStdout(), cfg, terminal)
		fmt.Fprintf(cmd.OutOrStdout(), "Ready %.1f s", ready.Seconds())
		if waitForSample(ctx, server.process) {
			fmt.Fprintf(cmd.OutOrStdout(), ", first host sample %.1f s", time.Since(begun).Seconds())
		}
		fmt.Fprintln(cmd.OutOrStdout(), ".")
	})
	return o.nameFlag(err)
}

// nameFlag adds to the error of an address in use which flag chooses another.
func (o *upOptions) nameFlag(err error) error {
	var coded *errcode.Error
	if !errors.As(err, &coded) || coded.Code != errcode.Conflict {
		return err
	}
	flags := map[string]string{o.http: "--http", o.otlpGRPC: "--otlp-grpc", o.otlpHTTP: "--otlp-http", o.ops: "--ops"}
	if flag, ok := flags[coded.Field]; ok {
		return fmt.Errorf("%w; choose another address with %s", err, flag)
	}
	return err
}

// overlay turns the flags into a configuration over the built-in one. The folder goes by the
// environment, because several settings are made of it.
func (o *upOptions) overlay() (string, error) {
	if err := os.Setenv("PHAROS_DATA_DIR", escapeDollars(o.dataDir)); err != nil {
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
