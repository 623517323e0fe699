package backendextension

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/process"
)

// openAPIDocument is the API's description, of which the dashboard's types are made.
const openAPIDocument = "../../docs/formats/openapi.json"

// clientTypes say of which document they were made.
const clientTypes = "../../dashboard/src/api/schema.d.ts"

var update = flag.Bool("update", false, "write docs/formats/openapi.json anew")

// TestOpenAPIDocument holds docs/formats/openapi.json to what the server serves.
func TestOpenAPIDocument(t *testing.T) {
	dir := t.TempDir()
	h, door := startOthers(t, dir)
	cfg := defaultConfig()
	cfg.BootstrapFile = filepath.Join(dir, "bootstrap.json")
	require.NoError(t, create(t, process.New(), cfg).Start(t.Context(), h))
	recorder := httptest.NewRecorder()
	door.routes["GET /v1/openapi.json"].Handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/v1/openapi.json", http.NoBody))
	require.Equal(t, http.StatusOK, recorder.Code)

	var document map[string]any
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &document))
	document["info"].(map[string]any)["version"] = "1" // the build's own does not belong here
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(document))
	if *update {
		require.NoError(t, os.WriteFile(openAPIDocument, text.Bytes(), 0o644))
	}
	known, err := os.ReadFile(openAPIDocument)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(known, text.Bytes()),
		"the API has changed: run `scripts/generate-api.sh` and commit docs/formats/openapi.json and dashboard/src/api/schema.d.ts")
	if !*update {
		types, err := os.ReadFile(clientTypes)
		require.NoError(t, err)
		assert.Contains(t, string(types), fmt.Sprintf("sha256 %x", sha256.Sum256(known)),
			"the dashboard's types are of another document: run `scripts/generate-api.sh` and commit dashboard/src/api/schema.d.ts")
	}

	for path, item := range document["paths"].(map[string]any) {
		for method, operation := range item.(map[string]any) {
			for status, response := range operation.(map[string]any)["responses"].(map[string]any) {
				content, _ := response.(map[string]any)["content"].(map[string]any)
				assert.True(t, len(content) > 0 || status == "204" || status == "101", "%s %s answers %s with something unsaid", method, path, status)
				for kind, media := range content {
					assert.NotEmpty(t, media.(map[string]any)["schema"], "%s %s answers %s with %s of no schema", method, path, status, kind)
				}
			}
		}
	}
}
