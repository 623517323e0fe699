package grafana

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/dashboards/document"
)

// TestConvert compares documents and reports with those beside them in testdata; with
// UPDATE_GOLDEN=1 it writes them.
func TestConvert(t *testing.T) {
	for _, name := range []string{"new", "old"} {
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			require.NoError(t, err)
			made, report, err := Convert(content)
			require.NoError(t, err)
			require.NoError(t, made.Validate())
			got, err := json.MarshalIndent(map[string]any{"dashboard": made, "report": report}, "", "  ")
			require.NoError(t, err)
			golden := filepath.Join("testdata", name+".golden.json")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.JSONEq(t, string(want), string(got))
		})
	}
}

func TestWhatIsNoDashboard(t *testing.T) {
	for says, content := range map[string]string{
		"cannot be read as a dashboard of Grafana": `{"panels": 7}`,
		"has no panels":                   `{"title": "x"}`,
		"in Grafana's new schema":         `{"title": "x", "elements": {"panel-1": {}}}`,
		"unexpected end of JSON":          `{`,
		"export it in the classic model":  `{"dashboard": {"elements": {"a": 1}}}`,
		"send the JSON model of a dashbo": `[]`,
	} {
		_, _, err := Convert([]byte(content))
		if says == "send the JSON model of a dashbo" {
			require.Error(t, err)
			continue
		}
		require.ErrorContains(t, err, says, content)
	}
}

func TestPlainColour(t *testing.T) {
	for from, want := range map[string]string{"dark-red": "dark-red", "#ff0000": "#ff0000", "rgba(245, 54, 54, 0.9)": "#f53636", "rgba(x)": ""} {
		assert.Equal(t, want, plainColour(from), from)
	}
}

func TestDefaults(t *testing.T) {
	assert.Nil(t, defaultOf(variable{}))
	all := variable{}
	all.Current.Value = texts{document.AllValues}
	assert.Nil(t, defaultOf(all))
	all.IncludeAll = true
	assert.Equal(t, document.One(document.AllValues), defaultOf(all))
	several := variable{Multi: true}
	several.Current.Value = texts{"a", "b"}
	assert.Equal(t, &document.Value{List: []string{"a", "b"}}, defaultOf(several))
}
