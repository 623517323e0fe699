// Package grafana translates Grafana's dashboards into documents in Perses' shape, and says of each
// panel what could and could not be carried over. It reads the classic model (schema versions up
// to 41: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/),
// with rows and panels as they were before version 16 too.
package grafana

import (
	"encoding/json"
	"strconv"
	"strings"
)

// board is what is read of a Grafana dashboard. Members whose form changed over the years are
// read by their own types below.
type board struct {
	Title         string          `json:"title"`
	Description   string          `json:"description"`
	Tags          []string        `json:"tags"`
	SchemaVersion int             `json:"schemaVersion"`
	Refresh       text            `json:"refresh"`
	Time          timeRange       `json:"time"`
	Templating    templating      `json:"templating"`
	Annotations   annotations     `json:"annotations"`
	Links         []any           `json:"links"`
	Panels        []panel         `json:"panels"`
	Rows          []row           `json:"rows"` // until schema version 15
	Inputs        []input         `json:"__inputs"`
	Elements      json.RawMessage `json:"elements"` // schema 2, which is another format
}

type timeRange struct {
	From text `json:"from"`
	To   text `json:"to"`
}

type templating struct {
	List []variable `json:"list"`
}

type annotations struct {
	List []struct {
		Name    string `json:"name"`
		BuiltIn number `json:"builtIn"`
	} `json:"list"`
}

// input is a value that Grafana asks for when it imports a shared dashboard.
type input struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	PluginID string `json:"pluginId"`
	Value    text   `json:"value"`
}

// row is a row of panels as it was until schema version 15: twelve columns, heights in pixels.
type row struct {
	Title     string  `json:"title"`
	ShowTitle bool    `json:"showTitle"`
	Collapse  bool    `json:"collapse"`
	Height    text    `json:"height"`
	Repeat    text    `json:"repeat"`
	Panels    []panel `json:"panels"`
}

type gridPos struct {
	X number `json:"x"`
	Y number `json:"y"`
	W number `json:"w"`
	H number `json:"h"`
}

type panel struct {
	ID              number         `json:"id"`
	Type            string         `json:"type"`
	Title           string         `json:"title"`
	Description     string         `json:"description"`
	GridPos         *gridPos       `json:"gridPos"`
	Span            number         `json:"span"`
	Height          text           `json:"height"`
	Datasource      datasource     `json:"datasource"`
	Targets         []target       `json:"targets"`
	Interval        text           `json:"interval"`
	FieldConfig     fieldConfig    `json:"fieldConfig"`
	Options         map[string]any `json:"options"`
	Transformations []struct {
		ID string `json:"id"`
	} `json:"transformations"`
	Repeat       text            `json:"repeat"`
	Alert        json.RawMessage `json:"alert"`
	LibraryPanel *struct {
		Name string `json:"name"`
	} `json:"libraryPanel"`
	Links     []any   `json:"links"`
	TimeFrom  text    `json:"timeFrom"`
	TimeShift text    `json:"timeShift"`
	Collapsed bool    `json:"collapsed"`
	Panels    []panel `json:"panels"` // of a row that is folded

	// What panels had before fieldConfig and options.
	Content    string          `json:"content"`
	Mode       string          `json:"mode"` // of a text
	Format     text            `json:"format"`
	ValueName  string          `json:"valueName"`
	Thresholds json.RawMessage `json:"thresholds"`
	Colors     []string        `json:"colors"`
	Decimals   *number         `json:"decimals"`
	Sparkline  struct {
		Show bool `json:"show"`
	} `json:"sparkline"`
	Gauge struct {
		Show     bool    `json:"show"`
		MaxValue *number `json:"maxValue"`
	} `json:"gauge"`
	Yaxes           []yaxis `json:"yaxes"`
	Stack           bool    `json:"stack"`
	Percentage      bool    `json:"percentage"`
	Bars            bool    `json:"bars"`
	Lines           *bool   `json:"lines"`
	Fill            number  `json:"fill"`
	Legend          *legend `json:"legend"`
	SeriesOverrides []any   `json:"seriesOverrides"`
	ValueMaps       []any   `json:"valueMaps"`
}

type yaxis struct {
	Format  string  `json:"format"`
	Min     *number `json:"min"`
	Max     *number `json:"max"`
	LogBase number  `json:"logBase"`
}

type legend struct {
	Show         bool `json:"show"`
	AlignAsTable bool `json:"alignAsTable"`
	RightSide    bool `json:"rightSide"`
	Values       bool `json:"values"`
	Current      bool `json:"current"`
	Max          bool `json:"max"`
	Min          bool `json:"min"`
	Avg          bool `json:"avg"`
	Total        bool `json:"total"`
}

type target struct {
	RefID        string     `json:"refId"`
	Datasource   datasource `json:"datasource"`
	Expr         text       `json:"expr"`
	Expression   string     `json:"expression"`
	Type         string     `json:"type"`
	LegendFormat string     `json:"legendFormat"`
	Interval     text       `json:"interval"`
	Hide         bool       `json:"hide"`
}

type fieldConfig struct {
	Defaults struct {
		Unit       string  `json:"unit"`
		Decimals   *number `json:"decimals"`
		Min        *number `json:"min"`
		Max        *number `json:"max"`
		Mappings   []any   `json:"mappings"`
		Thresholds *struct {
			Mode  string `json:"mode"`
			Steps []struct {
				Color string  `json:"color"`
				Value *number `json:"value"`
			} `json:"steps"`
		} `json:"thresholds"`
		Custom struct {
			DrawStyle   string `json:"drawStyle"`
			FillOpacity number `json:"fillOpacity"`
			Stacking    struct {
				Mode string `json:"mode"`
			} `json:"stacking"`
			ScaleDistribution struct {
				Type string `json:"type"`
				Log  number `json:"log"`
			} `json:"scaleDistribution"`
			ThresholdsStyle struct {
				Mode string `json:"mode"`
			} `json:"thresholdsStyle"`
		} `json:"custom"`
	} `json:"defaults"`
	Overrides []any `json:"overrides"`
}

type variable struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Label      string          `json:"label"`
	Query      json.RawMessage `json:"query"`
	Definition string          `json:"definition"`
	Datasource datasource      `json:"datasource"`
	Regex      string          `json:"regex"`
	Sort       number          `json:"sort"`
	Hide       number          `json:"hide"`
	Multi      bool            `json:"multi"`
	IncludeAll bool            `json:"includeAll"`
	AllValue   text            `json:"allValue"`
	Current    struct {
		Value texts `json:"value"`
	} `json:"current"`
	Options []struct {
		Text  text `json:"text"`
		Value text `json:"value"`
	} `json:"options"`
}

// datasource is where a query goes: a name in old dashboards, type and id in new ones.
type datasource struct {
	Name string
	Type string
}

// UnmarshalJSON implements json.Unmarshaler. A form that nobody knows is no data source.
func (d *datasource) UnmarshalJSON(content []byte) error {
	var object struct {
		Type string `json:"type"`
		UID  string `json:"uid"`
	}
	if json.Unmarshal(content, &object) == nil {
		d.Type, d.Name = object.Type, object.UID
		return nil
	}
	_ = json.Unmarshal(content, &d.Name) // what is neither stays empty
	return nil
}

// text is a text that may be written as a number, a truth value or null.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(content []byte) error {
	var value any
	if err := json.Unmarshal(content, &value); err != nil {
		return err
	}
	switch value := value.(type) {
	case string:
		*t = text(value)
	case float64:
		*t = text(strconv.FormatFloat(value, 'f', -1, 64))
	}
	return nil
}

// texts is one text or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(content []byte) error {
	var many []text
	if json.Unmarshal(content, &many) == nil {
		for _, one := range many {
			*t = append(*t, string(one))
		}
		return nil
	}
	var one text
	if err := one.UnmarshalJSON(content); err != nil {
		return err
	}
	*t = texts{string(one)}
	return nil
}

// number is a number that may be written as a text or null.
type number float64

// UnmarshalJSON implements json.Unmarshaler. What is no number stays 0.
func (n *number) UnmarshalJSON(content []byte) error {
	parsed, err := strconv.ParseFloat(strings.Trim(string(content), `"`), 64)
	if err == nil {
		*n = number(parsed)
	}
	return nil
}

// option returns a member of nested objects; nil when it is not there.
func option(options map[string]any, path ...string) any {
	var value any = options
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

func textOption(options map[string]any, path ...string) string {
	value, _ := option(options, path...).(string)
	return value
}
