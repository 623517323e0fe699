package distribution

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
	"go.opentelemetry.io/collector/service/pipelines"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Load reads and checks the configuration as a second process would, without starting anything.
// Errors are Invalid.
func (r *Runner) Load(ctx context.Context) (*otelcol.Config, error) {
	all, err := r.program.Factories()
	if err != nil {
		return nil, err
	}
	provider, err := otelcol.NewConfigProvider(otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
		URIs: r.uris, ProviderFactories: r.program.Providers, DefaultScheme: "env",
	}})
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
	dry := r.settings(cfg, all)
	if err := service.Validate(ctx, dry, service.Config{Pipelines: pipelines.Config(cfg.Service.Pipelines)}); err != nil {
		return nil, errcode.New(errcode.Invalid, "the configuration is wrong: %w", err)
	}
	return cfg, nil
}

// Digest is the same for equal configurations, defaults included. Secrets do not change it.
func Digest(cfg *otelcol.Config) (string, error) {
	conf := confmap.New()
	if err := conf.Marshal(cfg); err != nil {
		return "", fmt.Errorf("encode the configuration: %w", err)
	}
	content, err := json.Marshal(conf.ToStringMap())
	if err != nil {
		return "", fmt.Errorf("encode the configuration: %w", err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:4]), nil
}

// settings are what the Collector's service needs of a configuration.
func (r *Runner) settings(cfg *otelcol.Config, all otelcol.Factories) service.Settings {
	return service.Settings{
		BuildInfo:           r.program.BuildInfo,
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
