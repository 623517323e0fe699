package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
	"gopkg.in/yaml.v3"
)

const (
	folderScheme = "folder"
	mainFile     = "agent.yaml"
	moreFolder   = "conf.d"
)

// configURI returns the URI of what a --config flag names: a folder holds agent.yaml and conf.d,
// and so does the folder of a file that is called agent.yaml.
func configURI(flag string) string {
	if strings.Contains(flag, ":") && !filepath.IsAbs(flag) {
		return flag // a URI already
	}
	info, err := os.Stat(flag)
	switch {
	case err == nil && info.IsDir():
		return folderScheme + ":" + flag
	case filepath.Base(flag) == mainFile:
		return folderScheme + ":" + filepath.Dir(flag)
	}
	return flag
}

// folderProvider reads agent.yaml of a folder and conf.d/*.yaml over it, in the order of their
// names; what several files say of the same thing is a fault that names both, but for maps, which
// are joined, and the list of extensions.
type folderProvider struct{}

func newFolderProviderFactory() confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider { return folderProvider{} })
}

// Scheme implements confmap.Provider.
func (folderProvider) Scheme() string { return folderScheme }

// Shutdown implements confmap.Provider.
func (folderProvider) Shutdown(context.Context) error { return nil }

// Retrieve implements confmap.Provider.
func (folderProvider) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	folder := strings.TrimPrefix(uri, folderScheme+":")
	files, err := filepath.Glob(filepath.Join(folder, moreFolder, "*.yaml")) // in the order of their names
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", filepath.Join(folder, moreFolder), err)
	}
	joined, origin := map[string]any{}, map[string]string{}
	for _, file := range append([]string{filepath.Join(folder, mainFile)}, files...) {
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no %s: `pharos-agent install` writes one", file)
		}
		if err != nil {
			return nil, fmt.Errorf("read the configuration: %w", err)
		}
		var section map[string]any
		if err := yaml.Unmarshal(content, &section); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := join(joined, section, "", file, origin); err != nil {
			return nil, err
		}
	}
	return confmap.NewRetrieved(joined)
}

// extensionsList is the one list that several files add to: the others belong to a part or a
// pipeline, which is one file's.
const extensionsList = "service::extensions"

func lists(values ...any) bool {
	for _, value := range values {
		if _, ok := value.([]any); !ok {
			return false
		}
	}
	return true
}

// union is one list with what the other has more.
func union(one, other any) []any {
	first, _ := one.([]any)
	more, _ := other.([]any)
	all := slices.Clone(first)
	for _, item := range more {
		if !slices.ContainsFunc(all, func(known any) bool { return reflect.DeepEqual(known, item) }) {
			all = append(all, item)
		}
	}
	return all
}

// join adds what a file says. origin remembers which file said what.
func join(into, from map[string]any, path, file string, origin map[string]string) error {
	for name, value := range from {
		place := strings.TrimPrefix(path+"::"+name, "::")
		before, said := into[name]
		inner, isMap := value.(map[string]any)
		known, wasMap := before.(map[string]any)
		switch {
		case !said || before == nil:
			if isMap {
				known = map[string]any{}
				into[name] = known
				if err := join(known, inner, place, file, origin); err != nil {
					return err
				}
			} else {
				into[name] = value
			}
			origin[place] = file
		case isMap && wasMap:
			if err := join(known, inner, place, file, origin); err != nil {
				return err
			}
		case value == nil:
		case place == extensionsList && lists(before, value):
			into[name] = union(before, value)
		default:
			return fmt.Errorf("%s: %s is in %s already: give the part or the pipeline another name (kind/name), or change it there", file, place, origin[place])
		}
	}
	return nil
}
