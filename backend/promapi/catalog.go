package promapi

import (
	"errors"
	"net/http"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/metadata"

	"github.com/pharos-obs/pharos/backend/query/queryjson"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

func (a *API) series(r *http.Request, org storage.OrgID) (response, error) {
	if len(r.Form["match[]"]) == 0 {
		return response{}, errcode.New(errcode.Invalid, "no match[] parameter provided")
	}
	selection, err := a.selection(r)
	if err != nil {
		return response{}, err
	}
	found, err := a.engine.Series(r.Context(), org, selection)
	return response{data: labelSets(found.Items), warnings: withTruncated(found.Warnings, found.Truncated)}, err
}

func (a *API) labelNames(r *http.Request, org storage.OrgID) (response, error) {
	selection, err := a.selection(r)
	if err != nil {
		return response{}, err
	}
	found, err := a.engine.LabelNames(r.Context(), org, selection)
	return response{data: stringList(found.Items), warnings: withTruncated(found.Warnings, found.Truncated)}, err
}

func (a *API) labelValues(r *http.Request, org storage.OrgID) (response, error) {
	name := r.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return response{}, errcode.New(errcode.Invalid, "invalid label name: %q", name)
	}
	selection, err := a.selection(r)
	if err != nil {
		return response{}, err
	}
	found, err := a.engine.LabelValues(r.Context(), org, name, selection)
	return response{data: stringList(found.Items), warnings: withTruncated(found.Warnings, found.Truncated)}, err
}

func withTruncated(warnings []string, cut bool) []string {
	if cut {
		return append(warnings, truncated)
	}
	return warnings
}

func (a *API) metadata(r *http.Request, org storage.OrgID) (response, error) {
	limit, err := limitParam(r, "limit")
	if err != nil {
		return response{}, err
	}
	perMetric, err := limitParam(r, "limit_per_metric")
	if err != nil {
		return response{}, err
	}
	found, err := a.engine.Metadata(r.Context(), org, r.FormValue("metric"), limit)
	if err != nil {
		return response{}, err
	}
	if found == nil {
		found = map[string][]metadata.Metadata{}
	}
	for name, list := range found {
		if perMetric > 0 && len(list) > perMetric {
			found[name] = list[:perMetric]
		}
	}
	data, err := plain(found)
	return response{data: data}, err
}

func (a *API) exemplars(r *http.Request, org storage.OrgID) (response, error) {
	selection, err := a.selection(r)
	if err != nil {
		return response{}, err
	}
	if !selection.To.IsZero() && selection.To.Before(selection.From) {
		return response{}, invalid("end", errors.New("end timestamp must not be before start timestamp"))
	}
	found, err := a.engine.Exemplars(r.Context(), org, r.FormValue("query"), selection)
	return response{data: exemplarList(found)}, err
}

// exemplarList is an array of series with their exemplars.
type exemplarList []exemplar.QueryResult

func (l exemplarList) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i, series := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"seriesLabels":`...)
		b = queryjson.AppendLabels(b, series.SeriesLabels)
		b = append(b, `,"exemplars":[`...)
		for j, e := range series.Exemplars {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"labels":`...)
			b = queryjson.AppendLabels(b, e.Labels)
			b = append(b, `,"value":`...)
			b = queryjson.AppendQuoted(b, e.Value)
			b = append(b, `,"timestamp":`...)
			b = queryjson.AppendSeconds(b, e.Ts)
			b = append(b, '}')
		}
		b = append(b, "]}"...)
	}
	return append(b, ']')
}
