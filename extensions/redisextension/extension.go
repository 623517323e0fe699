package redisextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/shared"
)

// Extension gives others what is shared in Redis. It does not wait for the server.
type Extension struct {
	cfg   *Config
	redis *shared.Redis // nil without an address
}

var _ extension.Extension = (*Extension)(nil)

// Start implements component.Component.
func (e *Extension) Start(context.Context, component.Host) error {
	if e.cfg.Address == "" {
		return nil
	}
	encryption, err := e.cfg.TLS.Load()
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	e.redis = shared.New(shared.Options{
		Address: e.cfg.Address, Username: e.cfg.Username, Password: string(e.cfg.Password), Database: e.cfg.Database,
		TLS: encryption, Prefix: e.cfg.Prefix, Timeout: e.cfg.Timeout,
	})
	return nil
}

// Shutdown implements component.Component.
func (e *Extension) Shutdown(context.Context) error {
	if e.redis == nil {
		return nil
	}
	return e.redis.Close()
}

// Checks are what /readyz and /v1/health ask: nothing where there is no Redis.
func (e *Extension) Checks() map[string]func(context.Context) error {
	if e.redis == nil {
		return nil
	}
	return map[string]func(context.Context) error{"server": e.redis.Health}
}

// Buckets returns token buckets that front doors of a kind draw from together; nil where there is
// no Redis.
func (e *Extension) Buckets(kind string) frontdoor.SharedBuckets {
	if e.redis == nil {
		return nil
	}
	return e.redis.Buckets(kind)
}

// Cache returns what keeps parts of answers for all backends; nil where there is no Redis.
func (e *Extension) Cache() query.Cache {
	if e.redis == nil {
		return nil
	}
	return e.redis
}
