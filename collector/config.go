package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
	"go.opentelemetry.io/collector/service/pipelines"

	"github.com/pharos-obs/pharos/collector/telemetry"
	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/extensions/backendextension"
	"github.com/pharos-obs/pharos/extensions/gatewayextension"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/process"
	"github.com/pharos-obs/pharos/providers/roleprovider"
	"github.com/pharos-obs/pharos/receivers/selfreceiver"
)

// factories are the generated parts, with those that touch the process bound to its scope.
func factories(p *process.Process) (otelcol.Factories, error) {
	all, err := components()
	if err != nil {
		return all, fmt.Errorf("list the parts: %w", err)
	}
	all.Telemetry = telemetry.NewFactoryFor(p)
	gateway := gatewayextension.NewFactoryFor(p)
	all.Extensions[gateway.Type()] = gateway
	backend := backendextension.NewFactoryFor(p)
	all.Extensions[backend.Type()] = backend
	self := selfreceiver.NewFactoryFor(p)
	all.Receivers[self.Type()] = self
	return all, nil
}

// resolverSettings say where configurations come from.
func resolverSettings(uris []string) confmap.ResolverSettings {
	return confmap.ResolverSettings{
		URIs: uris,
		ProviderFactories: []confmap.ProviderFactory{
			fileprovider.NewFactory(), envprovider.NewFactory(), yamlprovider.NewFactory(),
			roleprovider.NewFactory(configs.Roles),
		},
		DefaultScheme: "env",
	}
}

// loadConfig reads and checks a configuration as a second server would, without starting
// anything.
func loadConfig(ctx context.Context, uris []string, p *process.Process) (*otelcol.Config, error) {
	all, err := factories(p)
	if err != nil {
		return nil, err
	}
	provider, err := otelcol.NewConfigProvider(otelcol.ConfigProviderSettings{ResolverSettings: resolverSettings(uris)})
	if err != nil {
		return nil, errcode.New(errcode.Invalid, "read the configuration: %w", err)
	}
	cfg, err := provider.Get(ctx, all)
	if err := errors.Join(err, provider.Shutdown(ctx)); err != nil {
		return nil, errcode.New(errcode.Invalid, "read the configuration: %w", err)
	}
	if err := confmap.Validate(cfg); err != nil {
		return nil, errcode.New(errcode.Invalid, "the configuration is wrong: %w", err)
	}
	if err := checkReferences(cfg); err != nil {
		return nil, err
	}
	dry := settings(cfg, all)
	if err := service.Validate(ctx, dry, service.Config{Pipelines: pipelines.Config(cfg.Service.Pipelines)}); err != nil {
		return nil, errcode.New(errcode.Invalid, "the configuration is wrong: %w", err)
	}
	return cfg, nil
}

// settings are what the Collector's service needs of a configuration.
func settings(cfg *otelcol.Config, all otelcol.Factories) service.Settings {
	return service.Settings{
		BuildInfo:           buildInfo(),
		ReceiversConfigs:    cfg.Receivers,
		ReceiversFactories:  all.Receivers,
		ProcessorsConfigs:   cfg.Processors,
		ProcessorsFactories: all.Processors,
		ExportersConfigs:    cfg.Exporters,
		ExportersFactories:  all.Exporters,
		ConnectorsConfigs:   cfg.Connectors,
		ConnectorsFactories: all.Connectors,
		ExtensionsConfigs:   cfg.Extensions,
		ExtensionsFactories: all.Extensions,
		TelemetryFactory:    all.Telemetry,
	}
}

// referrer is a part's configuration that names extensions.
type referrer interface {
	// References returns the extensions by setting.
	References() map[string]component.ID
}

// checkReferences finds parts that name an extension which is not running; the Collector
// itself would notice only at the start.
func checkReferences(cfg *otelcol.Config) error {
	receivers, processors, exporters := make(map[component.ID]bool), make(map[component.ID]bool), make(map[component.ID]bool)
	for _, line := range cfg.Service.Pipelines {
		mark(receivers, line.Receivers)
		mark(processors, line.Processors)
		mark(exporters, line.Exporters)
	}
	running := make(map[component.ID]bool)
	mark(running, cfg.Service.Extensions)

	var errs []error
	for _, kind := range []struct {
		name  string
		parts map[component.ID]component.Config
		used  map[component.ID]bool
	}{
		{"extensions", cfg.Extensions, running},
		{"receivers", cfg.Receivers, receivers},
		{"processors", cfg.Processors, processors},
		{"exporters", cfg.Exporters, exporters},
	} {
		for id, part := range kind.parts {
			from, ok := part.(referrer)
			if !ok || !kind.used[id] {
				continue
			}
			for setting, target := range from.References() {
				if !running[target] {
					errs = append(errs, fmt.Errorf("%s::%s::%s: extension %q is not in service::extensions: add it there", kind.name, id, setting, target))
				}
			}
		}
	}
	if len(errs) > 0 {
		slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return errcode.New(errcode.Invalid, "the configuration is wrong: %w", errors.Join(errs...))
	}
	return nil
}

func mark(set map[component.ID]bool, ids []component.ID) {
	for _, id := range ids {
		set[id] = true
	}
}
