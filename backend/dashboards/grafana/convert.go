package grafana

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pharos-obs/pharos/backend/dashboards/document"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// Status says how much of a panel was carried over.
type Status string

// The statuses, from all of it to nothing.
const (
	Carried Status = "carried"
	Partly  Status = "partly"
	Dropped Status = "dropped"
)

// Line is what the report says of a panel, or of a variable that is not as it was.
type Line struct {
	Panel   string `json:"panel" doc:"Title of the panel" example:"Requests"`
	Status  Status `json:"status" enum:"carried,partly,dropped"`
	Message string `json:"message,omitempty" doc:"What was left out, and why" example:"transformations are left out"`
}

// Convert translates a dashboard. The document passes its validation; what would not is left out,
// and the report says so. It fails when the content is no dashboard of Grafana.
func Convert(content []byte) (*document.Dashboard, []Line, error) {
	read, err := decode(content)
	if err != nil {
		return nil, nil, err
	}
	c := converter{board: read, constants: constantsOf(read.Inputs)}
	spec := &c.dashboard.Spec
	spec.Display = document.Display{Name: cut(orElse(strings.TrimSpace(read.Title), "Imported dashboard"), 200), Description: cut(read.Description, 4000)}
	spec.Tags = tagsOf(read.Tags)
	spec.Panels = map[string]document.Panel{}
	spec.Duration = durationOf(read.Time)
	if refresh := string(read.Refresh); validDuration(refresh) {
		spec.RefreshInterval = refresh
	}
	c.addVariables(read.Templating.List)
	c.addPanels(read.Panels)
	for _, row := range read.Rows {
		c.addRow(row)
	}
	c.dashboard.Normalize()
	if err := c.dashboard.Validate(); err != nil {
		return nil, nil, err
	}
	return &c.dashboard, c.report, nil
}

func decode(content []byte) (*board, error) {
	// The API of Grafana wraps a dashboard.
	var wrapped struct {
		Dashboard json.RawMessage `json:"dashboard"`
	}
	if err := json.Unmarshal(content, &wrapped); err == nil && len(wrapped.Dashboard) > 0 && wrapped.Dashboard[0] == '{' {
		content = wrapped.Dashboard
	}
	read := &board{}
	if err := json.Unmarshal(content, read); err != nil {
		return nil, errcode.InvalidField("document", "cannot be read as a dashboard of Grafana: "+err.Error(), "export it anew: Share, Export, Save to file")
	}
	if len(read.Elements) > 0 {
		return nil, errcode.InvalidField("document", "is in Grafana's new schema (version 2)", "export it in the classic model (V1)")
	}
	if read.Panels == nil && read.Rows == nil {
		return nil, errcode.InvalidField("document", "has no panels", "send the JSON model of a dashboard, as Grafana exports it")
	}
	return read, nil
}

// converter holds what was translated so far.
type converter struct {
	board     *board
	dashboard document.Dashboard
	report    []Line
	constants map[string]string // what Grafana would ask for at an import
	count     int
	top       int // where the current layout begins on Grafana's grid
}

func (c *converter) say(name string, status Status, format string, args ...any) {
	c.report = append(c.report, Line{Panel: name, Status: status, Message: fmt.Sprintf(format, args...)})
}

// layout returns the current layout, which is made when there is none.
func (c *converter) layout() *document.LayoutSpec {
	layouts := &c.dashboard.Spec.Layouts
	if len(*layouts) == 0 {
		*layouts = append(*layouts, document.Layout{Kind: document.KindGrid})
	}
	return &(*layouts)[len(*layouts)-1].Spec
}

// beginLayout begins a layout with a heading, below a place on Grafana's grid.
func (c *converter) beginLayout(title string, folded bool, top int) {
	display := &document.LayoutDisplay{Title: cut(orElse(strings.TrimSpace(title), "Row"), 200), Collapse: &document.Collapse{Open: !folded}}
	c.dashboard.Spec.Layouts = append(c.dashboard.Spec.Layouts, document.Layout{Kind: document.KindGrid, Spec: document.LayoutSpec{Display: display}})
	c.top = top
}

func (c *converter) addPanels(panels []panel) {
	for _, one := range panels {
		if one.Type != "row" {
			c.addPanel(one, c.place(one))
			continue
		}
		top := 0
		if one.GridPos != nil {
			top = int(one.GridPos.Y) + 1
		}
		if len(one.Panels) > 0 {
			top = topOf(one.Panels)
		}
		c.beginLayout(one.Title, one.Collapsed, top)
		if one.Repeat != "" {
			c.say(orElse(one.Title, "Row"), Partly, "the row is there once: repeating it for the values of %s is left out", one.Repeat)
		}
		c.addPanels(one.Panels)
	}
}

func topOf(panels []panel) int {
	top := 1 << 30
	for _, one := range panels {
		if one.GridPos != nil {
			top = min(top, int(one.GridPos.Y))
		}
	}
	return top % (1 << 30)
}

// place returns where a panel is in the current layout.
func (c *converter) place(one panel) document.GridItem {
	if one.GridPos == nil {
		return c.flow(8, 8)
	}
	at := one.GridPos
	width := max(1, min(int(at.W), document.Columns))
	return document.GridItem{
		X: max(0, min(int(at.X), document.Columns-width)), Y: max(0, min(int(at.Y)-c.top, 10_000)),
		Width: width, Height: max(1, min(int(at.H), 1000)),
	}
}

// addRow translates a row as it was until schema version 15: panels one after the other, twelve
// columns wide.
func (c *converter) addRow(from row) {
	if from.ShowTitle || from.Collapse || len(c.board.Rows) > 1 {
		c.beginLayout(from.Title, from.Collapse, 0)
	}
	for _, one := range from.Panels {
		width := 2 * int(one.Span)
		if width <= 0 {
			width = document.Columns / max(1, len(from.Panels))
		}
		c.addPanel(one, c.flow(width, rowHeight(orElse(string(one.Height), string(from.Height)))))
	}
}

// flow returns the place after the last panel of the layout, on the same line when there is room.
func (c *converter) flow(width, height int) document.GridItem {
	width = max(1, min(width, document.Columns))
	item := document.GridItem{Width: width, Height: height}
	items := c.layout().Items
	if len(items) == 0 {
		return item
	}
	last := items[len(items)-1]
	if item.X, item.Y = last.X+last.Width, last.Y; item.X+width > document.Columns {
		item.X, item.Y = 0, 0
		for _, other := range items {
			item.Y = max(item.Y, other.Y+other.Height)
		}
	}
	return item
}
