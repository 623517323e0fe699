package services

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/listcache"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/storage"
)

// API serves the list of services.
type API struct {
	finder finder
	cache  *listcache.Cache[[]Service]
	now    func() time.Time
}

// New returns the API over the engine and the logs.
func New(engine *query.Engine, logs storage.LogReader) *API {
	return &API{finder: finder{engine, logs}, cache: listcache.New[[]Service](), now: time.Now}
}

// Register adds the operation to the API.
func (a *API) Register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "services",
		Method:      http.MethodGet,
		Path:        "/v1/services",
		Summary:     "What sends data",
		Description: "Services by the label `service` of their series, or by `job` where a series has none, and by the field `service` of " +
			"their logs. The answer may be ten seconds old.",
		Tags:     []string{"query"},
		Metadata: map[string]any{"scope": auth.ScopeQuery},
	}, a.list)
}

type listInput struct {
	From string `query:"from" doc:"Start: RFC 3339 with a zone, Unix seconds or milliseconds, or now-15m; an hour before the end by default" example:"now-1h"`
	To   string `query:"to" doc:"End; now by default"`
}

// ServiceList is the answer.
type ServiceList struct {
	Services []Service `json:"services" doc:"Sorted by name"`
}

type listOutput struct{ Body ServiceList }

func (a *API) list(ctx context.Context, input *listInput) (*listOutput, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	from, to, err := querytime.ParseSpan(input.From, input.To, a.now())
	if err != nil {
		return nil, err
	}
	output := &listOutput{}
	output.Body.Services, err = a.cache.Get(ctx, listcache.Ask(org, from, to), func(ctx context.Context) ([]Service, error) {
		ctx, cancel := context.WithTimeout(ctx, a.finder.engine.Limits().Timeout)
		defer cancel()
		return a.finder.find(ctx, org, from, to)
	})
	return output, err
}
