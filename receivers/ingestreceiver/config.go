package ingestreceiver

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of the receiver.
type Config struct {
	// Gateway is the extension that owns the listeners and checks credentials; routes are
	// registered with it at start.
	Gateway component.ID `mapstructure:"gateway"`

	// MaxBodyDecompressed limits a request's body after decompression, in bytes. A larger one is
	// answered with 413. The size over the wire is limited by the gateway.
	MaxBodyDecompressed int `mapstructure:"max_body_decompressed"`

	// prevent unkeyed literal initialization
	_ struct{}
}

const (
	minBodyLimit = 1 << 10
	maxBodyLimit = 1 << 30
)

func defaultConfig() *Config {
	return &Config{
		Gateway:             component.MustNewID("gateway"),
		MaxBodyDecompressed: 64 << 20,
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	if c.Gateway.Type().String() == "" {
		return errors.New("gateway: is empty; name the extension that owns the listeners, usually gateway")
	}
	if c.MaxBodyDecompressed < minBodyLimit || c.MaxBodyDecompressed > maxBodyLimit {
		return fmt.Errorf("max_body_decompressed: %d is out of range; choose a number of bytes between %d (1 KiB) and %d (1 GiB)",
			c.MaxBodyDecompressed, minBodyLimit, maxBodyLimit)
	}
	return nil
}

// References returns the extensions that the receiver needs, by setting.
func (c *Config) References() map[string]component.ID {
	return map[string]component.ID{"gateway": c.Gateway}
}
