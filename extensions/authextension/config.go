package authextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config configures authentication.
type Config struct {
	// Storage is the extension that holds the metadata database.
	Storage component.ID `mapstructure:"storage"`
	// AccessTokenTTL is how long an access token is valid. A login gets the next one by its
	// refresh token.
	AccessTokenTTL time.Duration `mapstructure:"access_token_ttl"`
	// RefreshTokenTTL is how long a login lasts without use.
	RefreshTokenTTL time.Duration `mapstructure:"refresh_token_ttl"`
	// LoginLinkTTL is how long a one-time login link can be used.
	LoginLinkTTL time.Duration `mapstructure:"login_link_ttl"`
	// Cache configures how long valid credentials are remembered.
	Cache CacheConfig `mapstructure:"cache"`
	// PasswordHashings is how many passwords are hashed at once, at 19 MiB of memory each.
	PasswordHashings int `mapstructure:"password_hashings"`
}

// CacheConfig configures how long valid credentials are remembered.
type CacheConfig struct {
	// TTL is after how long a credential is looked up again. A key that was revoked in another
	// process works for that long.
	TTL time.Duration `mapstructure:"ttl"`
	// Grace is for how long a remembered credential is taken while the metadata database is
	// away.
	Grace time.Duration `mapstructure:"grace"`
}

func defaultConfig() *Config {
	return &Config{
		Storage:          component.MustNewID("storage"),
		AccessTokenTTL:   15 * time.Minute,
		RefreshTokenTTL:  30 * 24 * time.Hour,
		LoginLinkTTL:     10 * time.Minute,
		Cache:            CacheConfig{TTL: 10 * time.Second, Grace: time.Hour},
		PasswordHashings: 2,
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.Storage.Type().String() == "" {
		errs = append(errs, errors.New("storage is empty: name the storage extension, for example `storage`"))
	}
	for _, setting := range []struct {
		name               string
		value, least, most time.Duration
	}{
		{"access_token_ttl", c.AccessTokenTTL, time.Minute, 24 * time.Hour},
		{"refresh_token_ttl", c.RefreshTokenTTL, time.Hour, 365 * 24 * time.Hour},
		{"login_link_ttl", c.LoginLinkTTL, time.Minute, 24 * time.Hour},
		{"cache::ttl", c.Cache.TTL, time.Second, time.Hour},
		{"cache::grace", c.Cache.Grace, time.Second, 24 * time.Hour},
	} {
		if setting.value < setting.least || setting.value > setting.most {
			errs = append(errs, fmt.Errorf("%s is %s: use %s to %s", setting.name, setting.value, setting.least, setting.most))
		}
	}
	if c.RefreshTokenTTL <= c.AccessTokenTTL {
		errs = append(errs, errors.New("refresh_token_ttl must be longer than access_token_ttl"))
	}
	if c.Cache.Grace < c.Cache.TTL {
		errs = append(errs, errors.New("cache::grace is shorter than cache::ttl: use at least the same"))
	}
	if c.PasswordHashings < 1 || c.PasswordHashings > 64 {
		errs = append(errs, fmt.Errorf("password_hashings is %d: use 1 to 64", c.PasswordHashings))
	}
	return errors.Join(errs...)
}

// References returns the extensions that authentication needs, by setting.
func (c *Config) References() map[string]component.ID {
	return map[string]component.ID{"storage": c.Storage}
}
