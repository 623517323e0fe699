package roleprovider

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func newProvider() confmap.Provider {
	roles := fstest.MapFS{
		"writer.yaml":     {Data: []byte("extensions:\n  storage:\n    directory: here\n")},
		"all-in-one.yaml": {Data: []byte("extensions: {}")},
	}
	return NewFactory(roles).Create(confmap.ProviderSettings{})
}

func TestRetrieve(t *testing.T) {
	p := newProvider()
	assert.Equal(t, "role", p.Scheme())

	retrieved, err := p.Retrieve(t.Context(), "role:writer", nil)
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	assert.Equal(t, "here", conf.Get("extensions::storage::directory"))
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestUnknownRoleNamesTheKnownOnes(t *testing.T) {
	_, err := newProvider().Retrieve(t.Context(), "role:gatway", nil)
	require.EqualError(t, err, `there is no role "gatway": the roles are all-in-one, writer`)

	_, err = newProvider().Retrieve(t.Context(), "file:writer", nil)
	require.ErrorContains(t, err, "write role:NAME")
}
