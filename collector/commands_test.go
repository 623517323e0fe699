package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// call runs a command line and returns what it prints.
func call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := rootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := execute(t.Context(), root)
	return out.String(), err
}

func TestVersion(t *testing.T) {
	out, err := call(t, "version")
	require.NoError(t, err)
	assert.Equal(t, "pharos 0.1.0-dev (commit unknown, built unknown)\n", out)
}

func TestValidateCommand(t *testing.T) {
	out, err := call(t, "validate", "--config", "role:all-in-one")
	require.NoError(t, err)
	assert.Equal(t, "The configuration is valid.\n", out)

	_, err = call(t, "validate", "-c", "role:all-in-one", "-c", writeFile(t, "extensions: {storage: {min_free: -1}}"))
	require.Error(t, err)
	assert.Equal(t, exitUsage, exitCode(err))
}

func TestWrongCommandLines(t *testing.T) {
	tests := []struct {
		args []string
		says string
	}{
		{[]string{"rnu"}, `unknown command "rnu" for "pharos"`},
		{[]string{"up", "--data", "x"}, "unknown flag: --data; `pharos up --help` shows the flags"},
		{[]string{"up", "here"}, `unknown command "here" for "pharos up"`},
		{[]string{"run"}, "--config: is missing (name a configuration, for example --config role:all-in-one)"},
		{[]string{"validate"}, "--config: is missing"},
		{[]string{"run", "--config", "role:x"}, `there is no role "x"`},
		{[]string{"admin", "login-link", "--data-dir", "/nowhere"}, "there is no metadata.db in /nowhere (name the folder that the server was started with)"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.args), func(t *testing.T) {
			_, err := call(t, tt.args...)
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, exitUsage, exitCode(err))
		})
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	for _, cmd := range rootCommand().Commands() {
		out, err := call(t, cmd.Name(), "--help")
		require.NoError(t, err)
		assert.Contains(t, out, "Examples:\n  pharos "+cmd.Name(), cmd.Name())
	}
}

func TestExitCodes(t *testing.T) {
	assert.Equal(t, exitInUse, exitCode(fmt.Errorf("start: %w", errcode.New(errcode.Conflict, "in use"))))
	assert.Equal(t, exitUsage, exitCode(errcode.New(errcode.Invalid, "wrong")))
	assert.Equal(t, exitFailure, exitCode(errors.New("boom")))
	assert.Equal(t, exitFailure, exitCode(errcode.New(errcode.NotFound, "no such user")))
}
