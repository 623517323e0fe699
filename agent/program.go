package main

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/pharos-obs/pharos/agent/telemetry"
	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
	"github.com/pharos-obs/pharos/internal/distribution"
)

// newProgram returns a runner of the configuration at the URIs; more are parts beside the
// generated ones.
func newProgram(uris []string, more func(*otelcol.Factories)) *distribution.Runner {
	reload := &agentstatusextension.Reload{}
	return distribution.New(distribution.Program{
		BuildInfo: component.BuildInfo{Command: "pharos-agent", Description: "Metrics and logs of a host", Version: version},
		Factories: func() (otelcol.Factories, error) {
			all, err := factories(reload)
			if err == nil && more != nil {
				more(&all)
			}
			return all, err
		},
		Providers: []confmap.ProviderFactory{
			fileprovider.NewFactory(), newEnvironmentFactory(uris), yamlprovider.NewFactory(), newFolderProviderFactory(),
		},
		Configured: func(running *otelcol.Config, refused error) {
			digest, err := distribution.Digest(running)
			reload.Configured(digest, errors.Join(refused, err))
		},
	}, uris)
}

// factories are the generated parts, of which one reads what others measure and log. Their readers
// belong to one configuration.
func factories(reload *agentstatusextension.Reload) (otelcol.Factories, error) {
	all, err := components()
	if err != nil {
		return all, fmt.Errorf("list the parts: %w", err)
	}
	reader, faults := sdkmetric.NewManualReader(), agentstatusextension.NewFaults()
	all.Telemetry = telemetry.NewFactoryFor(reader, faults.Watch)
	status := agentstatusextension.NewFactoryFor(agentstatusextension.Sources{Reader: reader, Faults: faults, Reload: reload})
	all.Extensions[status.Type()] = status
	return all, nil
}
