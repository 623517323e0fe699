package dashboards

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/dashboards/document"
	"github.com/pharos-obs/pharos/backend/dashboards/grafana"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// The formats of an import.
const (
	FormatPerses  = "perses"
	FormatGrafana = "grafana"
)

// ImportRequest is a dashboard from elsewhere.
type ImportRequest struct {
	Document any    `json:"document" doc:"The dashboard as Perses or Grafana exports it"`
	Format   string `json:"format,omitempty" enum:"perses,grafana" doc:"Found out when it is left out"`
	DryRun   bool   `json:"dry_run,omitempty" doc:"Only say what would come of it"`
}

// ImportResult is what came of an import.
type ImportResult struct {
	Dashboard *document.Dashboard `json:"dashboard" doc:"The dashboard, stored unless this was a dry run"`
	Report    []grafana.Line      `json:"report" nullable:"false" doc:"What became of each panel, and of variables that are not as they were"`
}

// Import reads a dashboard from elsewhere and stores it as a new one, or only says what would come
// of it.
func (s *Service) Import(ctx context.Context, who auth.Principal, request ImportRequest) (*ImportResult, error) {
	content, err := json.Marshal(request.Document)
	if err != nil {
		return nil, errcode.InvalidField("document", err.Error(), "send it as JSON")
	}
	format := request.Format
	if format == "" {
		format = formatOf(content)
	}
	result := &ImportResult{}
	switch format {
	case FormatPerses:
		result.Dashboard, result.Report, err = importPerses(content)
	case FormatGrafana:
		result.Dashboard, result.Report, err = grafana.Convert(content)
	default:
		err = errcode.InvalidField("document", "is neither a dashboard of Perses nor one of Grafana", "send the JSON as the other program exports it")
	}
	if err != nil {
		return nil, err
	}
	d := *result.Dashboard
	d.Metadata = document.DashboardMetadata{} // an import is always a new dashboard
	if err := s.check(&d); err != nil {
		return nil, err
	}
	result.Dashboard = &d
	if request.DryRun {
		return result, nil
	}
	result.Dashboard, err = s.Create(ctx, who, d, "imported from "+strings.ToUpper(format[:1])+format[1:])
	return result, err
}

// formatOf finds out who has made a document: Perses says its kind, Grafana has panels on the top.
func formatOf(content []byte) string {
	var head struct {
		Kind          string          `json:"kind"`
		Spec          json.RawMessage `json:"spec"`
		Panels        json.RawMessage `json:"panels"`
		Rows          json.RawMessage `json:"rows"`
		SchemaVersion json.RawMessage `json:"schemaVersion"`
		Elements      json.RawMessage `json:"elements"`
		Dashboard     json.RawMessage `json:"dashboard"`
	}
	if json.Unmarshal(content, &head) != nil {
		return ""
	}
	switch {
	case head.Kind == document.KindDashboard && head.Spec != nil:
		return FormatPerses
	case head.Panels != nil || head.Rows != nil || head.SchemaVersion != nil || head.Elements != nil || head.Dashboard != nil:
		return FormatGrafana
	}
	return ""
}

// importPerses takes a document as it is. What we do not know of it is left out or not drawn.
func importPerses(content []byte) (*document.Dashboard, []grafana.Line, error) {
	d, left, err := document.Decode(content)
	if err != nil {
		return nil, nil, err
	}
	unknown := make(map[string]string)
	report := []grafana.Line{}
	for _, one := range d.Unknown() {
		if one.Panel == "" {
			report = append(report, grafana.Line{Panel: "variable " + one.Name, Status: grafana.Partly, Message: "the kind " + one.Kind + " is kept, and has no values here"})
			continue
		}
		unknown[one.Panel] = one.Kind
	}
	for _, key := range d.PanelKeys() {
		panel, ok := d.Spec.Panels[key]
		if !ok {
			continue // the validation names the layout that refers to it
		}
		name := panel.Spec.Display.Name
		if name == "" {
			name = key
		}
		line := grafana.Line{Panel: name, Status: grafana.Carried}
		if kind := unknown[key]; kind != "" {
			line.Status, line.Message = grafana.Partly, "the kind "+kind+" is kept, and not drawn here"
		}
		report = append(report, line)
	}
	if len(left) > 0 {
		report = append(report, grafana.Line{Panel: "the document", Status: grafana.Partly, Message: "left out: " + strings.Join(left, ", ")})
	}
	return d, report, nil
}

type importInput struct{ Body ImportRequest }

type importOutput struct{ Body *ImportResult }

func (s *Service) registerImport(api huma.API) {
	huma.Register(api, operation(http.MethodPost, "/v1/dashboards/import", "import-dashboard", http.StatusOK,
		"Import a dashboard of Perses or Grafana", "It is stored as a new dashboard, unless `dry_run` is true. The report says panel by panel what could be carried over."+mayWrite), s.handleImport)
}

func (s *Service) handleImport(ctx context.Context, input *importInput) (*importOutput, error) {
	who, err := writer(ctx)
	if err != nil {
		return nil, err
	}
	result, err := s.Import(ctx, who, input.Body)
	return &importOutput{result}, err
}
