package elasticsearch

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/tlsclient"
)

// Config sets up a Store. Start from DefaultConfig.
type Config struct {
	// Endpoints are the URLs of the nodes. They are used in turn, and a node that does not answer
	// is left out for a while.
	Endpoints []string `mapstructure:"endpoints"`
	// Username and Password are for basic authentication.
	Username string `mapstructure:"username"`
	Password string `mapstructure:"password"`
	// APIKey is the encoded form of an API key; it takes the place of the password.
	APIKey string `mapstructure:"api_key"`
	// TLS is for https endpoints that the certificates of the system are not enough for.
	TLS tlsclient.Config `mapstructure:"tls"`
	// Timeout bounds one request to a node.
	Timeout time.Duration `mapstructure:"timeout"`
	// Compression is that of request bodies: gzip or none.
	Compression string `mapstructure:"compression"`

	// IndexPrefix begins the names of the indices and is the name of their template.
	IndexPrefix string `mapstructure:"index_prefix"`
	// ManageTemplate writes the index template when the store opens. Without it the template has
	// to be there.
	ManageTemplate bool `mapstructure:"manage_template"`
	// Shards and Replicas are of each new index.
	Shards   int `mapstructure:"shards"`
	Replicas int `mapstructure:"replicas"`
	// RefreshInterval is how long after a write at the latest its records are found.
	RefreshInterval time.Duration `mapstructure:"refresh_interval"`
	// Refresh says what a write waits for: "none" acknowledges what is durable, "wait_for" waits
	// until it is found too, "now" makes it so at once, which is for tests.
	Refresh string `mapstructure:"refresh"`

	// Retention is how long logs are kept. Whole days are dropped. At least a day.
	Retention model.Duration `mapstructure:"retention"`
	// Classes are other retentions, each with the organisations that it is for and with indices of
	// its own.
	Classes []Class `mapstructure:"classes"`
	// MaintainEvery is how often indices past their retention are dropped; 0 leaves it to others.
	MaintainEvery time.Duration `mapstructure:"maintain_every"`
	// FutureWindow is how far in the future a record's time may lie.
	FutureWindow time.Duration `mapstructure:"future_window"`
	// PastWindow is how old a record may be when it is written; 0 means the retention.
	PastWindow model.Duration `mapstructure:"past_window"`

	// MaxBulkBytes is how large one bulk request is before its compression.
	MaxBulkBytes int `mapstructure:"max_bulk_bytes"`
	// Concurrency is how many bulk requests one write has on the way.
	Concurrency int `mapstructure:"concurrency"`
	// RetryFor is how long a write tries again what the server refuses for lack of room in its
	// queues, before it fails with a retryable error.
	RetryFor time.Duration `mapstructure:"retry_for"`
	// MaxScan is how many records the store reads itself for a count that the server can't make,
	// such as that of the matches of a regular expression. A count of more is refused.
	MaxScan int `mapstructure:"max_scan"`
}

// Class is a retention for some organisations.
type Class struct {
	// Name is part of the names of its indices.
	Name string `mapstructure:"name"`
	// Retention is how long its logs are kept.
	Retention model.Duration `mapstructure:"retention"`
	// Orgs are the ids of its organisations.
	Orgs []string `mapstructure:"orgs"`
}

// Values of Config.Refresh.
const (
	refreshNone    = "none"
	refreshWaitFor = "wait_for"
	refreshNow     = "now"
)

// Values of Config.Compression.
const (
	compressionGzip = "gzip"
	compressionNone = "none"
)

// defaultClass is the class of organisations that no other one names.
const defaultClass = "default"

// Limits of MaxBulkBytes. A server takes 100 MB by default and works best far below.
const (
	smallestBulk = 64 << 10
	largestBulk  = 32 << 20
)

// DefaultConfig returns the settings that endpoints have to be added to.
func DefaultConfig() Config {
	return Config{
		Timeout:         30 * time.Second,
		Compression:     compressionGzip,
		IndexPrefix:     "pharos-logs",
		ManageTemplate:  true,
		Shards:          1,
		Replicas:        1,
		RefreshInterval: time.Second,
		Refresh:         refreshNone,
		Retention:       model.Duration(7 * day),
		MaintainEvery:   10 * time.Minute,
		FutureWindow:    10 * time.Minute,
		MaxBulkBytes:    4 << 20,
		Concurrency:     2,
		RetryFor:        4 * time.Second,
		MaxScan:         1_000_000,
	}
}

var (
	prefixPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	classPattern  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
)

// Validate says which setting is wrong and how to mend it.
func (c Config) Validate() error {
	for _, validate := range []func() error{c.validateConnection, c.validateIndices, c.validateWrites} {
		if err := validate(); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validateConnection() error {
	if len(c.Endpoints) == 0 {
		return errcode.InvalidField("endpoints", "is empty", "name at least one node, such as http://127.0.0.1:9200")
	}
	for _, endpoint := range c.Endpoints {
		if _, err := parseEndpoint(endpoint); err != nil {
			return err
		}
	}
	switch {
	case c.APIKey != "" && (c.Username != "" || c.Password != ""):
		return errcode.InvalidField("api_key", "is set beside a username", "use one of the two")
	case c.Username == "" && c.Password != "":
		return errcode.InvalidField("username", "is empty beside a password", "set both")
	case c.Timeout < 100*time.Millisecond:
		return errcode.InvalidField("timeout", fmt.Sprintf("is %s", c.Timeout), "use at least 100ms")
	case c.Compression != compressionGzip && c.Compression != compressionNone:
		return errcode.InvalidField("compression", fmt.Sprintf("is %q", c.Compression), "use gzip or none")
	}
	for _, endpoint := range c.Endpoints {
		if c.TLS.Enabled && !strings.HasPrefix(endpoint, "https://") {
			return errcode.InvalidField("tls", fmt.Sprintf("is enabled, and the endpoint %s is not encrypted", endpoint), "write it as https://...")
		}
	}
	return nil
}

func parseEndpoint(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, errcode.InvalidField("endpoints", fmt.Sprintf("holds %q, which is no URL of a node", redact(text)), "write it as http://127.0.0.1:9200 or https://...")
	}
	if parsed.User != nil {
		return nil, errcode.InvalidField("endpoints", "holds a password", "set username and password instead")
	}
	return parsed, nil
}

// redact leaves out what may be a password.
func redact(endpoint string) string {
	if at := strings.LastIndexByte(endpoint, '@'); at >= 0 {
		return "..." + endpoint[at:]
	}
	return endpoint
}

func (c Config) validateIndices() error {
	switch {
	case !prefixPattern.MatchString(c.IndexPrefix):
		return errcode.InvalidField("index_prefix", fmt.Sprintf("is %q", c.IndexPrefix), "use small letters, digits, _ and -, such as pharos-logs")
	case c.Shards < 1 || c.Shards > 64:
		return errcode.InvalidField("shards", fmt.Sprintf("is %d", c.Shards), "use from 1 to 64")
	case c.Replicas < 0 || c.Replicas > 10:
		return errcode.InvalidField("replicas", fmt.Sprintf("is %d", c.Replicas), "use from 0 to 10")
	case c.RefreshInterval < 100*time.Millisecond || c.RefreshInterval > 10*time.Minute:
		return errcode.InvalidField("refresh_interval", fmt.Sprintf("is %s", c.RefreshInterval), "use from 100ms to 10m")
	case !slices.Contains([]string{refreshNone, refreshWaitFor, refreshNow}, c.Refresh):
		return errcode.InvalidField("refresh", fmt.Sprintf("is %q", c.Refresh), "use none, wait_for or now")
	case time.Duration(c.Retention) < day:
		return errcode.InvalidField("retention", fmt.Sprintf("is %s", c.Retention), "use at least 1d, because logs are dropped by the day")
	case c.MaintainEvery < 0:
		return errcode.InvalidField("maintain_every", "is negative", "use 0 to leave it to others")
	}
	names, orgs := map[string]bool{defaultClass: true}, map[string]bool{}
	for _, class := range c.Classes {
		switch {
		case !classPattern.MatchString(class.Name):
			return errcode.InvalidField("classes", fmt.Sprintf("holds the name %q", class.Name), "use small letters, digits and _")
		case names[class.Name]:
			return errcode.InvalidField("classes", fmt.Sprintf("holds %q twice", class.Name), "name each class once; default is the one of all others")
		case time.Duration(class.Retention) < day:
			return errcode.InvalidField("classes", fmt.Sprintf("has the retention %s for %q", class.Retention, class.Name), "use at least 1d")
		case len(class.Orgs) == 0:
			return errcode.InvalidField("classes", fmt.Sprintf("has no organisations for %q", class.Name), "list their ids in orgs")
		}
		names[class.Name] = true
		for _, org := range class.Orgs {
			if orgs[org] {
				return errcode.InvalidField("classes", fmt.Sprintf("names the organisation %q twice", org), "an organisation is in one class")
			}
			orgs[org] = true
		}
	}
	return nil
}

func (c Config) validateWrites() error {
	switch {
	case c.FutureWindow < 0 || c.FutureWindow > day:
		return errcode.InvalidField("future_window", "is not between 0 and 24h", "use 10m")
	case c.PastWindow < 0:
		return errcode.InvalidField("past_window", "is negative", "use 0 for the retention")
	case c.MaxBulkBytes < smallestBulk || c.MaxBulkBytes > largestBulk:
		return errcode.InvalidField("max_bulk_bytes", fmt.Sprintf("is %d", c.MaxBulkBytes), fmt.Sprintf("use from %d to %d", smallestBulk, largestBulk))
	case c.Concurrency < 1 || c.Concurrency > 64:
		return errcode.InvalidField("concurrency", fmt.Sprintf("is %d", c.Concurrency), "use from 1 to 64")
	case c.RetryFor < 0:
		return errcode.InvalidField("retry_for", "is negative", "use 0 to try once")
	case c.MaxScan < 1000:
		return errcode.InvalidField("max_scan", fmt.Sprintf("is %d", c.MaxScan), "use at least 1000")
	}
	return nil
}
