package document

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sound = `{
	"kind": "Dashboard",
	"spec": {
		"display": {"name": "Shop"}, "tags": ["slo"], "duration": "6h", "refreshInterval": "30s",
		"variables": [
			{"kind": "ListVariable", "spec": {"name": "host", "allowMultiple": true, "plugin": {"kind": "PrometheusLabelValuesVariable", "spec": {"labelName": "host_name", "matchers": ["up{job=\"a\"}"]}}}},
			{"kind": "ListVariable", "spec": {"name": "window", "plugin": {"kind": "StaticListVariable", "spec": {"values": ["1m", {"value": "5m", "label": "five"}]}}}},
			{"kind": "TextVariable", "spec": {"name": "word", "value": "x"}}
		],
		"panels": {
			"cpu": {"kind": "Panel", "spec": {"display": {"name": "CPU"}, "plugin": {"kind": "TimeSeriesChart", "spec": {}}, "queries": [
				{"kind": "TimeSeriesQuery", "spec": {"plugin": {"kind": "PrometheusTimeSeriesQuery", "spec": {"query": "rate(cpu{host=~\"$host\"}[$window])"}}}}]}},
			"lines": {"kind": "Panel", "spec": {"plugin": {"kind": "LogsTable"}, "queries": [
				{"kind": "LogQuery", "spec": {"plugin": {"kind": "PharosLogQuery", "spec": {"query": "level:error $word"}}}}]}}
		},
		"layouts": [{"kind": "Grid", "spec": {"items": [
			{"x": 0, "y": 0, "width": 12, "height": 8, "content": {"$ref": "#/spec/panels/cpu"}},
			{"x": 12, "y": 0, "width": 12, "height": 8, "content": {"$ref": "#/spec/panels/lines"}}]}}]
	}
}`

// TestFaults changes one thing of a sound document and expects the path of it in the error.
func TestFaults(t *testing.T) {
	d, left, err := Decode([]byte(sound))
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, d.Validate())
	for name, test := range map[string]struct{ from, to, says string }{
		"no name":              {`{"name": "Shop"}`, `{"name": " "}`, "spec.display.name: is empty"},
		"a tag twice":          {`["slo"]`, `["slo","slo"]`, `spec.tags[1]: "slo" is there twice`},
		"duration":             {`"6h"`, `"six"`, `spec.duration: "six" is not a duration`},
		"refresh":              {`"30s"`, `"-1s"`, "spec.refreshInterval"},
		"variable's name":      {`"name": "word"`, `"name": "a-b"`, "spec.variables[2].spec.name"},
		"variable twice":       {`"name": "word"`, `"name": "host"`, `"host" is there twice`},
		"variable's kind":      {`"TextVariable"`, `"NumberVariable"`, "spec.variables[2].kind"},
		"no label":             {`"labelName": "host_name"`, `"labelName": ""`, "spec.variables[0].spec.plugin.spec.labelName"},
		"matcher":              {`up{job=\"a\"}`, `up{job=}`, "spec.variables[0].spec.plugin.spec.matchers[0]"},
		"static value":         {`{"value": "5m", "label": "five"}`, `7`, "spec.variables[1].spec.plugin.spec.values[1]"},
		"PromQL":               {`rate(cpu`, `rate((cpu`, "spec.panels.cpu.spec.queries[0].spec.plugin.spec.query"},
		"unknown variable":     {`[$window]`, `[$windows]`, "the variable $windows is not defined"},
		"log filter":           {`level:error $word`, `(level:error`, "spec.panels.lines.spec.queries[0].spec.plugin.spec.query"},
		"query's kind":         {`"kind": "LogQuery"`, `"kind": "TimeSeriesQuery"`, "spec.panels.lines.spec.queries[0].kind: \"TimeSeriesQuery\" does not go with"},
		"panel that is not":    {`panels/lines`, `panels/gone`, "spec.layouts[0].spec.items[1]"},
		"past the last column": {`"x": 12`, `"x": 13`, "spec.layouts[0].spec.items[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(sound, test.from, test.to, 1)
			require.NotEqual(t, sound, changed)
			d, _, err := Decode([]byte(changed))
			require.NoError(t, err)
			require.ErrorContains(t, d.Validate(), test.says)
		})
	}
}

func TestDecode(t *testing.T) {
	_, _, err := Decode([]byte(`{"spec": {"display": {"name": 7}}}`))
	require.ErrorContains(t, err, "spec.display.name")
	_, _, err = Decode([]byte(`{"spec": `))
	require.ErrorContains(t, err, "is not valid JSON")
	d, left, err := Decode([]byte(`{"kind": "Dashboard", "extra": 1, "spec": {"display": {"name": "a"}, "panels": {"p": {"kind": "Panel", "more": 2, "spec": {"plugin": {"kind": "X", "spec": {"any": {"thing": 3}}}}}}}}`))
	require.NoError(t, err)
	assert.Equal(t, []string{"extra", "spec.panels.p.more"}, left)
	assert.Equal(t, map[string]any{"thing": 3.0}, d.Spec.Panels["p"].Spec.Plugin.Spec["any"], "settings of a plugin are its own")
	assert.Equal(t, []Unknown{{Panel: "p", Kind: "X"}}, d.Unknown())
}

func TestReferences(t *testing.T) {
	assert.Equal(t, []Reference{{Name: "a"}, {Name: "b", Format: "regex"}}, References(`x{y=~"$a"} ${b:regex} $a $1 $$`))
	assert.Equal(t, "1 ${b}", Replace("$a ${b}", func(r Reference) (string, bool) { return "1", r.Name == "a" }))
}

// TestDocumentedExample decodes the example of the format's description.
func TestDocumentedExample(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "dashboards.md"))
	require.NoError(t, err)
	match := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(text)
	require.NotNil(t, match)
	require.True(t, json.Valid(match[1]))
	d, left, err := Decode(match[1])
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, d.Validate())
	assert.Empty(t, d.Unknown())
}
