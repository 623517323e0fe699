// Package document is the form of a dashboard: Perses' document with a few kinds of panel and
// query of our own, and the checks that a document must pass.
//
// The types are the JSON form, in Perses' spelling. A plugin of a kind that we do not know is
// kept as it is: its panel says so on the page, and Unknown lists it.
package document

import (
	"fmt"
	"time"
)

// Columns is the width of the grid.
const Columns = 24

// The kinds of things in a document.
const (
	KindDashboard       = "Dashboard"
	KindPanel           = "Panel"
	KindGrid            = "Grid"
	KindListVariable    = "ListVariable"
	KindTextVariable    = "TextVariable"
	KindTimeSeriesQuery = "TimeSeriesQuery"
	KindLogQuery        = "LogQuery"
)

// The kinds of plugins that are checked and drawn.
const (
	PluginTimeSeriesChart = "TimeSeriesChart"
	PluginStatChart       = "StatChart"
	PluginGaugeChart      = "GaugeChart"
	PluginTable           = "Table"
	PluginBarChart        = "BarChart"
	PluginLogsTable       = "LogsTable"
	PluginMarkdown        = "Markdown"

	PluginPrometheusQuery = "PrometheusTimeSeriesQuery"
	PluginLogQuery        = "PharosLogQuery"

	PluginLabelValues = "PrometheusLabelValuesVariable"
	PluginStaticList  = "StaticListVariable"
)

// Dashboard is a whole document.
type Dashboard struct {
	Kind     string            `json:"kind" enum:"Dashboard" example:"Dashboard"`
	Metadata DashboardMetadata `json:"metadata" required:"false" doc:"What the server says about the document; only name and version are read"`
	Spec     DashboardSpec     `json:"spec"`
}

// DashboardMetadata is what the server says about a document.
type DashboardMetadata struct {
	Name      string     `json:"name,omitempty" maxLength:"75" pattern:"^[a-zA-Z0-9_.-]*$" doc:"The id: what the address of the dashboard ends in; made from the display name when it is left out" example:"checkout"`
	Version   int        `json:"version,omitempty" minimum:"0" doc:"Goes up with each change; a change must send the one that it read" example:"3"`
	CreatedAt *time.Time `json:"createdAt,omitempty"`
	UpdatedAt *time.Time `json:"updatedAt,omitempty"`
	UpdatedBy string     `json:"updatedBy,omitempty" doc:"Email of the user or name of the API key" example:"admin@localhost"`
	Builtin   bool       `json:"builtin,omitempty" doc:"It comes with Pharos and cannot be changed; a copy can"`
	Project   string     `json:"project,omitempty" doc:"Perses' project; taken and not kept"`
}

// DashboardSpec is what people make.
type DashboardSpec struct {
	Display         Display          `json:"display" required:"false" doc:"The name is needed"`
	Tags            []string         `json:"tags" required:"false" nullable:"false" maxItems:"20" example:"[\"checkout\",\"slo\"]"`
	Duration        string           `json:"duration,omitempty" doc:"The range of time to open with" example:"1h"`
	RefreshInterval string           `json:"refreshInterval,omitempty" doc:"How often to ask again; 0s for never" example:"0s"`
	Variables       []Variable       `json:"variables" required:"false" nullable:"false" maxItems:"50"`
	Panels          map[string]Panel `json:"panels" required:"false" nullable:"false" doc:"The panels by a key that layouts refer to"`
	Layouts         []Layout         `json:"layouts" required:"false" nullable:"false" maxItems:"100" doc:"The rows of the dashboard from top to bottom"`
}

// Display is how a thing is called.
type Display struct {
	Name        string `json:"name" required:"false" maxLength:"200" example:"Checkout"`
	Description string `json:"description,omitempty" maxLength:"4000"`
}

// Variable is a value that people choose at the top of a dashboard.
type Variable struct {
	Kind string       `json:"kind" enum:"ListVariable,TextVariable" example:"ListVariable"`
	Spec VariableSpec `json:"spec"`
}

// VariableSpec has the settings of both kinds of variables.
type VariableSpec struct {
	Name            string           `json:"name" maxLength:"100" doc:"What queries write after a dollar sign" example:"host"`
	Display         *VariableDisplay `json:"display,omitempty"`
	AllowMultiple   bool             `json:"allowMultiple,omitempty" doc:"ListVariable: several values at once, joined as a regular expression"`
	AllowAllValue   bool             `json:"allowAllValue,omitempty" doc:"ListVariable: a choice that stands for all values"`
	CustomAllValue  string           `json:"customAllValue,omitempty" maxLength:"1000" doc:"ListVariable: what the choice of all values puts into a query; all of them joined by default" example:".*"`
	CapturingRegexp string           `json:"capturingRegexp,omitempty" maxLength:"1000" doc:"ListVariable: keeps the values that match, and of them the first group"`
	Sort            string           `json:"sort,omitempty" enum:"none,alphabetical-asc,alphabetical-desc,numerical-asc,numerical-desc,alphabetical-ci-asc,alphabetical-ci-desc"`
	DefaultValue    *Value           `json:"defaultValue,omitempty" doc:"ListVariable: a value, or a list of them; $__all stands for all"`
	Plugin          *Plugin          `json:"plugin,omitempty" doc:"ListVariable: where the values come from"`
	Value           string           `json:"value,omitempty" maxLength:"1000" doc:"TextVariable: the value to begin with"`
	Constant        bool             `json:"constant,omitempty" doc:"TextVariable: nobody can change it"`
}

// VariableDisplay is how a variable is shown.
type VariableDisplay struct {
	Name        string `json:"name,omitempty" maxLength:"200" example:"Host"`
	Description string `json:"description,omitempty" maxLength:"4000"`
	Hidden      bool   `json:"hidden,omitempty"`
}

// Plugin is a thing of a kind, with settings that belong to the kind.
type Plugin struct {
	Kind string         `json:"kind" minLength:"1" maxLength:"100" example:"TimeSeriesChart"`
	Spec map[string]any `json:"spec" required:"false" nullable:"false"`
}

// Panel is one chart, number, table or text.
type Panel struct {
	Kind string    `json:"kind" enum:"Panel" example:"Panel"`
	Spec PanelSpec `json:"spec"`
}

// PanelSpec is what a panel shows.
type PanelSpec struct {
	Display Display      `json:"display" required:"false"`
	Plugin  Plugin       `json:"plugin" doc:"How it is drawn: TimeSeriesChart, StatChart, GaugeChart, Table, BarChart, LogsTable or Markdown"`
	Queries []PanelQuery `json:"queries" required:"false" nullable:"false" maxItems:"50"`
	Links   []PanelLink  `json:"links,omitempty" maxItems:"20"`
}

// PanelLink leads from a panel to another page.
type PanelLink struct {
	Name            string `json:"name,omitempty" maxLength:"200"`
	URL             string `json:"url" maxLength:"2000"`
	Tooltip         string `json:"tooltip,omitempty" maxLength:"1000"`
	RenderVariables bool   `json:"renderVariables,omitempty"`
	TargetBlank     bool   `json:"targetBlank,omitempty"`
}

// PanelQuery is a query of a panel.
type PanelQuery struct {
	Kind string         `json:"kind" minLength:"1" maxLength:"100" doc:"TimeSeriesQuery or LogQuery" example:"TimeSeriesQuery"`
	Spec PanelQuerySpec `json:"spec"`
}

// PanelQuerySpec holds the query itself.
type PanelQuerySpec struct {
	Plugin Plugin `json:"plugin" doc:"PrometheusTimeSeriesQuery with query, seriesNameFormat and minStep, or PharosLogQuery with query"`
}

// Layout is a row of panels that can be folded.
type Layout struct {
	Kind string     `json:"kind" enum:"Grid" example:"Grid"`
	Spec LayoutSpec `json:"spec"`
}

// LayoutSpec says where panels are.
type LayoutSpec struct {
	Display *LayoutDisplay `json:"display,omitempty"`
	Items   []GridItem     `json:"items" required:"false" nullable:"false" maxItems:"500"`
}

// LayoutDisplay is the heading of a row.
type LayoutDisplay struct {
	Title    string    `json:"title" required:"false" maxLength:"200"`
	Collapse *Collapse `json:"collapse,omitempty"`
}

// Collapse says that a row can be folded.
type Collapse struct {
	Open bool `json:"open"`
}

// GridItem is the place of a panel on a grid of 24 columns.
type GridItem struct {
	X       int      `json:"x" minimum:"0" maximum:"23"`
	Y       int      `json:"y" minimum:"0" maximum:"10000"`
	Width   int      `json:"width" minimum:"1" maximum:"24"`
	Height  int      `json:"height" minimum:"1" maximum:"1000"`
	Content PanelRef `json:"content"`
}

// PanelRef refers to a panel.
type PanelRef struct {
	Ref string `json:"$ref" example:"#/spec/panels/cpu"`
}

// Normalize fills what may be left out, so that readers meet no null.
func (d *Dashboard) Normalize() {
	d.Kind = KindDashboard
	spec := &d.Spec
	spec.Tags = notNil(spec.Tags)
	spec.Variables = notNil(spec.Variables)
	spec.Layouts = notNil(spec.Layouts)
	if spec.Panels == nil {
		spec.Panels = map[string]Panel{}
	}
	for i := range spec.Variables {
		if plugin := spec.Variables[i].Spec.Plugin; plugin != nil {
			plugin.normalize()
		}
	}
	for i := range spec.Layouts {
		spec.Layouts[i].Spec.Items = notNil(spec.Layouts[i].Spec.Items)
	}
	for key, panel := range spec.Panels {
		panel.Spec.Plugin.normalize()
		panel.Spec.Queries = notNil(panel.Spec.Queries)
		for i := range panel.Spec.Queries {
			panel.Spec.Queries[i].Spec.Plugin.normalize()
		}
		spec.Panels[key] = panel
	}
}

func (p *Plugin) normalize() {
	if p.Spec == nil {
		p.Spec = map[string]any{}
	}
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Text returns a setting of a plugin that is a text; empty when it is not there. One of
// another type is an error.
func (p Plugin) Text(name string) (string, error) {
	switch value := p.Spec[name].(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	default:
		return "", fmt.Errorf("is a %s", jsonType(value))
	}
}

func jsonType(value any) string {
	switch value.(type) {
	case bool:
		return "truth value"
	case float64, int:
		return "number"
	case []any:
		return "list"
	}
	return "object"
}
