package gatewayextension

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/pharos-obs/pharos/backend/forward"
	"github.com/pharos-obs/pharos/backend/frontdoor"
)

// check names what is wrong with the settings of the backend.
func (b *BackendConfig) check() []error {
	var errs []error
	backends, err := b.backends()
	if err != nil {
		errs = append(errs, err)
	}
	if b.Timeout <= 0 {
		errs = append(errs, errors.New("backend::timeout must be more than 0, for example 60s"))
	}
	if (b.TLS.CertFile == "") != (b.TLS.KeyFile == "") {
		errs = append(errs, errors.New("backend::tls: cert_file and key_file go together: set both or none"))
	}
	encrypted := false
	for _, backend := range backends {
		encrypted = encrypted || backend.Scheme == "https"
	}
	if b.TLS != (BackendTLSConfig{}) && err == nil && !encrypted {
		errs = append(errs, errors.New("backend::tls is set, but no backend is spoken to by TLS: use https:// in backend::url, or remove it"))
	}
	return errs
}

// backends reads the URLs.
func (b *BackendConfig) backends() ([]*url.URL, error) {
	var backends []*url.URL
	seen := map[string]bool{}
	for _, text := range b.URL {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		backend, err := url.Parse(text)
		switch {
		case err != nil:
			return nil, errors.New("backend::url cannot be read: use https://host:port") // the text may hold a password
		case backend.Scheme != "http" && backend.Scheme != "https", backend.Host == "":
			return nil, fmt.Errorf("backend::url %q names no server: use https://host:port", backend.Redacted())
		case backend.User != nil || strings.Trim(backend.Path, "/") != "" || backend.RawQuery != "" || backend.Fragment != "":
			return nil, fmt.Errorf("backend::url %q has more than scheme, host and port: use %s://%s", backend.Redacted(), backend.Scheme, backend.Host)
		case seen[backend.Host]:
			return nil, fmt.Errorf("backend::url names %s twice: name each backend once", backend.Host)
		}
		seen[backend.Host] = true
		backends = append(backends, &url.URL{Scheme: backend.Scheme, Host: backend.Host, Path: "/"})
	}
	return backends, nil
}

// proxies reads the networks of trusted proxies.
func (c *Config) proxies() (frontdoor.Proxies, error) {
	var proxies frontdoor.Proxies
	for _, text := range c.TrustedProxies {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if address, err := netip.ParseAddr(text); err == nil {
			address = address.Unmap()
			proxies = append(proxies, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil || network != network.Masked() {
			return nil, fmt.Errorf("trusted_proxies: %q is no address and no network: use 10.1.2.3 or 10.1.2.0/24", text)
		}
		proxies = append(proxies, network)
	}
	return proxies, nil
}

// newForwarder returns what hands requests on to the backends; nil without any.
func (g *gateway) newForwarder() (*forward.Forwarder, error) {
	backends, err := g.cfg.Backend.backends()
	if err != nil || len(backends) == 0 {
		return nil, err
	}
	config, err := g.cfg.Backend.TLS.client()
	if err != nil {
		return nil, err
	}
	return forward.New(forward.Config{Backends: backends, TLS: config, Timeout: g.cfg.Backend.Timeout},
		g.set.MeterProvider.Meter(scopeName), g.set.Logger)
}

// client is how to speak TLS to backends. The certificate of this gateway is read anew for each
// connection, so that it can be renewed.
func (t *BackendTLSConfig) client() (*tls.Config, error) {
	config := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		text, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("backend::tls::ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("backend::tls::ca_file: %s holds no certificate: give PEM", t.CAFile)
		}
	}
	if t.CertFile != "" {
		read := func() (*tls.Certificate, error) {
			certificate, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("backend::tls: read certificate %s and key %s: %w", t.CertFile, t.KeyFile, err)
			}
			return &certificate, nil
		}
		if _, err := read(); err != nil {
			return nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return read() }
	}
	return config, nil
}
