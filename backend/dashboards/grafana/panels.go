package grafana

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pharos-obs/pharos/backend/dashboards/document"
)

// translated is a panel on its way, with notes on what was left out of it.
type translated struct {
	plugin  document.Plugin
	queries []document.PanelQuery
	notes   []string
}

func (t *translated) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// addPanel translates a panel and says how much of it was carried.
func (c *converter) addPanel(from panel, at document.GridItem) {
	c.count++
	title := strings.TrimSpace(from.Title)
	name := orElse(title, fmt.Sprintf("Panel %d", c.count))
	if reason := droppedFor(from); reason != "" {
		c.say(name, Dropped, "%s", reason)
		return
	}
	t := &translated{}
	if reason := c.translate(from, t); reason != "" {
		c.say(name, Dropped, "%s", reason)
		return
	}
	leftOut(from, t)
	panel := document.Panel{Kind: document.KindPanel, Spec: document.PanelSpec{
		Display: document.Display{Name: cut(title, 200), Description: cut(from.Description, 4000)}, Plugin: t.plugin, Queries: t.queries,
	}}
	if err := c.sound(panel); err != nil {
		c.say(name, Dropped, "it would not be valid: %s", reasonOf(err))
		return
	}
	key := fmt.Sprintf("panel_%d", c.count)
	c.dashboard.Spec.Panels[key] = panel
	at.Content.Ref = "#/spec/panels/" + key
	layout := c.layout()
	layout.Items = append(layout.Items, at)
	status := Carried
	if len(t.notes) > 0 {
		status = Partly
	}
	c.say(name, status, "%s", strings.Join(t.notes, "; "))
}

// sound checks a panel as a dashboard of its own.
func (c *converter) sound(panel document.Panel) error {
	alone := document.Dashboard{Spec: document.DashboardSpec{
		Display: document.Display{Name: "x"}, Variables: c.dashboard.Spec.Variables, Panels: map[string]document.Panel{"x": panel},
	}}
	alone.Normalize()
	return alone.Validate()
}

// droppedFor says why nothing of a panel can be carried; nothing when something can.
func droppedFor(from panel) string {
	if from.LibraryPanel != nil && len(from.Targets) == 0 {
		return fmt.Sprintf("it is the library panel %q, which is not in the document: export the dashboard with its library panels", from.LibraryPanel.Name)
	}
	if from.Type == "text" {
		return ""
	}
	sources := []datasource{from.Datasource}
	for _, one := range from.Targets {
		sources = append(sources, one.Datasource)
	}
	for _, source := range sources {
		switch source.Type {
		case "", "prometheus", "datasource", "grafana", "__expr__":
		case "loki":
			return "its query is LogQL, for Loki: write it as a log filter in a panel of the kind Logs"
		default:
			return fmt.Sprintf("its data source is %s, and only Prometheus' queries can be carried", source.Type)
		}
	}
	return ""
}

// translate makes the plugin and the queries; it returns why that is not possible.
func (c *converter) translate(from panel, t *translated) string {
	switch from.Type {
	case "timeseries", "graph":
		t.plugin = document.Plugin{Kind: document.PluginTimeSeriesChart, Spec: timeSeries(from, t)}
	case "stat":
		t.plugin = document.Plugin{Kind: document.PluginStatChart, Spec: stat(from, t)}
	case "singlestat":
		t.plugin = singleStat(from, t)
	case "gauge":
		t.plugin = document.Plugin{Kind: document.PluginGaugeChart, Spec: gauge(from, t)}
	case "bargauge", "barchart", "piechart", "grafana-piechart-panel":
		t.plugin = document.Plugin{Kind: document.PluginBarChart, Spec: bars(from, t)}
		if strings.Contains(from.Type, "pie") {
			t.note("a pie becomes bars")
		}
	case "table", "table-old":
		t.plugin = document.Plugin{Kind: document.PluginTable, Spec: map[string]any{}}
	case "text":
		return c.text(from, t)
	case "logs":
		return "it has no filter of ours: make a panel of the kind Logs"
	case "":
		return "it says no kind"
	default:
		return fmt.Sprintf("there is no panel of the kind %s", from.Type)
	}
	return c.addQueries(from, t)
}

func (c *converter) text(from panel, t *translated) string {
	content, mode := textOption(from.Options, "content"), textOption(from.Options, "mode")
	if content == "" {
		content, mode = from.Content, from.Mode
	}
	if mode == "html" {
		t.note("its HTML is shown as far as Markdown allows it")
	}
	t.plugin = document.Plugin{Kind: document.PluginMarkdown, Spec: map[string]any{"text": c.expression(content)}}
	return ""
}

// addQueries translates the queries that are shown; it returns why there is none.
func (c *converter) addQueries(from panel, t *translated) string {
	hidden, reason := 0, ""
	for _, one := range from.Targets {
		expression := strings.TrimSpace(c.expression(string(one.Expr)))
		switch {
		case one.Hide:
			hidden++
			continue
		case expression == "" && one.Expression != "":
			t.note("the expression %s over other queries is left out", one.RefID)
			continue
		case expression == "":
			continue
		}
		spec := map[string]any{"query": expression}
		if format := c.expression(one.LegendFormat); format != "" && format != "__auto" {
			spec["seriesNameFormat"] = format
		}
		if step := strings.TrimPrefix(orElse(string(one.Interval), string(from.Interval)), ">"); validDuration(step) {
			spec["minStep"] = step
		}
		query := document.PanelQuery{Kind: document.KindTimeSeriesQuery, Spec: document.PanelQuerySpec{
			Plugin: document.Plugin{Kind: document.PluginPrometheusQuery, Spec: spec},
		}}
		alone := document.Panel{Kind: document.KindPanel, Spec: document.PanelSpec{
			Plugin: document.Plugin{Kind: document.PluginTable}, Queries: []document.PanelQuery{query},
		}}
		if err := c.sound(alone); err != nil {
			reason = fmt.Sprintf("query %s is left out: %s", orElse(one.RefID, expression), reasonOf(err))
			t.note("%s", reason)
			continue
		}
		t.queries = append(t.queries, query)
	}
	if hidden > 0 {
		t.note("hidden queries are left out")
	}
	if len(t.queries) == 0 {
		return orElse(reason, "it has no PromQL query")
	}
	return ""
}

// oldReference is Grafana's older form of a variable in a text.
var oldReference = regexp.MustCompile(`\[\[([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-z]+))?\]\]`)

// expression writes variables as ours and fills in what Grafana would ask for.
func (c *converter) expression(text string) string {
	text = oldReference.ReplaceAllStringFunc(text, func(found string) string {
		match := oldReference.FindStringSubmatch(found)
		if match[2] != "" {
			return "${" + match[1] + ":" + match[2] + "}"
		}
		return "${" + match[1] + "}"
	})
	for name, value := range c.constants {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	return text
}

// leftOut notes what a panel had beside its queries and settings.
func leftOut(from panel, t *translated) {
	for what, there := range map[string]bool{
		"transformations":       len(from.Transformations) > 0,
		"overrides of series":   len(from.FieldConfig.Overrides) > 0 || len(from.SeriesOverrides) > 0,
		"its alert":             len(from.Alert) > 0 && string(from.Alert) != "null",
		"links":                 len(from.Links) > 0,
		"names for values":      len(from.FieldConfig.Defaults.Mappings) > 0 || len(from.ValueMaps) > 0 && from.Type == "singlestat",
		"another range of time": from.TimeFrom != "" || from.TimeShift != "",
		"repeating it":          from.Repeat != "",
	} {
		if there {
			t.note("%s left out", what)
		}
	}
	sortNotes(t.notes)
}
