package hosts

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/listcache"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	// defaultRange is how long a silent host is remembered.
	defaultRange = 24 * time.Hour
	// longestRange bounds the search for hosts that are silent.
	longestRange = 7 * 24 * time.Hour
)

// API serves the list of hosts.
type API struct {
	finder finder
	cache  *listcache.Cache[[]Host]
	now    func() time.Time
}

// New returns the API over the engine.
func New(engine *query.Engine) *API {
	return &API{finder: finder{engine}, cache: listcache.New[[]Host](), now: time.Now}
}

// Register adds the operations to the API.
func (a *API) Register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "hosts",
		Method:      http.MethodGet,
		Path:        "/v1/hosts",
		Summary:     "Which hosts report, and how their agents do",
		Description: "Hosts by the label `host_name` of their series. A host is `silent` when the newest sample is older than three times its " +
			"interval, at least 90 seconds. The answer may be ten seconds old.",
		Tags:     []string{"query"},
		Metadata: map[string]any{"scope": auth.ScopeQuery},
	}, a.list)
}

// Range is the time that a question is about.
type Range struct {
	From string `query:"from" doc:"Since when a host must have reported: RFC 3339 with a zone, Unix seconds or milliseconds, or now-15m; a day before the end by default, at most seven" example:"now-1h"`
	To   string `query:"to" doc:"As of when; now by default"`
}

type listInput struct {
	Range
	Name  string `query:"name" doc:"Only the host of this name, with the parts and plugins of its agent" example:"web-1"`
	State string `query:"state" enum:"ok,unhealthy,silent,no_agent" doc:"Only hosts in this state"`
	Query string `query:"q" doc:"Words that must all occur in the name, host.id, system or version of the agent" example:"db debian"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	After string `query:"after" doc:"What next of the page before said"`
}

// HostList is a page of hosts.
type HostList struct {
	Hosts []Host `json:"hosts" doc:"Sorted by name; of many, the parts and plugins of agents are left out"`
	Next  string `json:"next,omitempty" doc:"after of the next page; absent at the end"`
	// Counts are of all pages.
	Counts StateCounts `json:"counts"`
}

// StateCounts says how many hosts are in each state.
type StateCounts struct {
	OK        int `json:"ok"`
	Unhealthy int `json:"unhealthy"`
	Silent    int `json:"silent"`
	NoAgent   int `json:"no_agent"`
}

type listOutput struct{ Body HostList }

func (a *API) list(ctx context.Context, input *listInput) (*listOutput, error) {
	all, err := a.find(ctx, &input.Range)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(strings.ToLower(input.Query))
	output := &listOutput{Body: HostList{Hosts: []Host{}}}
	for i := range all {
		host := all[i] // a copy: the list is everybody's
		if !host.matches(words) || input.Name != "" && host.Name != input.Name {
			continue
		}
		output.Body.Counts.add(host.State)
		if input.State != "" && string(host.State) != input.State || host.Name <= input.After {
			continue
		}
		if len(output.Body.Hosts) == input.Limit {
			output.Body.Next = output.Body.Hosts[input.Limit-1].Name
			continue // to count
		}
		if host.Agent != nil && input.Name == "" {
			agent := *host.Agent
			agent.Parts, agent.Plugins = nil, nil
			host.Agent = &agent
		}
		output.Body.Hosts = append(output.Body.Hosts, host)
	}
	return output, nil
}

func (h *Host) matches(words []string) bool {
	if len(words) == 0 {
		return true
	}
	about := h.Name + " " + h.ID + " " + h.OS + " " + h.Arch
	if h.Agent != nil {
		about += " " + h.Agent.Version
	}
	about = strings.ToLower(about)
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(about, word) })
}

func (c *StateCounts) add(state State) {
	switch state {
	case StateOK:
		c.OK++
	case StateUnhealthy:
		c.Unhealthy++
	case StateSilent:
		c.Silent++
	case StateNoAgent:
		c.NoAgent++
	}
}

// find returns all hosts, sorted by name.
func (a *API) find(ctx context.Context, input *Range) ([]Host, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	from, to, err := input.span(a.now())
	if err != nil {
		return nil, err
	}
	return a.cache.Get(ctx, listcache.Ask(org, from, to), func(ctx context.Context) ([]Host, error) {
		ctx, cancel := context.WithTimeout(ctx, a.finder.engine.Limits().Timeout)
		defer cancel()
		return a.finder.find(ctx, org, from, to)
	})
}

func (r *Range) span(now time.Time) (from, to time.Time, err error) {
	if to, err = querytime.ParseOr("to", r.To, now, now); err != nil {
		return from, to, err
	}
	if from, err = querytime.ParseOr("from", r.From, now, to.Add(-defaultRange)); err != nil {
		return from, to, err
	}
	switch length := to.Sub(from); {
	case length <= 0:
		return from, to, errcode.InvalidField("from", "is not before the end", "swap the two")
	case length > longestRange:
		return from, to, errcode.InvalidField("from", fmt.Sprintf("is %s before the end", length.Round(time.Second)), "use at most seven days")
	}
	return from, to, nil
}
