// Package configs holds the configurations that are built into the programs, one YAML file
// for each role of the server, and one for the agent.
package configs

import "embed"

// Roles are the built-in configurations of the server: role NAME is the file NAME.yaml.
//
//go:embed all-in-one.yaml backend.yaml gateway.yaml writer.yaml
var Roles embed.FS

// Agent is the configuration that an agent is installed with.
//
//go:embed agent.yaml
var Agent []byte

// AgentExamples are files for an agent's conf.d: agent.d/NAME.yaml.
//
//go:embed agent.d/*.yaml
var AgentExamples embed.FS
