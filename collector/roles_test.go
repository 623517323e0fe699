package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/providers/roleprovider"
)

// setServers says where the servers of the distributed roles are.
func setServers(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"PHAROS_KAFKA_BROKERS":     "127.0.0.1:9092,127.0.0.2:9092",
		"PHAROS_POSTGRES_DSN":      "postgres://pharos:secret@127.0.0.1:5432/pharos",
		"PHAROS_TIMESCALE_DSN":     "postgres://pharos:secret@127.0.0.1:5433/metrics",
		"PHAROS_ELASTICSEARCH_URL": "http://127.0.0.1:9200",
		"PHAROS_REDIS_ADDR":        "127.0.0.1:6379",
		"PHAROS_BACKEND_URL":       "http://127.0.0.1:8082,http://127.0.0.2:8082",
	} {
		t.Setenv(name, value)
	}
}

// Every role that is built in is valid as it is, once it knows its servers.
func TestEveryRoleIsValid(t *testing.T) {
	setServers(t)
	for _, role := range roleprovider.Names(configs.Roles) {
		_, err := loadConfig(t.Context(), []string{"role:" + role})
		require.NoError(t, err, role)
	}
}

// A role without its servers says what is missing.
func TestRolesWithoutTheirServers(t *testing.T) {
	for role, says := range map[string][]string{
		"writer":  {"PHAROS_KAFKA_BROKERS is not set", "exporters::timescale: dsn: is empty", "elasticsearch"},
		"gateway": {"PHAROS_BACKEND_URL%20is%20not%20set", "extensions::storage::metadata::postgresql: dsn: is empty", "PHAROS_KAFKA_BROKERS is not set"},
		"backend": {"PHAROS_ELASTICSEARCH_URL is not set", "extensions::storage::metadata::postgresql: dsn: is empty", "timescale: dsn: is empty", "PHAROS_KAFKA_BROKERS is not set"},
	} {
		_, err := loadConfig(t.Context(), []string{"role:" + role})
		require.Equal(t, errcode.Invalid, errcode.Of(err), "%v", err)
		for _, name := range says {
			assert.ErrorContains(t, err, name, role)
		}
	}
}
