package deliveryexporter

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/tlsclient"
)

// Config sets up the exporter.
type Config struct {
	// URL is the server: https://pharos.example.org:8080. The paths of OTLP/HTTP are added to
	// it; with gRPC only host and port count.
	URL string `mapstructure:"url"`
	// Protocol is http or grpc.
	Protocol string `mapstructure:"protocol"`
	// APIKey is the key that the server has given; take it from the environment.
	APIKey configopaque.String `mapstructure:"api_key"`
	// APIKeyFile holds the key instead. It is read again for every request, so that a new key
	// counts at once.
	APIKeyFile string `mapstructure:"api_key_file"`
	// Headers are sent with every request.
	Headers map[string]configopaque.String `mapstructure:"headers"`
	// Compression is zstd, gzip or none.
	Compression string `mapstructure:"compression"`
	// TLS says whom to trust, and who this is. It is on when URL begins with https.
	TLS TLSConfig `mapstructure:"tls"`
	// Timeout is how long a request may take.
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxRequest bounds the body of a request, compressed, when several records of the queue are
	// sent as one.
	MaxRequest units.Base2Bytes `mapstructure:"max_request"`
	// Retry says when to try again. There is no end to it.
	Retry RetryConfig `mapstructure:"retry"`
	// Queue keeps what was not sent.
	Queue QueueConfig `mapstructure:"queue"`
}

// TLSConfig says whom to trust, and who this is.
type TLSConfig struct {
	// CAFile holds the certificates that sign the server's; empty means those of the system.
	CAFile string `mapstructure:"ca_file"`
	// CertFile is this client's certificate, where the server wants one.
	CertFile string `mapstructure:"cert_file"`
	// KeyFile is the private key of CertFile.
	KeyFile string `mapstructure:"key_file"`
	// ServerName is the name in the server's certificate, where it is not the host of the URL.
	ServerName string `mapstructure:"server_name"`
	// InsecureSkipVerify takes any certificate. For tests only.
	InsecureSkipVerify bool `mapstructure:"insecure_skip_verify"`
}

// RetryConfig says when to try again. What the server asks for by Retry-After comes first.
type RetryConfig struct {
	// Initial is the first pause; each further one is half as long again, give or take a half.
	Initial time.Duration `mapstructure:"initial"`
	// Max is the longest pause.
	Max time.Duration `mapstructure:"max"`
}

// QueueConfig keeps what was not sent, each signal by itself.
type QueueConfig struct {
	// Directory holds a folder for each signal.
	Directory string `mapstructure:"directory"`
	// MaxBytes bounds each signal's files. The oldest are dropped to stay below.
	MaxBytes units.Base2Bytes `mapstructure:"max_bytes"`
	// MaxAge is the age at which data is no longer worth sending; 0 means never. Servers refuse
	// what is older than their window.
	MaxAge time.Duration `mapstructure:"max_age"`
	// Durability says what is survived by that which was taken: `process` the death of the agent,
	// `fsync` also the loss of power.
	Durability string `mapstructure:"durability"`
}

const (
	protocolHTTP      = "http"
	protocolGRPC      = "grpc"
	durabilityProcess = "process"
	durabilityFsync   = "fsync"
)

func defaultConfig() *Config {
	return &Config{
		Protocol:    protocolHTTP,
		Compression: "zstd",
		Timeout:     30 * time.Second,
		MaxRequest:  units.MiB,
		Retry:       RetryConfig{Initial: time.Second, Max: 30 * time.Second},
		Queue:       QueueConfig{MaxBytes: 512 * units.MiB, MaxAge: 24 * time.Hour, Durability: durabilityFsync},
	}
}

// Validate implements xconfmap.Validator.
func (c *Config) Validate() error {
	errs := []error{c.validateURL(), c.validateKey()}
	if c.Protocol != protocolHTTP && c.Protocol != protocolGRPC {
		errs = append(errs, errcode.InvalidField("protocol", fmt.Sprintf("is %q", c.Protocol), "use http or grpc"))
	}
	if !slices.Contains([]string{"zstd", "gzip", "none"}, c.Compression) {
		errs = append(errs, errcode.InvalidField("compression", fmt.Sprintf("is %q", c.Compression), "use zstd, gzip or none"))
	}
	if c.Timeout <= 0 {
		errs = append(errs, errcode.InvalidField("timeout", fmt.Sprintf("is %s", c.Timeout), "use some seconds"))
	}
	if c.MaxRequest < 16<<10 || c.MaxRequest > 32<<20 {
		errs = append(errs, errcode.InvalidField("max_request", fmt.Sprintf("is %s", c.MaxRequest), "use from 16KiB to 32MiB"))
	}
	return errors.Join(errs...)
}

func (c *Config) validateURL() error {
	parsed, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		return errcode.InvalidField("url", "is empty", "name the server, for example https://pharos.example.org:8080")
	case err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https":
		return errcode.InvalidField("url", fmt.Sprintf("is %q", c.URL), "use http:// or https:// and a host")
	case parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil:
		return errcode.InvalidField("url", fmt.Sprintf("is %q", parsed.Redacted()), "leave out user, query and fragment; keys belong into api_key or headers")
	case c.Protocol == protocolGRPC && strings.Trim(parsed.Path, "/") != "":
		return errcode.InvalidField("url", fmt.Sprintf("has the path %q", parsed.Path), "leave it out with gRPC")
	case c.TLS != TLSConfig{} && parsed.Scheme == "http":
		return errcode.InvalidField("tls", "is given while the url begins with http://", "use https://, or remove the section")
	}
	section := c.tls()
	if section == nil {
		return nil
	}
	return section.Validate()
}

// tls returns nil without TLS.
func (c *Config) tls() *tlsclient.Config {
	if !strings.HasPrefix(c.URL, "https://") {
		return nil
	}
	return &tlsclient.Config{
		Enabled: true, CAFile: c.TLS.CAFile, CertFile: c.TLS.CertFile, KeyFile: c.TLS.KeyFile,
		ServerName: c.TLS.ServerName, InsecureSkipVerify: c.TLS.InsecureSkipVerify,
	}
}

// Validate implements xconfmap.Validator.
func (c *RetryConfig) Validate() error {
	if c.Initial < 10*time.Millisecond {
		return errcode.InvalidField("initial", fmt.Sprintf("is %s", c.Initial), "use at least 10ms")
	}
	if c.Max < c.Initial {
		return errcode.InvalidField("max", "is less than initial", "use some seconds")
	}
	return nil
}

// Validate implements xconfmap.Validator.
func (c *QueueConfig) Validate() error {
	switch {
	case c.Directory == "":
		return errcode.InvalidField("directory", "is empty", "name a folder, for example /var/lib/pharos-agent/queue")
	case c.MaxBytes < units.MiB:
		return errcode.InvalidField("max_bytes", fmt.Sprintf("is %s", c.MaxBytes), "use at least 1MiB")
	case c.MaxAge < 0:
		return errcode.InvalidField("max_age", "is negative", "use 0 to keep data until it is sent")
	case c.Durability != durabilityProcess && c.Durability != durabilityFsync:
		return errcode.InvalidField("durability", fmt.Sprintf("is %q", c.Durability), "use process or fsync")
	}
	return nil
}

var _ component.Config = (*Config)(nil)
