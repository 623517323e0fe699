// Package packaging holds what the packages and `pharos-agent install` put on a host beside the
// program; nfpm.yaml makes deb and rpm of it (`make packages`).
package packaging

import _ "embed"

// Unit is the systemd unit, for a program in /usr/bin.
//
//go:embed pharos-agent.service
var Unit string
