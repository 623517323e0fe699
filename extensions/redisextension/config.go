package redisextension

import (
	"errors"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/pharos-obs/pharos/internal/tlsclient"
)

// Config says where Redis is.
type Config struct {
	// Address is host:port. Empty means that there is no Redis: every process goes by itself.
	Address string `mapstructure:"address"`
	// Username is that of an account (ACL); empty means the default one.
	Username string `mapstructure:"username"`
	// Password is that of the account; take it from the environment or from a file.
	Password configopaque.String `mapstructure:"password"`
	// Database is the number of the database on the server.
	Database int `mapstructure:"database"`
	// TLS encrypts the connections.
	TLS tlsclient.Config `mapstructure:"tls"`
	// Prefix begins every key, so that several installations can share a server.
	Prefix string `mapstructure:"prefix"`
	// Timeout is how long a call may take. A request that finds Redis away waits so long at most,
	// and one a second does.
	Timeout time.Duration `mapstructure:"timeout"`
}

var _ component.Config = (*Config)(nil)

func defaultConfig() *Config { return &Config{Prefix: "pharos:", Timeout: 200 * time.Millisecond} }

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.Address != "" {
		if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" {
			errs = append(errs, fmt.Errorf("address is %q: use host:port, for example redis:6379", c.Address))
		}
	}
	if c.Username != "" && c.Password == "" {
		errs = append(errs, errors.New("password is empty and username is not: give both"))
	}
	if c.Database < 0 {
		errs = append(errs, errors.New("database is negative: use a number such as 0"))
	}
	if c.Timeout < time.Millisecond || c.Timeout > 10*time.Second {
		errs = append(errs, fmt.Errorf("timeout is %s: use from 1ms to 10s", c.Timeout))
	}
	return errors.Join(errs...)
}
