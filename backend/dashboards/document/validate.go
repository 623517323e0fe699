package document

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

const (
	maxPanels = 500
	maxName   = 200
	maxTag    = 50
	// maxQuery bounds a query's text. The longest that people write have some thousand bytes.
	maxQuery = 16 << 10
)

// Validate returns what is wrong first, with its place in the document, or nil.
func (d *Dashboard) Validate() error {
	c := checker{spec: &d.Spec, parser: query.NewParser(), variables: make(map[string]bool)}
	for _, check := range []func() error{c.head, c.checkVariables, c.panels, c.layouts} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

type checker struct {
	spec      *DashboardSpec
	parser    parser.Parser
	variables map[string]bool // the names that queries may refer to
}

func invalid(path, fix, format string, args ...any) error {
	return errcode.InvalidField(path, fmt.Sprintf(format, args...), fix)
}

func (c *checker) head() error {
	name := strings.TrimSpace(c.spec.Display.Name)
	if name == "" || len([]rune(name)) > maxName {
		return invalid("spec.display.name", "give the dashboard a name of up to 200 characters", "is empty or too long")
	}
	seen := make(map[string]bool)
	for i, tag := range c.spec.Tags {
		path := fmt.Sprintf("spec.tags[%d]", i)
		switch {
		case strings.TrimSpace(tag) == "" || len([]rune(tag)) > maxTag:
			return invalid(path, "use a word of up to 50 characters", "is empty or too long")
		case seen[tag]:
			return invalid(path, "remove one of the two", "%q is there twice", tag)
		}
		seen[tag] = true
	}
	for _, duration := range []struct{ path, value string }{
		{"spec.duration", c.spec.Duration}, {"spec.refreshInterval", c.spec.RefreshInterval},
	} {
		if err := checkDuration(duration.path, duration.value); err != nil {
			return err
		}
	}
	return nil
}

func checkDuration(path, value string) error {
	if value == "" {
		return nil
	}
	if _, err := model.ParseDuration(value); err == nil {
		return nil
	}
	if parsed, err := time.ParseDuration(value); err != nil || parsed < 0 {
		return invalid(path, "use a number and a unit, such as 30s, 5m or 1h", "%q is not a duration", value)
	}
	return nil
}

func (c *checker) panels() error {
	if len(c.spec.Panels) > maxPanels {
		return invalid("spec.panels", "spread the panels over several dashboards", "has %d panels, and %d is the limit", len(c.spec.Panels), maxPanels)
	}
	for _, key := range slices.Sorted(maps.Keys(c.spec.Panels)) {
		path := "spec.panels." + key
		if strings.TrimSpace(key) == "" || len(key) > maxName {
			return invalid("spec.panels", "give each panel a key of up to 200 characters", "has a key that is empty or too long")
		}
		if kind := c.spec.Panels[key].Kind; kind != KindPanel {
			return invalid(path+".kind", "use "+KindPanel, "%q is no kind of panel", kind)
		}
		panel := c.spec.Panels[key].Spec
		if panel.Plugin.Kind == "" {
			return invalid(path+".spec.plugin.kind", "use one of "+strings.Join(panelPlugins(), ", "), "is empty")
		}
		for i, one := range panel.Queries {
			if err := c.query(fmt.Sprintf("%s.spec.queries[%d]", path, i), one); err != nil {
				return err
			}
		}
		if panel.Plugin.Kind == PluginMarkdown {
			if _, err := panel.Plugin.Text("text"); err != nil {
				return invalid(path+".spec.plugin.spec.text", "put it in quotes", "%s", err)
			}
		}
	}
	return nil
}

func (c *checker) query(path string, one PanelQuery) error {
	plugin := one.Spec.Plugin
	wanted := map[string]string{PluginPrometheusQuery: KindTimeSeriesQuery, PluginLogQuery: KindLogQuery}[plugin.Kind]
	if wanted == "" {
		return nil // of a kind that we keep and do not draw
	}
	if one.Kind != wanted {
		return invalid(path+".kind", "use "+wanted, "%q does not go with the plugin %s", one.Kind, plugin.Kind)
	}
	path += ".spec.plugin.spec"
	text, err := plugin.Text("query")
	switch {
	case err != nil:
		return invalid(path+".query", "put it in quotes", "%s", err)
	case len(text) > maxQuery:
		return invalid(path+".query", "shorten it, or record a part of it", "is longer than %d bytes", maxQuery)
	}
	if plugin.Kind == PluginLogQuery {
		return c.logQuery(path+".query", text)
	}
	for _, name := range []string{"seriesNameFormat", "minStep"} {
		value, err := plugin.Text(name)
		if err != nil {
			return invalid(path+"."+name, "put it in quotes", "%s", err)
		}
		if name == "minStep" && len(References(value)) == 0 {
			if err := checkDuration(path+"."+name, value); err != nil {
				return err
			}
		}
	}
	return c.promQL(path+".query", text)
}

func (c *checker) promQL(path, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil // a panel that somebody is about to fill
	}
	if err := c.references(path, text); err != nil {
		return err
	}
	err := parses(text, func(text string) error {
		_, err := c.parser.ParseExpr(text)
		return err
	})
	if err != nil {
		return invalid(path, "correct the PromQL", "%s", err)
	}
	return nil
}

func (c *checker) logQuery(path, text string) error {
	if err := c.references(path, text); err != nil {
		return err
	}
	_, err := logfilter.Parse(Replace(text, func(Reference) (string, bool) { return "x", true }))
	if wrong, ok := errors.AsType[*errcode.Error](err); ok {
		return invalid(path, wrong.Fix, "%s", wrong.Message)
	}
	return err
}

// references checks that a text refers only to what there is.
func (c *checker) references(path, text string) error {
	for _, found := range References(text) {
		switch {
		case strings.HasPrefix(found.Name, "__") && !slices.Contains(BuiltIns(), found.Name):
			return invalid(path, "use one of $"+strings.Join(BuiltIns(), ", $"), "there is no $%s", found.Name)
		case !strings.HasPrefix(found.Name, "__") && !c.variables[found.Name]:
			return invalid(path, "add it to spec.variables, or correct the name", "the variable $%s is not defined", found.Name)
		case found.Format != "" && !slices.Contains(formats(), found.Format):
			return invalid(path, "use one of "+strings.Join(formats(), ", "), "there is no format %q for $%s", found.Format, found.Name)
		}
	}
	return nil
}

func (c *checker) layouts() error {
	for i, layout := range c.spec.Layouts {
		if layout.Kind != KindGrid {
			return invalid(fmt.Sprintf("spec.layouts[%d].kind", i), "use "+KindGrid, "%q is no kind of layout", layout.Kind)
		}
		for j, item := range layout.Spec.Items {
			path := fmt.Sprintf("spec.layouts[%d].spec.items[%d]", i, j)
			if item.X < 0 || item.Y < 0 || item.Width < 1 || item.Height < 1 {
				return invalid(path, "use x and y of at least 0, width and height of at least 1", "is outside of the grid")
			}
			if item.X+item.Width > Columns {
				return invalid(path+".width", "make it narrower, or move it to the left",
					"the panel ends at column %d of %d", item.X+item.Width, Columns)
			}
			if _, ok := c.spec.Panels[item.Content.Key()]; !ok {
				return invalid(path+".content.$ref", "use #/spec/panels/ and the key of a panel", "%q is no panel of the dashboard", item.Content.Ref)
			}
		}
	}
	return nil
}

// refPrefix begins every reference to a panel.
const refPrefix = "#/spec/panels/"

// RefTo returns the reference to the panel of a key.
func RefTo(key string) PanelRef {
	return PanelRef{Ref: refPrefix + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)}
}

// Key returns the key of the panel that is referred to; empty when it is no such reference.
func (r PanelRef) Key() string {
	key, ok := strings.CutPrefix(r.Ref, refPrefix)
	if !ok {
		return ""
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
}

// CheckPromQL says what is wrong with a PromQL query with variables, whatever their values; nil
// when it can be parsed.
func CheckPromQL(text string) error {
	c := checker{parser: query.NewParser()}
	return parses(text, func(text string) error {
		_, err := c.parser.ParseExpr(text)
		return err
	})
}

// CheckSelector says what is wrong with a series selector with variables.
func CheckSelector(text string) error {
	c := checker{parser: query.NewParser()}
	return parses(text, c.parseSelector)
}
