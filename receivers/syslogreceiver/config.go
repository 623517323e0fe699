package syslogreceiver

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/alecthomas/units"
	"go.opentelemetry.io/collector/component"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/logparse"
)

// Config configures the receiver. At least one of UDP, TCP and Unix is given.
type Config struct {
	// UDP is the address to take datagrams at: 127.0.0.1:514.
	UDP string `mapstructure:"udp"`
	// TCP is the address to take connections at; octet counting and lines are told apart.
	TCP string `mapstructure:"tcp"`
	// TLS makes the connections TLS.
	TLS TLSConfig `mapstructure:"tls"`
	// Unix is the path of a datagram socket, as /dev/log is one.
	Unix string `mapstructure:"unix"`
	// Service is the service.name of the messages; empty means the program that they name.
	Service string `mapstructure:"service"`
	// HostName replaces the host's own name, as in the host receiver.
	HostName string `mapstructure:"host_name"`
	// Timezone is where times without a zone were written: a name, or empty for this host's.
	Timezone string `mapstructure:"timezone"`
	// MaxMessageBytes bounds a message; the rest of a longer one is left out, and counted.
	MaxMessageBytes units.Base2Bytes `mapstructure:"max_message_bytes"`
	// MaxConnections bounds the connections at a time.
	MaxConnections int `mapstructure:"max_connections"`
	// IdleTimeout ends connections that send nothing.
	IdleTimeout time.Duration `mapstructure:"idle_timeout"`
}

// TLSConfig makes the connections TLS.
type TLSConfig struct {
	// CertFile is the certificate of this host.
	CertFile string `mapstructure:"cert_file"`
	// KeyFile is its private key.
	KeyFile string `mapstructure:"key_file"`
	// ClientCAFile holds the certificates that sign those of senders, which must have one then.
	ClientCAFile string `mapstructure:"client_ca_file"`
}

func defaultConfig() *Config {
	return &Config{MaxMessageBytes: 64 * units.KiB, MaxConnections: 256, IdleTimeout: time.Hour}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	parsing := c.parsing()
	errs := []error{parsing.Validate()}
	if c.UDP == "" && c.TCP == "" && c.Unix == "" {
		errs = append(errs, errcode.InvalidField("udp", "is empty, as are tcp and unix", "name an address to listen at, for example 127.0.0.1:5514"))
	}
	for name, address := range map[string]string{"udp": c.UDP, "tcp": c.TCP} {
		if address == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			errs = append(errs, errcode.InvalidField(name, fmt.Sprintf("is %q", address), "use host:port, for example 127.0.0.1:5514"))
		}
	}
	if c.Unix != "" && !filepath.IsAbs(c.Unix) {
		errs = append(errs, errcode.InvalidField("unix", fmt.Sprintf("is %q", c.Unix), "use an absolute path"))
	}
	switch {
	case c.TLS == TLSConfig{}:
	case c.TCP == "":
		errs = append(errs, errcode.InvalidField("tls", "is given without tcp", "name the address in tcp"))
	case c.TLS.CertFile == "" || c.TLS.KeyFile == "":
		errs = append(errs, errcode.InvalidField("tls", "has no cert_file or no key_file", "name both"))
	}
	if c.MaxMessageBytes < 480 || c.MaxMessageBytes > units.MiB {
		errs = append(errs, errcode.InvalidField("max_message_bytes", fmt.Sprintf("is %s", c.MaxMessageBytes), "use from 480 bytes to 1MiB"))
	}
	if c.MaxConnections < 1 {
		errs = append(errs, errcode.InvalidField("max_connections", fmt.Sprintf("is %d", c.MaxConnections), "use at least 1"))
	}
	if c.IdleTimeout < time.Second {
		errs = append(errs, errcode.InvalidField("idle_timeout", fmt.Sprintf("is %s", c.IdleTimeout), "use at least 1s"))
	}
	return errors.Join(errs...)
}

func (c *Config) parsing() logparse.Config {
	return logparse.Config{Format: logparse.Syslog, Timezone: c.Timezone}
}

var _ component.Config = (*Config)(nil)
