package savedsearch

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// Register adds the operations to the API.
func (s *Service) Register(api huma.API) {
	huma.Register(api, operation(http.MethodGet, "/v1/saved-searches", "list-saved-searches", http.StatusOK,
		"Saved log searches by name", ""), s.handleList)
	huma.Register(api, operation(http.MethodPost, "/v1/saved-searches", "create-saved-search", http.StatusCreated,
		"Save a log search", mayWrite), s.handleCreate)
	huma.Register(api, operation(http.MethodPut, "/v1/saved-searches/{id}", "change-saved-search", http.StatusOK,
		"Change a saved log search", mayWrite), s.handleUpdate)
	huma.Register(api, operation(http.MethodDelete, "/v1/saved-searches/{id}", "delete-saved-search", http.StatusNoContent,
		"Delete a saved log search", mayWrite), s.handleDelete)
}

const mayWrite = "Everybody who is logged in may do this; an API key needs the scope `admin`."

func operation(method, path, id string, status int, summary, description string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
		Tags: []string{"logs"}, DefaultStatus: status, Metadata: map[string]any{"scope": auth.ScopeQuery},
	}
}

// caller returns who asks. A key that changes something needs the scope admin; everybody who is
// logged in may.
func caller(ctx context.Context, change bool) (auth.Principal, error) {
	who, ok := auth.FromContext(ctx)
	switch {
	case !ok || who.OrgID == "":
		return who, errcode.New(errcode.Unauthenticated, "the request carries no valid credential")
	case change && who.KeyID != "" && !who.Has(auth.ScopeAdmin):
		return who, &errcode.Error{
			Code: errcode.Forbidden, Message: "an API key needs the scope admin to change saved searches",
			Fix: "use a key with the scope admin, or log in",
		}
	}
	return who, nil
}

type savedSearchList struct {
	Searches []SavedSearch `json:"searches" nullable:"false"`
}

type listOutput struct{ Body savedSearchList }

func (s *Service) handleList(ctx context.Context, _ *struct{}) (*listOutput, error) {
	who, err := caller(ctx, false)
	if err != nil {
		return nil, err
	}
	output := &listOutput{}
	output.Body.Searches, err = s.List(ctx, who.OrgID)
	return output, err
}

type createInput struct{ Body NewSearch }

type searchOutput struct{ Body SavedSearch }

func (s *Service) handleCreate(ctx context.Context, input *createInput) (*searchOutput, error) {
	who, err := caller(ctx, true)
	if err != nil {
		return nil, err
	}
	made, err := s.Create(ctx, who, input.Body)
	return &searchOutput{made}, err
}

type idInput struct {
	ID string `path:"id" format:"uuid"`
}

type updateInput struct {
	ID   string `path:"id" format:"uuid"`
	Body NewSearch
}

func (s *Service) handleUpdate(ctx context.Context, input *updateInput) (*searchOutput, error) {
	who, err := caller(ctx, true)
	if err != nil {
		return nil, err
	}
	changed, err := s.Update(ctx, who, input.ID, input.Body)
	return &searchOutput{changed}, err
}

func (s *Service) handleDelete(ctx context.Context, input *idInput) (*struct{}, error) {
	who, err := caller(ctx, true)
	if err != nil {
		return nil, err
	}
	return nil, s.Delete(ctx, who, input.ID)
}
