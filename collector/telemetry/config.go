package telemetry

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
)

// Config is the `service::telemetry` section.
type Config struct {
	// Logs configures the program's own log.
	Logs LogsConfig `mapstructure:"logs"`
	// Traces configures the program's own traces.
	Traces TracesConfig `mapstructure:"traces"`
	// Operations configures the listener for probes and metrics.
	Operations OperationsConfig `mapstructure:"operations"`
	// Resource adds attributes to what the program says of itself, for example the role.
	Resource map[string]string `mapstructure:"resource"`
}

// LogsConfig configures the program's own log.
type LogsConfig struct {
	// Level is the least severe level that is written: debug, info, warn or error.
	Level string `mapstructure:"level"`
	// Format of what goes to standard error: console or json.
	Format string `mapstructure:"format"`
	// File takes a second copy, always as JSON, in files of 10 MB of which three are kept.
	// Empty means none.
	File string `mapstructure:"file"`
}

// TracesConfig configures the program's own traces.
type TracesConfig struct {
	// Endpoint takes the traces by OTLP/gRPC, as host:port. Empty means no traces.
	Endpoint string `mapstructure:"endpoint"`
	// Insecure sends them without TLS.
	Insecure bool `mapstructure:"insecure"`
	// SampleRatio is the share of traces kept, from 0 to 1.
	SampleRatio float64 `mapstructure:"sample_ratio"`
}

// OperationsConfig configures the listener for probes and metrics.
type OperationsConfig struct {
	// Endpoint serves /livez, /readyz and /metrics. Empty means no listener.
	Endpoint string `mapstructure:"endpoint"`
}

func defaultConfig() *Config {
	return &Config{
		Logs:       LogsConfig{Level: "info", Format: "console"},
		Traces:     TracesConfig{SampleRatio: 1},
		Operations: OperationsConfig{Endpoint: "127.0.0.1:8081"},
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Logs.Level) {
		errs = append(errs, fmt.Errorf("logs::level is %q: use debug, info, warn or error", c.Logs.Level))
	}
	if !slices.Contains([]string{"console", "json"}, c.Logs.Format) {
		errs = append(errs, fmt.Errorf("logs::format is %q: use console or json", c.Logs.Format))
	}
	if c.Traces.SampleRatio < 0 || c.Traces.SampleRatio > 1 {
		errs = append(errs, fmt.Errorf("traces::sample_ratio is %v: use a number from 0 to 1", c.Traces.SampleRatio))
	}
	for name, addr := range map[string]string{"operations::endpoint": c.Operations.Endpoint, "traces::endpoint": c.Traces.Endpoint} {
		if addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(addr)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16) // http://host has a colon too
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s is %q: use host:port", name, addr))
		}
	}
	return errors.Join(errs...)
}
