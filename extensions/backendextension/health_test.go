package backendextension

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/pharos-obs/pharos/backend/api"
)

func TestHealthOfParts(t *testing.T) {
	var parts partStates
	assert.Empty(t, parts.health())
	ingest := componentstatus.NewInstanceID(component.MustNewID("ingest"), component.KindReceiver)
	twin := componentstatus.NewInstanceID(component.MustNewID("ingest"), component.KindReceiver)
	files := componentstatus.NewInstanceID(component.MustNewIDWithName("filelog", "app"), component.KindReceiver)
	limits := componentstatus.NewInstanceID(component.MustNewID("limits"), component.KindProcessor)
	for _, source := range []*componentstatus.InstanceID{ingest, twin, files, limits} {
		parts.changed(source, componentstatus.NewEvent(componentstatus.StatusStarting))
	}
	assert.Equal(t, api.StatusDegraded, parts.health()[0].Status, "starting")
	for _, source := range []*componentstatus.InstanceID{ingest, twin, files, limits} {
		parts.changed(source, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	assert.Equal(t, []api.ComponentHealth{
		{Name: "limits", Kind: "processor", Status: api.StatusOK},
		{Name: "filelog/app", Kind: "receiver", Status: api.StatusOK},
		{Name: "ingest", Kind: "receiver", Status: api.StatusOK},
	}, parts.health())

	parts.changed(twin, componentstatus.NewRecoverableErrorEvent(errors.New("store away")))
	parts.changed(files, componentstatus.NewPermanentErrorEvent(errors.New("no such folder")))
	found := parts.health()
	require.Len(t, found, 3)
	assert.Equal(t, api.StatusDown, found[1].Status)
	assert.Equal(t, "no such folder", found[1].Message)
	assert.Equal(t, api.StatusDegraded, found[2].Status, "one instance of two")
	assert.Equal(t, "store away", found[2].LastError)

	parts.changed(files, componentstatus.NewEvent(componentstatus.StatusOK))
	found = parts.health()
	assert.Equal(t, api.StatusOK, found[1].Status)
	assert.Empty(t, found[1].Message)
	assert.Equal(t, "no such folder", found[1].LastError, "what went wrong last is remembered")
	assert.NotNil(t, found[1].LastErrorAt)
}
