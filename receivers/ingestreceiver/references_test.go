package ingestreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"
)

func TestReferences(t *testing.T) {
	cfg := defaultConfig()
	assert.Equal(t, map[string]component.ID{"gateway": component.MustNewID("gateway")}, cfg.References())
}
