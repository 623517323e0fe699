package authextension

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/metadata"
)

var (
	_ extension.Extension             = (*Extension)(nil)
	_ extensioncapabilities.Dependent = (*Extension)(nil)
	_ auth.Authenticator              = (*Extension)(nil)
)

// Extension runs the authentication service.
type Extension struct {
	cfg     *Config
	logger  *zap.Logger
	service *auth.Service
}

// Dependencies implements extensioncapabilities.Dependent.
func (e *Extension) Dependencies() []component.ID { return []component.ID{e.cfg.Storage} }

// Start implements component.Component.
func (e *Extension) Start(ctx context.Context, host component.Host) error {
	holder, ok := host.GetExtensions()[e.cfg.Storage].(interface{ Metadata() *metadata.DB })
	if !ok {
		return fmt.Errorf("storage: there is no extension %q with a metadata database: add it to service::extensions", e.cfg.Storage)
	}
	if holder.Metadata() == nil {
		return fmt.Errorf("storage: extension %q has no metadata database: choose one in its section metadata", e.cfg.Storage)
	}
	service := auth.New(holder.Metadata(), auth.Config{
		AccessTTL: e.cfg.AccessTokenTTL, RefreshTTL: e.cfg.RefreshTokenTTL, LinkTTL: e.cfg.LoginLinkTTL,
		CacheTTL: e.cfg.Cache.TTL, CacheGrace: e.cfg.Cache.Grace, Hashings: e.cfg.PasswordHashings,
	}, e.logger)
	if err := service.Start(ctx); err != nil {
		return fmt.Errorf("start authentication: %w", err)
	}
	e.service = service
	return nil
}

// Shutdown implements component.Component.
func (e *Extension) Shutdown(ctx context.Context) error {
	if e.service != nil {
		e.service.Close(ctx)
	}
	return nil
}

// Service returns the authentication service; nil before Start.
func (e *Extension) Service() *auth.Service { return e.service }

// Authenticate implements auth.Authenticator.
func (e *Extension) Authenticate(ctx context.Context, credential string) (auth.Principal, error) {
	if e.service == nil {
		return auth.Principal{}, errcode.New(errcode.Unavailable, "authentication has not started")
	}
	return e.service.Authenticate(ctx, credential)
}
