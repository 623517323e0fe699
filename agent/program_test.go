package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

const slim = `yaml:
receivers: {host: {collection_interval: 10s}}
exporters: {delivery: {url: "http://127.0.0.1:4318", queue: {directory: queue}}}
service: {pipelines: {metrics: {receivers: [host], exporters: [delivery]}}}`

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name, overlay, says string
	}{
		{"valid", "yaml:receivers: {host: {collection_interval: 30s}}", ""},
		{"unknown part", "yaml:receivers: {hots: }", `unknown type: "hots"`},
		{"unknown setting", "yaml:receivers: {host: {interval: 1s}}", "interval"},
		{"log level", "yaml:service: {telemetry: {logs: {level: loud}}}", `logs::level is "loud": use debug, info, warn or error`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, out := rootCommand(), &bytes.Buffer{}
			root.SetOut(out)
			root.SetArgs([]string{"validate", "--config", slim, "--config", tt.overlay})
			err := execute(t.Context(), root)
			if tt.says == "" {
				require.NoError(t, err)
				assert.Equal(t, "The configuration is valid.\n", out.String())
				return
			}
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, errcode.Invalid, errcode.Of(err))
			assert.Equal(t, exitUsage, exitCode(err))
		})
	}
}
