// Package roleprovider is a confmap provider for the configurations that are built into the
// program: `--config role:all-in-one`.
//
// A second --config overlays the role, as the Collector merges any two configurations.
package roleprovider

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

const scheme = "role"

type provider struct{ roles fs.FS }

// NewFactory returns the factory of a provider that finds role NAME as NAME.yaml in roles.
func NewFactory(roles fs.FS) confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider {
		return &provider{roles: roles}
	})
}

// Retrieve implements confmap.Provider.
func (p *provider) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	name, ok := strings.CutPrefix(uri, scheme+":")
	if !ok {
		return nil, fmt.Errorf("%q is no role: write role:NAME", uri)
	}
	content, err := fs.ReadFile(p.roles, name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no role %q: the roles are %s", name, strings.Join(Names(p.roles), ", "))
	}
	return confmap.NewRetrievedFromYAML(content)
}

// Scheme implements confmap.Provider.
func (*provider) Scheme() string { return scheme }

// Shutdown implements confmap.Provider.
func (*provider) Shutdown(context.Context) error { return nil }

// Names returns the names of the roles in alphabetical order.
func Names(roles fs.FS) []string {
	files, err := fs.Glob(roles, "*.yaml")
	if err != nil {
		return nil // the pattern is constant and valid
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(file, ".yaml")
	}
	slices.Sort(files)
	return files
}
