// Package configs holds the configurations that are built into the program, one YAML file
// for each role.
package configs

import "embed"

// Roles are the built-in configurations: role NAME is the file NAME.yaml.
//
//go:embed *.yaml
var Roles embed.FS
