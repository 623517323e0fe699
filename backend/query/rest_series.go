package query

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"

	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

const (
	defaultSeriesLimit = 100
	maxSeriesLimit     = 10_000
)

type seriesInput struct {
	Service string   `query:"service" doc:"Only series whose label service or job has this value"`
	Metric  string   `query:"metric" doc:"Only series of this metric"`
	Match   []string `query:"match[],explode" doc:"Only series that one of these selectors selects" example:"[\"up{job=\\\"api\\\"}\"]"`
	From    string   `query:"from" doc:"Only series with samples from this time on; RFC 3339 with a zone, Unix seconds or milliseconds, or now-15m"`
	To      string   `query:"to" doc:"Only series with samples up to this time"`
	Limit   string   `query:"limit" doc:"Series a page, 1 to 10000; 100 by default"`
	Cursor  string   `query:"cursor" doc:"What next of the page before said"`
}

type seriesOutput struct {
	Body struct {
		Series   []seriesInfo `json:"series"`
		Next     string       `json:"next,omitempty" doc:"Cursor of the next page; absent at the end"`
		Warnings []string     `json:"warnings,omitempty"`
	}
}

type seriesInfo struct {
	Metric string            `json:"metric" doc:"Name of the metric"`
	Labels map[string]string `json:"labels" doc:"The other labels"`
	Type   string            `json:"type,omitempty" doc:"counter, gauge, histogram, summary ... when it is known"`
	Unit   string            `json:"unit,omitempty"`
	Help   string            `json:"help,omitempty"`
}

func (r *REST) series(ctx context.Context, input *seriesInput) (*seriesOutput, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	selection, err := r.selection(input)
	if err != nil {
		return nil, err
	}
	found, err := r.engine.Series(ctx, org, selection)
	if err != nil {
		return nil, err
	}
	output := &seriesOutput{}
	output.Body.Warnings = found.Warnings
	if found.Truncated {
		output.Body.Next = encodeCursor(found.Items[len(found.Items)-1])
	}
	output.Body.Series, err = r.describe(ctx, org, found.Items)
	return output, err
}

// selection reads the parameters.
func (r *REST) selection(input *seriesInput) (Selection, error) {
	selection := Selection{Limit: defaultSeriesLimit}
	var err error
	if input.Limit != "" {
		if selection.Limit, err = strconv.Atoi(input.Limit); err != nil || selection.Limit < 1 || selection.Limit > maxSeriesLimit {
			return selection, errcode.InvalidField("limit", "is not a whole number from 1 to 10000", "use a limit such as 100, and the cursor for more")
		}
	}
	if selection.After, err = decodeCursor(input.Cursor); err != nil {
		return selection, err
	}
	now := r.now()
	if selection.From, err = querytime.ParseOr("from", input.From, now, selection.From); err != nil {
		return selection, err
	}
	if selection.To, err = querytime.ParseOr("to", input.To, now, selection.To); err != nil {
		return selection, err
	}
	sets, err := r.engine.ParseSelectors(input.Match)
	if err != nil {
		return selection, err
	}
	selection.Matchers = narrow(sets, input.Service, input.Metric)
	return selection, nil
}

// narrow adds metric and service to every set of matchers; the service doubles the sets,
// because it may be the label service or job.
func narrow(sets [][]*labels.Matcher, service, metric string) [][]*labels.Matcher {
	if service == "" && metric == "" {
		return sets
	}
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	var out [][]*labels.Matcher
	for _, set := range sets {
		if metric != "" {
			set = with(set, model.MetricNameLabel, metric)
		}
		if service == "" {
			out = append(out, set)
			continue
		}
		out = append(out, with(set, "service", service), with(set, "job", service))
	}
	return out
}

func with(set []*labels.Matcher, name, value string) []*labels.Matcher {
	return append(append([]*labels.Matcher(nil), set...), labels.MustNewMatcher(labels.MatchEqual, name, value))
}

// encodeCursor makes a cursor of the last series of a page: series that come or go meanwhile
// move nothing.
func encodeCursor(last labels.Labels) string {
	text, err := json.Marshal(last)
	if err != nil { // a map of strings always encodes
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func decodeCursor(cursor string) (labels.Labels, error) {
	if cursor == "" {
		return labels.EmptyLabels(), nil
	}
	var last labels.Labels
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &last)
	}
	if err != nil || last.IsEmpty() {
		return labels.EmptyLabels(), errcode.InvalidField("cursor", "is not one that this server gave out", "use next of the page before, or leave it away for the first page")
	}
	return last, nil
}

// describe adds what is known about the metrics of a page.
func (r *REST) describe(ctx context.Context, org storage.OrgID, page []labels.Labels) ([]seriesInfo, error) {
	known := map[string][]metadata.Metadata{}
	if len(page) > 0 {
		var err error
		if known, err = r.engine.Metadata(ctx, org, "", 0); err != nil {
			return nil, fmt.Errorf("read metadata: %w", err)
		}
	}
	out := make([]seriesInfo, 0, len(page))
	for _, set := range page {
		info := seriesInfo{Metric: set.Get(model.MetricNameLabel), Labels: map[string]string{}}
		set.Range(func(l labels.Label) {
			if l.Name != model.MetricNameLabel {
				info.Labels[l.Name] = l.Value
			}
		})
		if found := family(known, info.Metric); len(found) > 0 {
			info.Type, info.Unit, info.Help = metricType(found[0]), found[0].Unit, found[0].Help
		}
		out = append(out, info)
	}
	return out, nil
}

func metricType(m metadata.Metadata) string {
	if m.Type == model.MetricTypeUnknown {
		return ""
	}
	return string(m.Type)
}

// family finds the metadata of a series by its name or, for the parts of a histogram or
// summary, by the name without its suffix.
func family(known map[string][]metadata.Metadata, name string) []metadata.Metadata {
	if found, ok := known[name]; ok {
		return found
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum", "_total"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			return known[base]
		}
	}
	return nil
}
