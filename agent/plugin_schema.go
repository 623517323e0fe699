package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/pharos-obs/pharos/agent/plugin/host"
)

// setting is what is shown of a JSON Schema.
type setting struct {
	Type        string             `json:"type"`
	Description string             `json:"description"`
	Default     any                `json:"default"`
	Secret      bool               `json:"writeOnly"`
	Properties  map[string]setting `json:"properties"`
}

// printSchema lists a plugin's settings. A schema that cannot be read has a check of its own.
func printSchema(out io.Writer, text string) {
	var root setting
	if json.Unmarshal([]byte(text), &root) != nil || len(root.Properties) == 0 {
		return
	}
	fmt.Fprintln(out, "config")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printSettings(table, "", root.Properties)
	_ = table.Flush() // the next line fails too
}

func printSettings(out io.Writer, prefix string, all map[string]setting) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one := all[name]
		preset := ""
		if one.Default != nil {
			if shown, err := json.Marshal(one.Default); err == nil {
				preset = "default " + host.Shorten(string(shown))
			}
		}
		if one.Secret {
			preset = "secret"
		}
		if len(one.Properties) > 0 {
			printSettings(out, prefix+name+".", one.Properties)
			continue
		}
		fmt.Fprintf(out, "  %s\t%s\t%s\t%s\n", host.Shorten(prefix+name), host.Shorten(one.Type), preset, host.Shorten(one.Description))
	}
}
