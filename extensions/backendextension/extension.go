package backendextension

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/api"
	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/dashboards"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/backend/hosts"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/savedsearch"
	"github.com/pharos-obs/pharos/dashboard"
	"github.com/pharos-obs/pharos/internal/process"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

var (
	_ extension.Extension             = (*backend)(nil)
	_ extensioncapabilities.Dependent = (*backend)(nil)

	_ extensioncapabilities.ComponentStatusWatcher = (*backend)(nil)
)

// stores is what the storage extension gives.
type stores interface {
	MetricStore() storage.MetricStore
	LogStore() storage.LogStore
	Metadata() *metadata.DB
	Checks() map[string]func(context.Context) error
}

type backend struct {
	cfg     *Config
	logger  *zap.Logger
	build   component.BuildInfo
	process *process.Process

	parts          partStates
	api            *api.API
	engine         *query.Engine
	defaultOrg     func() storage.OrgID // nil when nobody knows it
	forgetRegistry func()
}

// doorway is what the gateway extension gives.
type doorway interface {
	frontdoor.Registrar
	OnClose(work func())
	Ports() map[string]int
	CASHA256() string
}

// Changed implements extensioncapabilities.ComponentStatusWatcher.
func (b *backend) Changed(source *componentstatus.InstanceID, event *componentstatus.Event) {
	b.parts.changed(source, event)
}

// Dependencies implements extensioncapabilities.Dependent.
func (b *backend) Dependencies() []component.ID {
	return slices.Collect(maps.Values(b.cfg.References()))
}

// Start implements component.Component.
func (b *backend) Start(ctx context.Context, host component.Host) error {
	extensions := host.GetExtensions()
	store, ok := extensions[b.cfg.Storage].(stores)
	if !ok {
		return fmt.Errorf("storage: there is no extension %q with stores: add it to service::extensions", b.cfg.Storage)
	}
	if store.MetricStore() == nil || store.LogStore() == nil || store.Metadata() == nil {
		return fmt.Errorf("storage: extension %q lacks a store: the backend needs metrics, logs and metadata", b.cfg.Storage)
	}
	authentication, ok := extensions[b.cfg.Auth].(interface{ Service() *auth.Service })
	if !ok {
		return fmt.Errorf("auth: there is no extension %q that knows users: add it to service::extensions", b.cfg.Auth)
	}
	gateway, ok := extensions[b.cfg.Gateway].(doorway)
	if !ok {
		return fmt.Errorf("gateway: there is no extension %q that takes routes: add it to service::extensions", b.cfg.Gateway)
	}
	if err := b.bootstrap(ctx, authentication.Service()); err != nil {
		return err
	}
	cache, err := b.cache(extensions)
	if err != nil {
		return err
	}
	return b.serve(gateway, store, authentication.Service(), cache)
}

// cache returns what keeps answers; nil when nothing does.
func (b *backend) cache(extensions map[component.ID]component.Component) (query.Cache, error) {
	if b.cfg.Cache == (component.ID{}) {
		return nil, nil
	}
	found, ok := extensions[b.cfg.Cache].(interface{ Cache() query.Cache })
	if !ok {
		return nil, fmt.Errorf("cache: there is no extension %q that keeps answers: add it to service::extensions", b.cfg.Cache)
	}
	return found.Cache(), nil
}

// serve makes the API and puts it behind the gateway.
func (b *backend) serve(gateway doorway, store stores, authentication *auth.Service, cache query.Cache) error {
	registry := prometheus.NewRegistry()
	b.forgetRegistry = b.process.AddRegistry(registry)
	engine, err := query.New(store.MetricStore(), b.cfg.Query, registry, b.logger)
	if err != nil {
		return fmt.Errorf("create the query engine: %w", err)
	}
	if cache != nil {
		if err := engine.UseCache(cache, registry); err != nil {
			return fmt.Errorf("use the query cache: %w", err)
		}
	}
	b.engine = engine
	if named, ok := store.(interface{ DefaultOrg() storage.OrgID }); ok {
		b.defaultOrg = named.DefaultOrg
	}
	boards, err := dashboards.New(store.Metadata(), b.logger)
	if err != nil {
		return fmt.Errorf("open the dashboards: %w", err)
	}
	b.api, err = api.New(api.Deps{
		Metrics: store.MetricStore(), Logs: store.LogStore(), Query: engine,
		LogLimits: &b.cfg.Logs, LiveLimits: &b.cfg.Live,
		Auth: authentication, Authenticator: authentication,
		Services: []api.Registrar{boards, savedsearch.New(store.Metadata(), b.logger)},
		Health: func(ctx context.Context) []api.ComponentHealth {
			return append(storeHealth(ctx, store.Checks()), b.parts.health()...)
		},
		Platform:   b.process,
		Registerer: registry,
		Version:    api.Version{Version: b.build.Version},
		Ports:      gateway.Ports(),
		CASHA256:   gateway.CASHA256(),
		Logger:     b.logger,
	})
	if err != nil {
		return fmt.Errorf("create the API: %w", err)
	}
	// Streams end when the door closes, not when the last of them has had enough.
	gateway.OnClose(func() {
		if err := b.api.Close(); err != nil {
			b.logger.Warn("Ending live connections", zap.Error(err))
		}
	})
	if err := gateway.Handle(b.api.Routes()...); err != nil {
		return fmt.Errorf("register the API: %w", err)
	}
	if err := gateway.Handle(frontdoor.Route{Pattern: "GET /", Handler: dashboard.Handler()}); err != nil {
		return fmt.Errorf("register the dashboard: %w", err)
	}
	return nil
}

func (b *backend) bootstrap(ctx context.Context, service *auth.Service) error {
	if b.cfg.BootstrapFile == "" {
		return nil
	}
	service.OnPasswordChange(func(_ context.Context, email string) {
		if err := ForgetPassword(b.cfg.BootstrapFile, email); err != nil {
			b.logger.Warn("The old password is still in the bootstrap file", zap.Error(err))
		}
	})
	earlier, err := bootstrappedOrg(b.cfg.BootstrapFile)
	if err != nil {
		return err
	}
	made, err := service.Bootstrap(ctx, earlier, func(made auth.Credentials) error {
		return saveBootstrap(b.cfg.BootstrapFile, b.cfg.PublicURL, made)
	})
	if err != nil {
		return fmt.Errorf("create the first organisation, user and key: %w", err)
	}
	if made != nil && earlier != "" {
		b.logger.Warn("The metadata were empty: the organisation was made anew, with another password and API key; users, keys and dashboards of before are gone",
			zap.String("org", string(earlier)), zap.String("file", b.cfg.BootstrapFile))
		return nil
	}
	if made != nil {
		b.logger.Info("First start: password and API key are in the bootstrap file", zap.String("file", b.cfg.BootstrapFile))
		return nil
	}
	if err := rememberURL(b.cfg.BootstrapFile, b.cfg.PublicURL); err != nil {
		b.logger.Warn("The bootstrap file may name an old URL", zap.Error(err))
	}
	return nil
}

// Shutdown implements component.Component.
func (b *backend) Shutdown(context.Context) error {
	if b.forgetRegistry != nil {
		b.forgetRegistry()
	}
	if b.api == nil {
		return nil
	}
	return b.api.Close()
}

// AgentMeasures says whether an agent that sends to the default organisation measures the host
// with a host.id. A receiver `host` of this program then rests.
func (b *backend) AgentMeasures(ctx context.Context, hostID string) (bool, error) {
	if b.engine == nil || b.defaultOrg == nil {
		return false, nil
	}
	org := b.defaultOrg()
	if org == "" {
		return false, nil // it does not exist yet
	}
	return hosts.MeasuredByAgent(ctx, b.engine, org, hostID, time.Now())
}
