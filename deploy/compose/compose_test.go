package compose

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

const (
	file   = "docker-compose.yml"
	secret = "aSecretOfThisTest"
)

// load reads the project as Docker Compose does: by its own loader and schema.
func load(t *testing.T, passwords string) (*types.Project, error) {
	t.Helper()
	environment, err := dotenv.Read(".env.example")
	require.NoError(t, err)
	var variables []string
	for name, value := range environment {
		if strings.HasSuffix(name, "_PASSWORD") {
			value = passwords
		}
		variables = append(variables, name+"="+value)
	}
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(variables))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func TestProject(t *testing.T) {
	project, err := load(t, secret)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"timescaledb", "pgbouncer", "postgres", "kafka", "elasticsearch", "redis", "gateway", "writer", "backend",
	}, project.ServiceNames())
	for name, service := range project.Services {
		require.NotNil(t, service.HealthCheck, name)
		assert.Regexp(t, `:.+$`, service.Image, "%s: an image has a version", name)
		assert.NotContains(t, service.Image, ":latest", name)
		for other, dependency := range service.DependsOn {
			assert.Equal(t, types.ServiceConditionHealthy, dependency.Condition, "%s on %s", name, other)
		}
		for _, port := range service.Ports {
			assert.Equal(t, "gateway", name, "others are not reached from outside")
			assert.Equal(t, "127.0.0.1", port.HostIP)
		}
		for _, volume := range service.Volumes {
			assert.Equal(t, types.VolumeTypeVolume, volume.Type, name)
			assert.Contains(t, project.Volumes, volume.Source, name)
		}
	}
	for _, role := range []string{"gateway", "backend"} {
		address := project.Services[role].Environment["PHAROS_REDIS_ADDR"]
		if assert.NotNil(t, address, role) {
			assert.Equal(t, "redis:6379", *address, role)
		}
	}
	for _, stateful := range []string{"timescaledb", "postgres", "kafka", "elasticsearch", "backend"} {
		assert.Len(t, project.Services[stateful].Volumes, 1, stateful)
	}
}

func TestNoSecretIsBakedIn(t *testing.T) {
	_, err := load(t, "")
	require.ErrorContains(t, err, "PASSWORD")
	require.ErrorContains(t, err, "set it in .env")
	project, err := load(t, secret)
	require.NoError(t, err)
	for name, service := range project.Services {
		for variable, value := range service.Environment {
			if strings.Contains(variable, "PASSWORD") || strings.HasSuffix(variable, "_DSN") {
				assert.Contains(t, *value, secret, "%s: %s", name, variable)
			}
		}
	}
}

func TestExampleNamesEveryVariable(t *testing.T) {
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var document map[string]any
	require.NoError(t, yaml.Unmarshal(content, &document))
	used := make(map[string]bool)
	for name := range template.ExtractVariables(document, template.DefaultPattern) {
		used[name] = true
	}
	example, err := dotenv.Read(".env.example")
	require.NoError(t, err)
	for name := range example {
		assert.True(t, used[name], "%s is in .env.example alone", name)
	}
	for name := range used {
		assert.Contains(t, example, name)
	}
}

// TestRolesKnowTheirEnvironment holds the variables of each role against its configuration.
func TestRolesKnowTheirEnvironment(t *testing.T) {
	project, err := load(t, secret)
	require.NoError(t, err)
	for _, role := range []string{"gateway", "writer", "backend"} {
		service := project.Services[role]
		assert.Equal(t, []string{"run", "--config", "role:" + role}, []string(service.Command)[:3])
		content, err := os.ReadFile(filepath.Join("..", "..", "configs", role+".yaml"))
		require.NoError(t, err)
		var known, required []string
		for _, match := range regexp.MustCompile(`\$\{env:([A-Z0-9_]+)(:-)?`).FindAllStringSubmatch(string(content), -1) {
			known = append(known, match[1])
			if match[2] == "" {
				required = append(required, match[1])
			}
		}
		for variable := range service.Environment {
			assert.Contains(t, known, variable, "configs/%s.yaml does not read it", role)
		}
		for _, variable := range required {
			assert.Contains(t, service.Environment, variable, "configs/%s.yaml has no default for it", role)
		}
	}
}

// TestPorts holds what is published and asked for against what the roles listen on.
func TestPorts(t *testing.T) {
	project, err := load(t, secret)
	require.NoError(t, err)
	listens := func(service string) []string {
		var ports []string
		for _, variable := range []string{"PHAROS_HTTP", "PHAROS_OTLP_GRPC", "PHAROS_OTLP_HTTP", "PHAROS_OPS"} {
			if address := project.Services[service].Environment[variable]; address != nil {
				_, port, err := net.SplitHostPort(*address)
				require.NoError(t, err)
				ports = append(ports, port)
			}
		}
		return ports
	}
	for _, port := range project.Services["gateway"].Ports {
		assert.Contains(t, listens("gateway"), fmt.Sprint(port.Target))
	}
	assert.Len(t, project.Services["gateway"].Ports, 3)
	for _, role := range []string{"gateway", "writer", "backend"} {
		probe := project.Services[role].HealthCheck.Test
		assert.True(t, slices.ContainsFunc(listens(role), func(port string) bool {
			return strings.Contains(strings.Join(probe, " "), ":"+port+"/readyz")
		}), "%s: the probe asks %v, it listens on %v", role, probe, listens(role))
	}
	backend := project.Services["gateway"].Environment["PHAROS_BACKEND_URL"]
	require.NotNil(t, backend)
	assert.Equal(t, "http://backend:"+listens("backend")[0], *backend)
}
