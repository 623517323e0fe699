package blackbox

import (
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// TestComposeRoles lets the program check the configuration of each role of deploy/compose, with
// its command and its environment.
func TestComposeRoles(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{filepath.Join("..", "..", "deploy", "compose", "docker-compose.yml")},
		cli.WithEnv([]string{"TIMESCALE_PASSWORD=a", "POSTGRES_PASSWORD=b", "ELASTICSEARCH_PASSWORD=c"}))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	for _, role := range []string{"gateway", "writer", "backend"} {
		t.Run(role, func(t *testing.T) {
			service := project.Services[role]
			for name, value := range service.Environment {
				t.Setenv(name, *value)
			}
			require.Equal(t, "run", service.Command[0])
			got := server.Run(t, append([]string{"validate"}, service.Command[1:]...)...)
			assert.Zero(t, got.Code, got.Stderr)
		})
	}
}
