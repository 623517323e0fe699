package hostreceiver

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/otlptranslator"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	tableBegin = "<!-- metrics: written by go test -update -->\n"
	tableEnd   = "<!-- end of metrics -->"
)

// TestReadmeNamesEveryMetric holds README.md's table: whoever writes a query copies its names.
func TestReadmeNamesEveryMetric(t *testing.T) {
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(content), tableBegin)
	require.True(t, found)
	table, after, found := strings.Cut(rest, tableEnd)
	require.True(t, found)

	want := goldenTable(t)
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(before+tableBegin+want+tableEnd+after), 0o600))
		return
	}
	assert.Equal(t, want, table)
}

// goldenTable returns a row for every metric in the golden files.
func goldenTable(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*.txt")
	require.NoError(t, err)
	labels, headers := map[string][]string{}, map[string][]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			if header := strings.SplitN(strings.TrimSpace(line), " ", 5); header[0] == "#" {
				headers[header[1]] = header[2:]
			} else if name, rest, found := strings.Cut(line, "{"); found {
				attributes, _, _ := strings.Cut(rest, "}")
				labels[name] = addLabels(labels[name], attributes)
			}
		}
	}
	table := "| metric | kind | in PromQL | what |\n|---|---|---|---|\n"
	for _, name := range sortedKeys(headers) {
		h := headers[name]
		selector := translated(t, name, h[0], h[1])
		if len(labels[name]) > 0 {
			selector += "{" + strings.Join(labels[name], ", ") + "}"
		}
		table += fmt.Sprintf("| `%s` | %s | `%s` | %s |\n", name, h[0], selector, h[2])
	}
	return table
}

func addLabels(labels []string, attributes string) []string {
	for pair := range strings.SplitSeq(attributes, ",") {
		key, _, found := strings.Cut(pair, "=")
		label := strings.NewReplacer(".", "_").Replace(key)
		if found && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	return labels
}

func translated(t *testing.T, name, kind, unit string) string {
	t.Helper()
	types := map[string]otlptranslator.MetricType{
		"counter": otlptranslator.MetricTypeMonotonicCounter,
		"amount":  otlptranslator.MetricTypeNonMonotonicCounter,
		"gauge":   otlptranslator.MetricTypeGauge,
	}
	namer := otlptranslator.MetricNamer{WithMetricSuffixes: true}
	result, err := namer.Build(otlptranslator.Metric{Name: name, Unit: unit, Type: types[kind]})
	require.NoError(t, err)
	return result
}
