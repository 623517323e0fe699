package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// Config is what users set.
type Config struct {
	Endpoint     string          `json:"endpoint" doc:"host:port, or the path of a unix socket."`
	Username     string          `json:"username" doc:"User of an ACL; it needs +info, and +ping."`
	Password     string          `json:"password" doc:"Password; better in a file." secret:"true"`
	PasswordFile string          `json:"password_file" doc:"File that holds the password."`
	TLS          TLSConfig       `json:"tls"`
	Commands     int             `json:"commands" doc:"How many commands are measured: those that took the most time. 0 means none."`
	Timeout      plugin.Duration `json:"timeout" doc:"How long the server may take to answer."`
}

// TLSConfig says whom to trust.
type TLSConfig struct {
	Enabled            bool   `json:"enabled" doc:"Whether the server speaks TLS."`
	CAFile             string `json:"ca_file" doc:"Certificates that sign the server's; empty means those of the system."`
	CertFile           string `json:"cert_file" doc:"This client's certificate, where the server wants one."`
	KeyFile            string `json:"key_file" doc:"The private key of cert_file."`
	InsecureSkipVerify bool   `json:"insecure_skip_verify" doc:"Take any certificate."`
}

func defaultConfig() *Config {
	return &Config{Endpoint: "127.0.0.1:6379", Commands: 20, Timeout: plugin.Duration(5 * time.Second)}
}

// Validate says what is wrong with the settings.
func (c *Config) Validate() error {
	var errs []error
	if !filepath.IsAbs(c.Endpoint) {
		if _, port, err := net.SplitHostPort(c.Endpoint); err != nil || port == "" {
			errs = append(errs, plugin.Field("endpoint", "is %q: use host:port, or the path of a unix socket", c.Endpoint))
		}
	}
	if c.Password != "" && c.PasswordFile != "" {
		errs = append(errs, plugin.Field("password", "is given, and so is password_file: use one of them"))
	}
	if _, err := c.password(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.TLS.config(); err != nil {
		errs = append(errs, err)
	}
	if c.Commands < 0 || c.Commands > 1000 {
		errs = append(errs, plugin.Field("commands", "is %d: use 0 to 1000", c.Commands))
	}
	if c.Timeout <= 0 {
		errs = append(errs, plugin.Field("timeout", "is %s: use some seconds", time.Duration(c.Timeout)))
	}
	return errors.Join(errs...)
}

func (c *Config) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	content, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", plugin.Field("password_file", "%v", err)
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

func (c *TLSConfig) config() (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.InsecureSkipVerify} //nolint:gosec // the user's choice
	if c.CAFile != "" {
		content, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, plugin.Field("tls.ca_file", "%v", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(content) {
			return nil, plugin.Field("tls.ca_file", "%s holds no certificate in PEM", c.CAFile)
		}
	}
	if c.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, plugin.Field("tls.cert_file", "%v", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// options returns how to connect.
func (c *Config) options() (*redis.Options, error) {
	secure, err := c.TLS.config()
	if err != nil {
		return nil, err
	}
	network := "tcp"
	if filepath.IsAbs(c.Endpoint) {
		network = "unix"
	}
	return &redis.Options{
		Network: network, Addr: c.Endpoint, TLSConfig: secure,
		CredentialsProvider: func() (string, string) { // a password that has changed is taken at the next connection
			password, err := c.password()
			if err != nil {
				return c.Username, ""
			}
			return c.Username, password
		},
		ClientName: "pharos-plugin-redis", DisableIdentity: true, Protocol: 2,
		DialTimeout: time.Duration(c.Timeout), ReadTimeout: time.Duration(c.Timeout), WriteTimeout: time.Duration(c.Timeout),
		PoolSize: 1, MaxRetries: -1, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}, nil
}
