package dashboards

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (s *Service) registerVersions(api huma.API) {
	huma.Register(api, operation(http.MethodGet, "/v1/dashboards/{id}/versions", "list-dashboard-versions", http.StatusOK,
		"Versions of a dashboard, the newest first", "The last 50 are kept. A deleted dashboard keeps its versions for 30 days. A ready one has none."), s.handleVersions)
	huma.Register(api, operation(http.MethodGet, "/v1/dashboards/{id}/versions/{version}", "get-dashboard-version", http.StatusOK,
		"A dashboard as it was", ""), s.handleVersion)
	huma.Register(api, operation(http.MethodPost, "/v1/dashboards/{id}/versions/{version}/restore", "restore-dashboard-version", http.StatusOK,
		"Make an old version the current one", "That makes a new version, and brings a deleted dashboard back."+mayWrite), s.handleRestore)
}

type dashboardVersions struct {
	Versions []DashboardVersion `json:"versions" nullable:"false"`
}

type versionsOutput struct{ Body dashboardVersions }

func (s *Service) handleVersions(ctx context.Context, input *DashboardID) (*versionsOutput, error) {
	who, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	output := &versionsOutput{}
	output.Body.Versions, err = s.Versions(ctx, who.OrgID, input.ID)
	return output, err
}

type versionInput struct {
	DashboardID
	Version int `path:"version" minimum:"1" example:"2"`
}

func (s *Service) handleVersion(ctx context.Context, input *versionInput) (*documentOutput, error) {
	who, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.Version(ctx, who.OrgID, input.ID, input.Version)
	return &documentOutput{d}, err
}

func (s *Service) handleRestore(ctx context.Context, input *versionInput) (*documentOutput, error) {
	who, err := writer(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.Restore(ctx, who, input.ID, input.Version)
	return &documentOutput{d}, err
}
