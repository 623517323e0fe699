package syslogreceiver

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// wrap makes the connections TLS, when that is wanted. The certificate is read again for every
// connection, so that it can be renewed.
func (c *TLSConfig) wrap(plain net.Listener) (net.Listener, error) {
	if *c == (TLSConfig{}) {
		return plain, nil
	}
	if _, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile); err != nil {
		return nil, fmt.Errorf("cert_file and key_file: %w", err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
			return &pair, err
		},
	}
	if c.ClientCAFile != "" {
		content, err := os.ReadFile(c.ClientCAFile)
		if err != nil {
			return nil, fmt.Errorf("client_ca_file: %w", err)
		}
		config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !config.ClientCAs.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("client_ca_file: %s holds no certificate", c.ClientCAFile)
		}
	}
	return tls.NewListener(plain, config), nil
}
