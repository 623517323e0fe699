package grafana

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/pharos-obs/pharos/backend/dashboards/document"
)

// format returns the format of values, and notes a unit that we do not know.
func format(name string, decimals *number, t *translated) map[string]any {
	made := map[string]any{}
	if known, ok := unit(name); !ok {
		t.note("the unit %s is not known", name)
	} else if known != "" {
		made["unit"] = known
	}
	if places, ok := floatOf(decimals); ok {
		made["decimalPlaces"] = places
	}
	return made
}

// setNonEmpty sets a member unless its value says nothing.
func setNonEmpty(spec map[string]any, name string, value map[string]any) {
	if len(value) > 0 {
		spec[name] = value
	}
}

func setNumber(spec map[string]any, name string, value *number) {
	if set, ok := floatOf(value); ok {
		spec[name] = set
	}
}

func timeSeries(from panel, t *translated) map[string]any {
	if from.Type == "graph" {
		return oldGraph(from, t)
	}
	defaults, custom := from.FieldConfig.Defaults, from.FieldConfig.Defaults.Custom
	axis, visual, spec := map[string]any{}, map[string]any{}, map[string]any{}
	setNonEmpty(axis, "format", format(defaults.Unit, defaults.Decimals, t))
	setNumber(axis, "min", defaults.Min)
	setNumber(axis, "max", defaults.Max)
	if custom.ScaleDistribution.Type == "log" {
		axis["logBase"] = max(float64(custom.ScaleDistribution.Log), 2)
	}
	if custom.DrawStyle == "bars" {
		visual["display"] = "bar"
	}
	if custom.FillOpacity > 0 {
		visual["areaOpacity"] = float64(custom.FillOpacity) / 100
	}
	switch custom.Stacking.Mode {
	case "normal":
		visual["stack"] = "all"
	case "percent":
		visual["stack"] = "percent"
	}
	setNonEmpty(spec, "yAxis", axis)
	setNonEmpty(spec, "visual", visual)
	mode, shown := textOption(from.Options, "legend", "displayMode"), option(from.Options, "legend", "showLegend")
	if mode != "hidden" && shown != false {
		spec["legend"] = map[string]any{"mode": orElse(mode, "list"), "position": orElse(textOption(from.Options, "legend", "placement"), "bottom")}
	}
	if style := custom.ThresholdsStyle.Mode; style != "" && style != "off" {
		setNonEmpty(spec, "thresholds", thresholds(from))
	}
	return spec
}

// oldGraph reads a graph as it was before Grafana 8.
func oldGraph(from panel, t *translated) map[string]any {
	axis, visual, spec := map[string]any{}, map[string]any{}, map[string]any{}
	if len(from.Yaxes) > 0 {
		left := from.Yaxes[0]
		setNonEmpty(axis, "format", format(left.Format, from.Decimals, t))
		setNumber(axis, "min", left.Min)
		setNumber(axis, "max", left.Max)
		if left.LogBase > 1 {
			axis["logBase"] = float64(left.LogBase)
		}
	}
	if from.Bars {
		visual["display"] = "bar"
	}
	if from.Fill > 0 && (from.Lines == nil || *from.Lines) {
		visual["areaOpacity"] = min(float64(from.Fill)/10, 1)
	}
	if from.Stack {
		visual["stack"] = "all"
		if from.Percentage {
			visual["stack"] = "percent"
		}
	}
	setNonEmpty(spec, "yAxis", axis)
	setNonEmpty(spec, "visual", visual)
	if from.Legend == nil || from.Legend.Show {
		legend := map[string]any{"mode": "list", "position": "bottom"}
		if from.Legend != nil && from.Legend.AlignAsTable {
			legend["mode"] = "table"
		}
		if from.Legend != nil && from.Legend.RightSide {
			legend["position"] = "right"
		}
		spec["legend"] = legend
	}
	if len(from.Thresholds) > 0 && string(from.Thresholds) != "[]" && string(from.Thresholds) != "null" {
		t.note("thresholds of an old graph left out")
	}
	return spec
}

// reduced returns what stat, gauge and bars have in common.
func reduced(from panel, t *translated) map[string]any {
	defaults := from.FieldConfig.Defaults
	spec := map[string]any{"calculation": "last"}
	if calcs, ok := option(from.Options, "reduceOptions", "calcs").([]any); ok && len(calcs) > 0 {
		if name, ok := calcs[0].(string); ok {
			spec["calculation"] = calculation(name)
		}
	}
	setNonEmpty(spec, "format", format(defaults.Unit, defaults.Decimals, t))
	return spec
}

func stat(from panel, t *translated) map[string]any {
	spec := reduced(from, t)
	if textOption(from.Options, "graphMode") != "none" {
		spec["sparkline"] = map[string]any{}
	}
	setNonEmpty(spec, "thresholds", thresholds(from))
	return spec
}

func gauge(from panel, t *translated) map[string]any {
	spec := reduced(from, t)
	setNumber(spec, "max", from.FieldConfig.Defaults.Max)
	setNonEmpty(spec, "thresholds", thresholds(from))
	return spec
}

func bars(from panel, t *translated) map[string]any {
	spec := reduced(from, t)
	spec["sort"] = "desc"
	return spec
}

// singleStat reads the predecessor of stat and gauge.
func singleStat(from panel, t *translated) document.Plugin {
	spec := map[string]any{"calculation": calculation(from.ValueName)}
	setNonEmpty(spec, "format", format(string(from.Format), from.Decimals, t))
	setNonEmpty(spec, "thresholds", oldThresholds(from))
	if from.Gauge.Show {
		setNumber(spec, "max", from.Gauge.MaxValue)
		return document.Plugin{Kind: document.PluginGaugeChart, Spec: spec}
	}
	if from.Sparkline.Show {
		spec["sparkline"] = map[string]any{}
	}
	return document.Plugin{Kind: document.PluginStatChart, Spec: spec}
}

// thresholds returns the steps; the one without a value is the colour below all of them.
func thresholds(from panel) map[string]any {
	set := from.FieldConfig.Defaults.Thresholds
	if set == nil {
		return nil
	}
	made, steps := map[string]any{}, []any{}
	for _, step := range set.Steps {
		value, ok := floatOf(step.Value)
		if !ok {
			made["defaultColor"] = step.Color
			continue
		}
		steps = append(steps, map[string]any{"value": value, "color": step.Color})
	}
	if len(steps) == 0 {
		return nil
	}
	made["steps"] = steps
	if set.Mode == "percentage" {
		made["mode"] = "percent"
	}
	return made
}

// oldThresholds reads "80,90" and three colours.
func oldThresholds(from panel) map[string]any {
	var text string
	if json.Unmarshal(from.Thresholds, &text) != nil || text == "" {
		return nil
	}
	steps := []any{}
	for i, part := range strings.Split(text, ",") {
		value, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return nil
		}
		step := map[string]any{"value": value}
		if i+1 < len(from.Colors) {
			step["color"] = plainColour(from.Colors[i+1])
		}
		steps = append(steps, step)
	}
	made := map[string]any{"steps": steps}
	if len(from.Colors) > 0 {
		made["defaultColor"] = plainColour(from.Colors[0])
	}
	return made
}

// plainColour leaves names and #rrggbb as they are; rgba(...) becomes the latter.
func plainColour(text string) string {
	inside, ok := strings.CutPrefix(text, "rgba(")
	if !ok {
		return text
	}
	parts := strings.Split(strings.TrimSuffix(inside, ")"), ",")
	rgb := make([]byte, 0, 3)
	for _, part := range parts[:min(3, len(parts))] {
		value, err := strconv.ParseUint(strings.TrimSpace(part), 10, 8)
		if err != nil {
			return ""
		}
		rgb = append(rgb, byte(value))
	}
	return "#" + hex.EncodeToString(rgb)
}

// sortNotes puts notes into an order that does not change from one import to the next.
func sortNotes(notes []string) { slices.Sort(notes) }
