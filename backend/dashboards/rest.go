package dashboards

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/dashboards/document"
)

// maxBody bounds the body of a request. Grafana's documents are larger than what becomes of them.
const maxBody = 8 << 20

// Register adds the operations to the API.
func (s *Service) Register(api huma.API) {
	huma.Register(api, operation(http.MethodGet, "/v1/dashboards", "list-dashboards", http.StatusOK,
		"Dashboards by name", "The ready ones are among them; they have `builtin` true."), s.handleList)
	huma.Register(api, operation(http.MethodPost, "/v1/dashboards", "create-dashboard", http.StatusCreated,
		"Create a dashboard", "The id is `metadata.name`, or made from the display name when it is left out."+mayWrite), s.handleCreate)
	huma.Register(api, operation(http.MethodGet, "/v1/dashboards/{id}", "get-dashboard", http.StatusOK,
		"A dashboard", ""), s.handleGet)
	huma.Register(api, operation(http.MethodPut, "/v1/dashboards/{id}", "change-dashboard", http.StatusOK,
		"Change a dashboard", "`metadata.version` must be the version that was read: 409 says who was faster. "+
			"A document that changes nothing makes no version."+mayWrite), s.handleUpdate)
	huma.Register(api, operation(http.MethodDelete, "/v1/dashboards/{id}", "delete-dashboard", http.StatusNoContent,
		"Delete a dashboard", "For 30 days, the restore of one of its versions brings it back."+mayWrite), s.handleDelete)
	s.registerVersions(api)
	s.registerImport(api)
}

// mayWrite says who may change dashboards, in the API document.
const mayWrite = "\n\nEverybody who is logged in may do this; an API key needs the scope `admin`."

func operation(method, path, id string, status int, summary, description string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
		Tags: []string{"dashboards"}, DefaultStatus: status, MaxBodyBytes: maxBody,
		Metadata: map[string]any{"scope": auth.ScopeQuery},
	}
}

type listInput struct {
	Query string `query:"q" maxLength:"200" doc:"Words that must all occur in name, description, id or tags" example:"checkout"`
	Tag   string `query:"tag" maxLength:"50" doc:"A tag that the dashboards must have" example:"slo"`
}

type dashboardList struct {
	Dashboards []DashboardSummary `json:"dashboards" nullable:"false"`
}

type listOutput struct{ Body dashboardList }

func (s *Service) handleList(ctx context.Context, input *listInput) (*listOutput, error) {
	who, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	output := &listOutput{}
	output.Body.Dashboards, err = s.List(ctx, who.OrgID, input.Query, input.Tag)
	return output, err
}

// ChangeNote is why a version was made. It has to be exported for huma to see it where it is
// embedded.
type ChangeNote struct {
	Message string `query:"message" maxLength:"200" doc:"Why; it is shown in the list of versions" example:"add the error rate"`
}

type documentOutput struct {
	Body *document.Dashboard
}

type createInput struct {
	ChangeNote
	Body document.Dashboard
}

func (s *Service) handleCreate(ctx context.Context, input *createInput) (*documentOutput, error) {
	who, err := writer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.Create(ctx, who, input.Body, input.Message)
	return &documentOutput{d}, err
}

// DashboardID names a dashboard in a path. It has to be exported for huma to see it where it is
// embedded.
type DashboardID struct {
	ID string `path:"id" maxLength:"75" doc:"The id, which is metadata.name of the document" example:"checkout"`
}

func (s *Service) handleGet(ctx context.Context, input *DashboardID) (*documentOutput, error) {
	who, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.Get(ctx, who.OrgID, input.ID)
	return &documentOutput{d}, err
}

type updateInput struct {
	DashboardID
	ChangeNote
	Body document.Dashboard
}

func (s *Service) handleUpdate(ctx context.Context, input *updateInput) (*documentOutput, error) {
	who, err := writer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.Update(ctx, who, input.ID, input.Body, input.Message)
	return &documentOutput{d}, err
}

type deleteInput struct {
	DashboardID
	Version int `query:"version" minimum:"0" doc:"Delete only this version; whichever there is when it is left out" example:"3"`
}

func (s *Service) handleDelete(ctx context.Context, input *deleteInput) (*struct{}, error) {
	who, err := writer(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Delete(ctx, who, input.ID, input.Version)
}
