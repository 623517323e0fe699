package gatewayextension

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/alecthomas/units"
	"go.opentelemetry.io/collector/component"
)

// Config configures the front door.
type Config struct {
	// Auth is the extension that checks credentials.
	Auth component.ID `mapstructure:"auth"`
	// HTTP serves the dashboard, the API, ingest and OTLP/HTTP.
	HTTP ListenerConfig `mapstructure:"http"`
	// OTLPGRPC serves OTLP/gRPC. An empty endpoint means no listener.
	OTLPGRPC ListenerConfig `mapstructure:"otlp_grpc"`
	// OTLPHTTP serves OTLP/HTTP on its usual port. An empty endpoint means no listener.
	OTLPHTTP ListenerConfig `mapstructure:"otlp_http"`
	// TLS encrypts all three. Without it they may listen on loopback addresses only.
	TLS TLSConfig `mapstructure:"tls"`
	// Insecure allows plaintext on other addresses, for a network that encrypts by itself.
	Insecure bool `mapstructure:"insecure"`
	// Backend takes what no part of this server serves: queries, login, the dashboard, live data.
	Backend BackendConfig `mapstructure:"backend"`
	// TrustedProxies are the addresses or networks of reverse proxies before this server, which
	// are believed when they say for whom they forward (X-Forwarded-For, -Proto and -Host). They
	// must set all three themselves. Gateways are such proxies to their backends.
	TrustedProxies []string `mapstructure:"trusted_proxies"`
	// Limits bound what one caller may do.
	Limits LimitsConfig `mapstructure:"limits"`
	// ShutdownTimeout is how long requests in flight may take to end at shutdown.
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`
}

// ListenerConfig is one address to listen on.
type ListenerConfig struct {
	// Endpoint is host:port.
	Endpoint string `mapstructure:"endpoint"`
}

// TLSConfig names the server's certificate.
type TLSConfig struct {
	// CertFile holds the certificate chain as PEM.
	CertFile string `mapstructure:"cert_file"`
	// KeyFile holds its private key as PEM.
	KeyFile string `mapstructure:"key_file"`
}

// BackendConfig says where requests go that are not served here.
type BackendConfig struct {
	// URL names one backend or several, as https://host:port; several get requests in turn.
	// Empty means that nothing is forwarded.
	URL []string `mapstructure:"url"`
	// TLS is how to speak to backends with https.
	TLS BackendTLSConfig `mapstructure:"tls"`
	// Timeout is how long the answer to a request may take to begin.
	Timeout time.Duration `mapstructure:"timeout"`
}

// BackendTLSConfig is how to speak TLS to backends.
type BackendTLSConfig struct {
	// CAFile holds the certificates that sign the backends'; empty means those of the system.
	CAFile string `mapstructure:"ca_file"`
	// CertFile is this gateway's certificate, where backends want one.
	CertFile string `mapstructure:"cert_file"`
	// KeyFile is the private key of CertFile.
	KeyFile string `mapstructure:"key_file"`
	// ServerName is the name in the backends' certificates, where it is not their host name.
	ServerName string `mapstructure:"server_name"`
}

// LimitsConfig bounds what one caller may do.
type LimitsConfig struct {
	// MaxBody is the largest request body on the wire, for example 32MiB.
	MaxBody units.Base2Bytes `mapstructure:"max_body"`
	// BodyTimeout is how long a body may take to arrive.
	BodyTimeout time.Duration `mapstructure:"body_timeout"`
	// RequestsPerSecond is how many requests one credential may make; 0 means any number.
	RequestsPerSecond float64 `mapstructure:"requests_per_second"`
	// Burst is how many of them it may make at once.
	Burst int `mapstructure:"burst"`
	// AnonymousPerSecond is how many requests one address may make without a valid credential.
	AnonymousPerSecond float64 `mapstructure:"anonymous_per_second"`
	// AnonymousBurst is how many of them it may make at once.
	AnonymousBurst int `mapstructure:"anonymous_burst"`
	// Shared is the extension in which servers count requests together, for example redis. Without
	// it, or while it is away, each counts by itself.
	Shared component.ID `mapstructure:"shared"`
}

func defaultConfig() *Config {
	return &Config{
		Auth:     component.MustNewID("auth"),
		HTTP:     ListenerConfig{Endpoint: "127.0.0.1:8080"},
		OTLPGRPC: ListenerConfig{Endpoint: "127.0.0.1:4317"},
		OTLPHTTP: ListenerConfig{Endpoint: "127.0.0.1:4318"},
		Backend:  BackendConfig{Timeout: time.Minute},
		Limits: LimitsConfig{
			MaxBody: 32 << 20, BodyTimeout: 30 * time.Second,
			RequestsPerSecond: 2000, Burst: 4000,
			AnonymousPerSecond: 20, AnonymousBurst: 200,
		},
		ShutdownTimeout: 20 * time.Second,
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.Auth == (component.ID{}) {
		errs = append(errs, errors.New("auth is empty: name an extension, for example auth"))
	}
	if c.HTTP.Endpoint == "" {
		errs = append(errs, errors.New("http::endpoint is empty: set host:port"))
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		errs = append(errs, errors.New("tls: cert_file and key_file go together: set both or none"))
	}
	errs = append(errs, c.checkEndpoints()...)
	errs = append(errs, c.Backend.check()...)
	if _, err := c.proxies(); err != nil {
		errs = append(errs, err)
	}
	if c.ShutdownTimeout <= 0 {
		errs = append(errs, errors.New("shutdown_timeout must be more than 0, for example 20s"))
	}
	return errors.Join(append(errs, c.Limits.check()...)...)
}

func (c *Config) checkEndpoints() []error {
	var errs []error
	endpoints := c.endpoints()
	names := slices.Sorted(maps.Keys(endpoints))
	for i, name := range names {
		endpoint := endpoints[name]
		host, port, err := net.SplitHostPort(endpoint)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s::endpoint is %q: use host:port", name, endpoint))
			continue
		}
		if !c.encrypted() && !c.Insecure && !isLoopback(host) {
			errs = append(errs, fmt.Errorf("%s::endpoint %q can be reached from other machines without encryption: "+
				"set tls::cert_file and tls::key_file, listen on 127.0.0.1, or set insecure: true", name, endpoint))
		}
		for _, other := range names[i+1:] {
			if endpoint == endpoints[other] && port != "0" {
				errs = append(errs, fmt.Errorf("%s::endpoint and %s::endpoint are both %s: give each a port", name, other, endpoint))
			}
		}
	}
	return errs
}

func (l *LimitsConfig) check() []error {
	var errs []error
	if l.MaxBody <= 0 {
		errs = append(errs, errors.New("limits::max_body must be more than 0, for example 32MiB"))
	}
	if l.BodyTimeout <= 0 {
		errs = append(errs, errors.New("limits::body_timeout must be more than 0, for example 30s"))
	}
	for name, perSecond := range map[string]float64{"requests_per_second": l.RequestsPerSecond, "anonymous_per_second": l.AnonymousPerSecond} {
		if perSecond < 0 {
			errs = append(errs, fmt.Errorf("limits::%s cannot be negative; 0 means any number", name))
		}
	}
	for name, burst := range map[string]int{"burst": l.Burst, "anonymous_burst": l.AnonymousBurst} {
		if burst < 1 {
			errs = append(errs, fmt.Errorf("limits::%s must be at least 1", name))
		}
	}
	return errs
}

func (c *Config) encrypted() bool { return c.TLS.CertFile != "" }

// endpoints are the addresses to listen on, by setting.
func (c *Config) endpoints() map[string]string {
	all := map[string]string{"http": c.HTTP.Endpoint, "otlp_grpc": c.OTLPGRPC.Endpoint, "otlp_http": c.OTLPHTTP.Endpoint}
	for name, endpoint := range all {
		if endpoint == "" {
			delete(all, name)
		}
	}
	return all
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// References returns the extensions that the front door works with, by setting.
func (c *Config) References() map[string]component.ID {
	all := map[string]component.ID{"auth": c.Auth}
	if c.Limits.Shared != (component.ID{}) {
		all["limits::shared"] = c.Limits.Shared
	}
	return all
}
