package grafana

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pharos-obs/pharos/backend/dashboards/document"
)

// labelValues is Grafana's query for the values of a label, of all series or of those of a
// selector.
var labelValues = regexp.MustCompile(`^label_values\(\s*(?:(.+),)?\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\)$`)

// addVariables translates the variables. Ours refer to those before them, Grafana's to any: one
// that cannot be taken yet is tried again after the others.
func (c *converter) addVariables(all []variable) {
	for len(all) > 0 {
		var again []variable
		for _, one := range all {
			if err := c.addVariable(one); err != nil {
				again = append(again, one)
			}
		}
		if len(again) == len(all) {
			for _, one := range again {
				c.say("variable "+one.Name, Dropped, "it would not be valid: %s", reasonOf(c.addVariable(one)))
			}
			return
		}
		all = again
	}
}

// addVariable translates a variable; the report has a line for one that is not as it was. An
// error says that it is not valid among those that there are.
func (c *converter) addVariable(from variable) error {
	name := "variable " + from.Name
	spec := document.VariableSpec{Name: from.Name}
	if from.Label != "" || from.Hide == hideVariable {
		spec.Display = &document.VariableDisplay{Name: cut(from.Label, 200), Hidden: from.Hide == hideVariable}
	}
	kind, message := document.KindListVariable, ""
	switch from.Type {
	case "datasource":
		return nil // there is one
	case "query":
		spec.Plugin, message = c.queryVariable(from, &spec)
	case "custom", "interval":
		spec.Plugin = static(c.choices(from))
	case "textbox", "constant":
		kind = document.KindTextVariable
		spec.Value, spec.Constant = cut(c.textValue(from), 1000), from.Type == "constant"
	default:
		c.say(name, Dropped, "there is no variable of the type %s", from.Type)
		return nil
	}
	if kind == document.KindListVariable {
		if spec.Plugin == nil {
			c.say(name, Dropped, "%s", message)
			return nil
		}
		spec.AllowMultiple, spec.AllowAllValue, spec.CustomAllValue = from.Multi, from.IncludeAll, cut(string(from.AllValue), 1000)
		spec.DefaultValue = defaultOf(from)
	}
	made := document.Variable{Kind: kind, Spec: spec}
	alone := document.Dashboard{Spec: document.DashboardSpec{
		Display: document.Display{Name: "x"}, Variables: append(slices.Clone(c.dashboard.Spec.Variables), made),
	}}
	alone.Normalize()
	if err := alone.Validate(); err != nil {
		return err
	}
	c.dashboard.Spec.Variables = append(c.dashboard.Spec.Variables, made)
	if message != "" {
		c.say(name, Partly, "%s", message)
	}
	return nil
}

// hideVariable is Grafana's value for a variable that is not shown at all.
const hideVariable = 2

// queryVariable translates label_values; of other queries it keeps the values of the export.
func (c *converter) queryVariable(from variable, spec *document.VariableSpec) (plugin *document.Plugin, message string) {
	query := c.expression(strings.TrimSpace(queryOf(from)))
	spec.Sort = sortOf(int(from.Sort))
	pattern := strings.TrimSuffix(strings.TrimPrefix(from.Regex, "/"), "/")
	if _, err := regexp.Compile(pattern); err != nil {
		message = "its regular expression is left out: " + err.Error()
	} else if !strings.Contains(pattern, "(?<") {
		spec.CapturingRegexp = cut(pattern, 1000)
	}
	if match := labelValues.FindStringSubmatch(query); match != nil {
		settings := map[string]any{"labelName": match[2]}
		if selector := strings.TrimSpace(match[1]); selector != "" {
			settings["matchers"] = []any{selector}
		}
		return &document.Plugin{Kind: document.PluginLabelValues, Spec: settings}, message
	}
	spec.CapturingRegexp = ""
	kept := c.choices(from)
	if len(kept) == 0 {
		return nil, fmt.Sprintf("its query %q is not label_values(...), and the document has no values of it", query)
	}
	return static(kept), fmt.Sprintf("its query %q is not label_values(...): it has the values of the export", query)
}

// queryOf reads the query, which is a text or an object that has one.
func queryOf(from variable) string {
	var plain string
	if json.Unmarshal(from.Query, &plain) == nil && plain != "" {
		return plain
	}
	var object struct {
		Query string `json:"query"`
	}
	if json.Unmarshal(from.Query, &object) == nil && object.Query != "" {
		return object.Query
	}
	return from.Definition
}

func sortOf(sort int) string {
	names := []string{"", "alphabetical-asc", "alphabetical-desc", "numerical-asc", "numerical-desc", "alphabetical-ci-asc", "alphabetical-ci-desc"}
	if sort < 0 || sort >= len(names) {
		return ""
	}
	return names[sort]
}

// choice is a value of a list, and what people read instead.
type choice struct{ value, label string }

// choices returns the values that a document lists: its options, its query "1m,5m" or "a : 1, b : 2",
// or the current ones.
func (c *converter) choices(from variable) []choice {
	var all []choice
	for _, one := range from.Options {
		value := string(one.Value)
		if value == document.AllValues || strings.HasPrefix(value, "$__auto") || value == "" {
			continue
		}
		all = append(all, choice{value: value, label: string(one.Text)})
	}
	var query string
	if len(all) == 0 && from.Type != "query" && json.Unmarshal(from.Query, &query) == nil {
		for part := range strings.SplitSeq(query, ",") {
			label, value, named := strings.Cut(part, " : ")
			if !named {
				value = label
			}
			if value = strings.TrimSpace(value); value != "" && value != "auto" {
				all = append(all, choice{value: value, label: strings.TrimSpace(label)})
			}
		}
	}
	for _, value := range from.Current.Value {
		if len(all) == 0 && value != document.AllValues && value != "" {
			all = append(all, choice{value: value, label: value})
		}
	}
	return all
}

func static(choices []choice) *document.Plugin {
	values := make([]any, 0, len(choices))
	for _, one := range choices {
		if one.label == "" || one.label == one.value {
			values = append(values, one.value)
			continue
		}
		values = append(values, map[string]any{"value": one.value, "label": one.label})
	}
	return &document.Plugin{Kind: document.PluginStaticList, Spec: map[string]any{"values": values}}
}

// textValue returns what a text or a constant is.
func (c *converter) textValue(from variable) string {
	if query := queryOf(from); query != "" {
		return c.expression(query)
	}
	if len(from.Current.Value) > 0 {
		return from.Current.Value[0]
	}
	return ""
}

// defaultOf returns the value that was chosen when the dashboard was exported.
func defaultOf(from variable) *document.Value {
	values := from.Current.Value
	switch {
	case len(values) == 0 || values[0] == "" || strings.HasPrefix(values[0], "$__auto"):
		return nil
	case values[0] == document.AllValues && !from.IncludeAll:
		return nil
	case from.Multi && len(values) > 1:
		return &document.Value{List: values}
	}
	return document.One(values[0])
}
