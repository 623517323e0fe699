package document

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// checkVariables checks the variables in their order: one may refer to those before it.
func (c *checker) checkVariables() error {
	for i, variable := range c.spec.Variables {
		path := fmt.Sprintf("spec.variables[%d].spec", i)
		spec := variable.Spec
		switch {
		case !IsVariableName(spec.Name) || strings.HasPrefix(spec.Name, "__"):
			return invalid(path+".name", "use letters, digits and underscores, and begin with a letter", "%q is not a name for a variable", spec.Name)
		case c.variables[spec.Name]:
			return invalid(path+".name", "give one of the two another name", "%q is there twice", spec.Name)
		}
		var err error
		switch variable.Kind {
		case KindListVariable:
			err = c.listVariable(path, spec)
		case KindTextVariable:
			err = c.textVariable(path, spec)
		default:
			err = invalid(fmt.Sprintf("spec.variables[%d].kind", i), "use ListVariable or TextVariable", "%q is no kind of variable", variable.Kind)
		}
		if err != nil {
			return err
		}
		c.variables[spec.Name] = true
	}
	return nil
}

func (*checker) textVariable(path string, spec VariableSpec) error {
	for name, set := range map[string]bool{
		"plugin": spec.Plugin != nil, "defaultValue": spec.DefaultValue != nil,
		"allowMultiple": spec.AllowMultiple, "allowAllValue": spec.AllowAllValue,
	} {
		if set {
			return invalid(path+"."+name, "remove it, or use the kind ListVariable", "does not go with a TextVariable")
		}
	}
	return nil
}

func (c *checker) listVariable(path string, spec VariableSpec) error {
	switch {
	case spec.Value != "" || spec.Constant:
		return invalid(path+".value", "remove value and constant, or use the kind TextVariable", "does not go with a ListVariable")
	case spec.Plugin == nil:
		return invalid(path+".plugin", "add a PrometheusLabelValuesVariable or a StaticListVariable", "is missing")
	case spec.DefaultValue != nil && !spec.DefaultValue.Single && !spec.AllowMultiple:
		return invalid(path+".defaultValue", "use one text, or set allowMultiple", "is a list, and the variable takes one value")
	}
	if _, err := regexp.Compile(spec.CapturingRegexp); err != nil {
		return invalid(path+".capturingRegexp", "correct the regular expression", "%s", err)
	}
	switch spec.Plugin.Kind {
	case PluginLabelValues:
		return c.labelValues(path+".plugin.spec", *spec.Plugin)
	case PluginStaticList:
		return staticList(path+".plugin.spec.values", spec.Plugin.Spec["values"])
	}
	return nil
}

func (c *checker) labelValues(path string, plugin Plugin) error {
	label, err := plugin.Text("labelName")
	if err != nil || strings.TrimSpace(label) == "" {
		return invalid(path+".labelName", "name the label whose values can be chosen", "is empty or no text")
	}
	matchers, ok := plugin.Spec["matchers"].([]any)
	if !ok && plugin.Spec["matchers"] != nil {
		return invalid(path+".matchers", `use a list of selectors, such as ["up{job=\"api\"}"]`, "is not a list")
	}
	for i, matcher := range matchers {
		at := fmt.Sprintf("%s.matchers[%d]", path, i)
		text, ok := matcher.(string)
		if !ok {
			return invalid(at, "put it in quotes", "is a %s", jsonType(matcher))
		}
		if err := c.references(at, text); err != nil {
			return err
		}
		if err := parses(text, c.parseSelector); err != nil {
			return invalid(at, "correct the selector", "%s", err)
		}
	}
	return nil
}

func (c *checker) parseSelector(text string) error {
	_, err := c.parser.ParseMetricSelector(text)
	return err
}

// staticList checks the values of a list: texts, or objects with value and label.
func staticList(path string, values any) error {
	list, ok := values.([]any)
	if !ok {
		return invalid(path, `use a list of texts, such as ["eu", "us"]`, "is not a list")
	}
	for i, entry := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		object, isObject := entry.(map[string]any)
		if isObject {
			_, hasLabel := object["label"]
			allowed := 1
			if hasLabel {
				allowed = 2
			}
			_, isText := object["value"].(string)
			if label, ok := object["label"]; ok && isText {
				_, isText = label.(string)
			}
			if !isText || len(object) != allowed {
				return invalid(at, "use a text, or an object with the texts value and label", "has other members, or ones that are no text")
			}
			continue
		}
		if _, ok := entry.(string); !ok {
			return invalid(at, "put it in quotes", "is a %s", jsonType(entry))
		}
	}
	return nil
}

// Unknown is a part of a document whose kind is kept and not drawn.
type Unknown struct {
	Panel string // key of the panel; empty for a variable
	Name  string // what people call the panel, or name of the variable
	Kind  string
}

// Unknown returns the plugins of kinds that are kept and not drawn.
func (d *Dashboard) Unknown() []Unknown {
	var all []Unknown
	for _, variable := range d.Spec.Variables {
		if plugin := variable.Spec.Plugin; plugin != nil && plugin.Kind != PluginLabelValues && plugin.Kind != PluginStaticList {
			all = append(all, Unknown{Name: variable.Spec.Name, Kind: plugin.Kind})
		}
	}
	for _, key := range d.PanelKeys() {
		panel := d.Spec.Panels[key].Spec
		if !slices.Contains(panelPlugins(), panel.Plugin.Kind) {
			all = append(all, Unknown{Panel: key, Name: panel.Display.Name, Kind: panel.Plugin.Kind})
		}
		for _, query := range panel.Queries {
			if kind := query.Spec.Plugin.Kind; kind != PluginPrometheusQuery && kind != PluginLogQuery {
				all = append(all, Unknown{Panel: key, Name: panel.Display.Name, Kind: kind})
			}
		}
	}
	return all
}

// panelPlugins are the kinds of panels that are drawn.
func panelPlugins() []string {
	return []string{
		PluginTimeSeriesChart, PluginStatChart, PluginGaugeChart, PluginTable, PluginBarChart, PluginLogsTable, PluginMarkdown,
	}
}

// PanelKeys returns the keys of the panels in the order of the layouts; those on no layout
// follow by name.
func (d *Dashboard) PanelKeys() []string {
	var keys []string
	for _, layout := range d.Spec.Layouts {
		items := slices.Clone(layout.Spec.Items)
		slices.SortStableFunc(items, func(a, b GridItem) int {
			if a.Y != b.Y {
				return a.Y - b.Y
			}
			return a.X - b.X
		})
		for _, item := range items {
			if key := item.Content.Key(); !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	rest := make([]string, 0, len(d.Spec.Panels))
	for key := range d.Spec.Panels {
		if !slices.Contains(keys, key) {
			rest = append(rest, key)
		}
	}
	slices.Sort(rest)
	return append(keys, rest...)
}
