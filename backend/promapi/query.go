package promapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/storage"
)

func (a *API) query(r *http.Request, org storage.OrgID) (response, error) {
	limit, err := limitParam(r, "limit")
	if err != nil {
		return response{}, err
	}
	at, err := timeParam(r, "time", a.now())
	if err != nil {
		return response{}, err
	}
	opts, err := queryOptions(r)
	if err != nil {
		return response{}, err
	}
	result, err := a.engine.Instant(r.Context(), org, r.FormValue("query"), at, opts)
	if err != nil {
		return response{}, err
	}
	return resultResponse(result, limit), nil
}

func (a *API) queryRange(r *http.Request, org storage.OrgID) (response, error) {
	limit, err := limitParam(r, "limit")
	if err != nil {
		return response{}, err
	}
	span, err := rangeParams(r)
	if err != nil {
		return response{}, err
	}
	opts, err := queryOptions(r)
	if err != nil {
		return response{}, err
	}
	result, err := a.engine.Range(r.Context(), org, r.FormValue("query"), span, opts)
	if err != nil {
		return response{}, err
	}
	return resultResponse(result, limit), nil
}

func rangeParams(r *http.Request) (query.Range, error) {
	var span query.Range
	var err error
	if span.From, err = requiredTime(r, "start"); err != nil {
		return span, err
	}
	if span.To, err = requiredTime(r, "end"); err != nil {
		return span, err
	}
	if span.To.Before(span.From) {
		return span, invalid("end", errors.New("end timestamp must not be before start time"))
	}
	if span.Step, err = parseDuration(r.FormValue("step")); err != nil {
		return span, invalid("step", err)
	}
	if span.Step <= 0 {
		return span, invalid("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	return span, nil
}

func requiredTime(r *http.Request, name string) (time.Time, error) {
	parsed, err := parseTime(r.FormValue(name))
	if err != nil {
		return time.Time{}, invalid(name, err)
	}
	return parsed, nil
}

const truncated = "results truncated due to limit"

func resultResponse(result *query.Result, limit int) response {
	answer := response{warnings: result.Warnings, infos: result.Infos, close: result.Close}
	value := result.Value
	if limit > 0 {
		switch v := value.(type) {
		case promql.Matrix:
			if len(v) > limit {
				value, answer.warnings = v[:limit], append(answer.warnings, truncated)
			}
		case promql.Vector:
			if len(v) > limit {
				value, answer.warnings = v[:limit], append(answer.warnings, truncated)
			}
		}
	}
	answer.data = queryData{value}
	return answer
}

func (a *API) formatQuery(r *http.Request, _ storage.OrgID) (response, error) {
	expr, err := a.engine.Parser().ParseExpr(r.FormValue("query"))
	if err != nil {
		return response{}, invalid("query", err)
	}
	data, err := plain(expr.Pretty(0))
	return response{data: data}, err
}
