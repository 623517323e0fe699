// Package tlsclient configures TLS towards servers: brokers, databases, and our own.
package tlsclient

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Config encrypts connections. Files of a certificate are read again for
// every connection, so that a renewed one is taken without a restart.
type Config struct {
	// Enabled turns TLS on.
	Enabled bool `mapstructure:"enabled"`
	// CAFile holds the certificates that sign the server's; empty means those of the system.
	CAFile string `mapstructure:"ca_file"`
	// CertFile and KeyFile are this client's certificate, where the server wants one.
	CertFile string `mapstructure:"cert_file"`
	// KeyFile is the private key of CertFile.
	KeyFile string `mapstructure:"key_file"`
	// ServerName is the name in the server's certificate, where it is not its host name.
	ServerName string `mapstructure:"server_name"`
	// InsecureSkipVerify takes any certificate. For tests only.
	InsecureSkipVerify bool `mapstructure:"insecure_skip_verify"`
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	if !c.Enabled {
		if *c != (Config{}) {
			return errcode.InvalidField("enabled", "is false while other settings of TLS are given", "set it to true, or remove them")
		}
		return nil
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errcode.InvalidField("cert_file", "and key_file go together", "give both or none")
	}
	for field, path := range map[string]string{"ca_file": c.CAFile, "cert_file": c.CertFile, "key_file": c.KeyFile} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return errcode.InvalidField(field, err.Error(), "name a file that can be read")
		}
	}
	return nil
}

// Load reads the files and returns the configuration for a connection; nil without TLS.
func (c *Config) Load() (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: c.ServerName,
		InsecureSkipVerify: c.InsecureSkipVerify, //nolint:gosec // the operator asked for it
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("tls::ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls::ca_file: there is no certificate in %s", c.CAFile)
		}
	}
	if c.CertFile != "" {
		load := func() (*tls.Certificate, error) {
			certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("tls::cert_file: %w", err)
			}
			return &certificate, nil
		}
		if _, err := load(); err != nil {
			return nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	return config, nil
}
