package telemetry

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/pharos-obs/pharos/internal/ownlog"
)

// Config is the `service::telemetry` section.
type Config struct {
	// Logs configures the program's own log.
	Logs ownlog.Config `mapstructure:"logs"`
	// Traces configures the program's own traces.
	Traces TracesConfig `mapstructure:"traces"`
	// Operations configures the listener for probes and metrics.
	Operations OperationsConfig `mapstructure:"operations"`
	// Resource adds attributes to what the program says of itself, for example the role.
	Resource map[string]string `mapstructure:"resource"`
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
		Logs:       ownlog.Config{Level: "info", Format: "console"},
		Traces:     TracesConfig{SampleRatio: 1},
		Operations: OperationsConfig{Endpoint: "127.0.0.1:8081"},
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
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
