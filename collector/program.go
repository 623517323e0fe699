package main

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/pharos-obs/pharos/collector/telemetry"
	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/extensions/backendextension"
	"github.com/pharos-obs/pharos/extensions/gatewayextension"
	"github.com/pharos-obs/pharos/extensions/readinessextension"
	"github.com/pharos-obs/pharos/internal/distribution"
	"github.com/pharos-obs/pharos/internal/process"
	"github.com/pharos-obs/pharos/providers/roleprovider"
	"github.com/pharos-obs/pharos/receivers/selfreceiver"
)

// server runs configurations of this program.
type server struct {
	*distribution.Runner
	process *process.Process
}

func newServer(uris []string) *server {
	p := process.New()
	return &server{process: p, Runner: distribution.New(distribution.Program{
		BuildInfo: buildInfo(),
		Factories: func() (otelcol.Factories, error) { return factories(p) },
		Providers: providers(),
		Release:   p.Release,
	}, uris)}
}

// providers read configurations by the scheme of their URI.
func providers() []confmap.ProviderFactory {
	return []confmap.ProviderFactory{
		fileprovider.NewFactory(), envprovider.NewFactory(), yamlprovider.NewFactory(),
		roleprovider.NewFactory(configs.Roles),
	}
}

// loadConfig reads and checks a configuration without starting anything.
func loadConfig(ctx context.Context, uris []string) (*otelcol.Config, error) {
	return newServer(uris).Load(ctx)
}

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
	readiness := readinessextension.NewFactoryFor(p)
	all.Extensions[readiness.Type()] = readiness
	self := selfreceiver.NewFactoryFor(p)
	all.Receivers[self.Type()] = self
	return all, nil
}
