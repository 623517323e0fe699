package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"

	"github.com/pharos-obs/pharos/agent/install"
)

// environment gives ${env:NAME}: by the process, else by agent.env beside agent.yaml. The file is
// read at every load, so that a reload takes what has changed there.
type environment struct {
	confmap.Provider // the process
	files            []string
}

// newEnvironmentFactory returns the provider of ${env:NAME} for a configuration at the URIs.
func newEnvironmentFactory(uris []string) confmap.ProviderFactory {
	var files []string
	for _, uri := range uris {
		if folder, found := strings.CutPrefix(uri, folderScheme+":"); found {
			files = append(files, filepath.Join(folder, install.EnvironmentFile))
		}
	}
	return confmap.NewProviderFactory(func(set confmap.ProviderSettings) confmap.Provider {
		return environment{envprovider.NewFactory().Create(set), files}
	})
}

// Retrieve implements confmap.Provider.
func (e environment) Retrieve(ctx context.Context, uri string, watch confmap.WatcherFunc) (*confmap.Retrieved, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(uri, e.Scheme()+":"), ":-")
	if _, found := os.LookupEnv(name); found {
		return e.Provider.Retrieve(ctx, uri, watch)
	}
	for _, file := range e.files {
		values, err := install.ReadEnvironment(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the environment: %w", err)
		}
		if value := values[name]; value != "" {
			return confmap.NewRetrievedFromYAML([]byte(value))
		}
	}
	return e.Provider.Retrieve(ctx, uri, watch)
}
