package dashboards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/dashboards/document"
	"github.com/pharos-obs/pharos/backend/dashboards/grafana"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

const acme storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000a"

// newService returns a service over an empty database, with an organisation and somebody in it.
func newService(t *testing.T) (*Service, auth.Principal) {
	t.Helper()
	db, err := metadata.Open(t.Context(), metadata.Config{Path: filepath.Join(t.TempDir(), "metadata.db")}, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	s, err := New(db, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, db.CreateOrg(t.Context(), metadata.Org{ID: acme, Name: "acme", CreatedAt: s.now()}))
	return s, auth.Principal{OrgID: acme, Name: "ada@example.org"}
}

func read(t *testing.T, path ...string) any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	var value any
	require.NoError(t, json.Unmarshal(content, &value))
	return value
}

func TestImportOfGrafana(t *testing.T) {
	s, ada := newService(t)
	request := ImportRequest{Document: read(t, "grafana", "testdata", "new.json"), DryRun: true}
	dry, err := s.Import(t.Context(), ada, request)
	require.NoError(t, err)
	assert.Equal(t, "Orders of the shop", dry.Dashboard.Spec.Display.Name)
	assert.Contains(t, dry.Report, grafana.Line{Panel: "Heat", Status: grafana.Dropped, Message: "there is no panel of the kind heatmap"})
	before, err := s.List(t.Context(), acme, "orders", "")
	require.NoError(t, err)
	assert.Empty(t, before, "a dry run stores nothing")

	request.DryRun = false
	made, err := s.Import(t.Context(), ada, request)
	require.NoError(t, err)
	assert.Equal(t, dry.Report, made.Report)
	assert.Equal(t, 1, made.Dashboard.Metadata.Version)
	stored, err := s.Get(t.Context(), acme, made.Dashboard.Metadata.Name)
	require.NoError(t, err)
	assert.Equal(t, dry.Dashboard.Spec, stored.Spec)

	again, err := s.Import(t.Context(), ada, request)
	require.NoError(t, err)
	assert.NotEqual(t, made.Dashboard.Metadata.Name, again.Dashboard.Metadata.Name, "an import is a new dashboard")
}

func TestImportOfPerses(t *testing.T) {
	s, ada := newService(t)
	for id := range s.ready {
		one, err := s.Get(t.Context(), acme, id)
		require.NoError(t, err)
		result, err := s.Import(t.Context(), ada, ImportRequest{Document: one, Format: FormatPerses})
		require.NoError(t, err)
		assert.Len(t, result.Report, len(one.Spec.Panels))
		for _, line := range result.Report {
			assert.Equal(t, grafana.Carried, line.Status, line)
		}
		assert.Equal(t, one.Spec, result.Dashboard.Spec)
		assert.NotEqual(t, id, result.Dashboard.Metadata.Name)
	}
}

func TestImportOfPersesWithMore(t *testing.T) {
	s, ada := newService(t)
	result, err := s.Import(t.Context(), ada, ImportRequest{DryRun: true, Document: map[string]any{
		"kind": "Dashboard", "metadata": map[string]any{"name": "x", "project": "p"},
		"spec": map[string]any{
			"display": map[string]any{"name": "X"}, "datasources": map[string]any{},
			"panels": map[string]any{"flame": map[string]any{"kind": "Panel", "spec": map[string]any{
				"display": map[string]any{"name": "Flames"}, "plugin": map[string]any{"kind": "FlameChart", "spec": map[string]any{}},
			}}},
		},
	}})
	require.NoError(t, err)
	assert.Equal(t, []grafana.Line{
		{Panel: "Flames", Status: grafana.Partly, Message: "the kind FlameChart is kept, and not drawn here"},
		{Panel: "the document", Status: grafana.Partly, Message: "left out: spec.datasources"},
	}, result.Report)
}

func TestImportOfSomethingElse(t *testing.T) {
	s, ada := newService(t)
	for _, content := range []any{nil, "text", []any{}, map[string]any{}, map[string]any{"kind": "Dashboard"}} {
		_, err := s.Import(t.Context(), ada, ImportRequest{Document: content})
		assert.Equal(t, errcode.Invalid, errcode.Of(err), "%v", content)
	}
}

// TestVersionsAndConflicts saves a dashboard twice from the same version.
func TestVersionsAndConflicts(t *testing.T) {
	s, ada := newService(t)
	made, err := s.Create(t.Context(), ada, document.Dashboard{Spec: document.DashboardSpec{Display: document.Display{Name: "Shop"}}}, "")
	require.NoError(t, err)
	id := made.Metadata.Name
	assert.Equal(t, "shop", id)

	first := *made
	first.Spec.Tags = []string{"one"}
	_, err = s.Update(t.Context(), ada, id, first, "a tag")
	require.NoError(t, err)
	second := *made
	second.Spec.Tags = []string{"two"}
	_, err = s.Update(t.Context(), ada, id, second, "")
	assert.Equal(t, errcode.Conflict, errcode.Of(err))
	require.ErrorContains(t, err, "ada@example.org", "it says who was faster")

	versions, err := s.Versions(t.Context(), acme, id)
	require.NoError(t, err)
	require.Len(t, versions, 2)
	restored, err := s.Restore(t.Context(), ada, id, 1)
	require.NoError(t, err)
	assert.Equal(t, 3, restored.Metadata.Version)
	assert.Empty(t, restored.Spec.Tags)

	const stranger storage.OrgID = "6d9a2a3e-0000-4000-8000-00000000000b"
	_, err = s.Get(t.Context(), stranger, id)
	assert.Equal(t, errcode.NotFound, errcode.Of(err))
	_, err = s.Version(t.Context(), stranger, id, 1)
	assert.Equal(t, errcode.NotFound, errcode.Of(err))
}

func TestVersionsAreBounded(t *testing.T) {
	s, ada := newService(t)
	d, err := s.Create(t.Context(), ada, document.Dashboard{Spec: document.DashboardSpec{Display: document.Display{Name: "Shop"}}}, "")
	require.NoError(t, err)
	for range keptVersions + 5 {
		next := *d
		next.Spec.Display.Description += "."
		d, err = s.Update(t.Context(), ada, "shop", next, "")
		require.NoError(t, err)
	}
	versions, err := s.Versions(t.Context(), acme, "shop")
	require.NoError(t, err)
	require.Len(t, versions, keptVersions)
	assert.Equal(t, keptVersions+6, versions[0].Version, "the newest first")
}

func TestReadyDashboardsAreNotChanged(t *testing.T) {
	s, ada := newService(t)
	for id := range s.ready {
		one, err := s.Get(t.Context(), acme, id)
		require.NoError(t, err)
		_, err = s.Update(t.Context(), ada, id, *one, "")
		assert.Equal(t, errcode.Forbidden, errcode.Of(err), id)
		_, err = s.Create(t.Context(), ada, *one, "")
		assert.Equal(t, errcode.Invalid, errcode.Of(err), id)
	}
}
