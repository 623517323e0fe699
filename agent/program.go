package main

import (
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/pharos-obs/pharos/internal/distribution"
)

func newProgram(uris []string) *distribution.Runner {
	return distribution.New(distribution.Program{
		BuildInfo: component.BuildInfo{Command: "pharos-agent", Description: "Metrics and logs of a host", Version: version},
		Factories: factories,
		Providers: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory(), yamlprovider.NewFactory()},
	}, uris)
}

func factories() (otelcol.Factories, error) {
	all, err := components()
	if err != nil {
		return all, fmt.Errorf("list the parts: %w", err)
	}
	return all, nil
}
