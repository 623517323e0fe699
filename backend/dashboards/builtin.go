package dashboards

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/pharos-obs/pharos/backend/dashboards/document"
)

//go:embed builtin/*.json
var builtinFiles embed.FS

// reserved begins the ids of the ready dashboards, so that a new one never meets somebody's own.
const reserved = "pharos-"

// builtin is a dashboard that comes with the program.
type builtin struct {
	content []byte
	summary DashboardSummary
}

// document returns a copy that the caller may change.
func (b builtin) document() (*document.Dashboard, error) {
	d := &document.Dashboard{}
	if err := json.Unmarshal(b.content, d); err != nil {
		return nil, fmt.Errorf("read a dashboard that comes with Pharos: %w", err)
	}
	d.Normalize()
	d.Metadata = document.DashboardMetadata{Name: b.summary.ID, Version: b.summary.Version, UpdatedBy: b.summary.UpdatedBy, Builtin: true}
	return d, nil
}

// loadBuiltins reads the ready dashboards by id; their ids are their file names behind the
// reserved beginning.
func loadBuiltins() (map[string]builtin, error) {
	files, err := builtinFiles.ReadDir("builtin")
	if err != nil {
		return nil, fmt.Errorf("read the dashboards that come with Pharos: %w", err)
	}
	all := make(map[string]builtin, len(files))
	for _, file := range files {
		content, err := builtinFiles.ReadFile(path.Join("builtin", file.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the dashboards that come with Pharos: %w", err)
		}
		one := builtin{content: content}
		one.summary = DashboardSummary{
			ID: reserved + strings.TrimSuffix(file.Name(), ".json"), Builtin: true, Version: 1, UpdatedBy: "Pharos",
		}
		d, err := one.document()
		if err == nil {
			err = d.Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
		one.summary.Name, one.summary.Description = d.Spec.Display.Name, d.Spec.Display.Description
		one.summary.Tags, one.summary.Panels = d.Spec.Tags, len(d.Spec.Panels)
		all[one.summary.ID] = one
	}
	return all, nil
}
