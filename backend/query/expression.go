package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Aggregation is how GET /v1/query/metrics joins the samples of a step and the series.
type Aggregation string

// The aggregations. None keeps every series with its newest value at each step, Last with the newest of the
// step.
const (
	None     Aggregation = ""
	Avg      Aggregation = "avg"
	Min      Aggregation = "min"
	Max      Aggregation = "max"
	Sum      Aggregation = "sum"
	Count    Aggregation = "count"
	Last     Aggregation = "last"
	Rate     Aggregation = "rate"
	Increase Aggregation = "increase"
)

// bucketsFrom is the step from which the samples between two points are joined too. Below it
// a point is the newest sample, so that series with a sample a minute have no holes.
const bucketsFrom = 2 * time.Minute

// rateWindow is the shortest window of rate and increase: two samples of a series with one a
// minute fall into it.
const rateWindow = 2 * time.Minute

// Metrics is a question of GET /v1/query/metrics.
type Metrics struct {
	Service     string // matches the label service or job
	InstanceID  string // matches the label instance
	Metric      string
	Aggregation Aggregation
	By          []string
	Step        time.Duration
}

// Expression returns the question in PromQL.
func (m Metrics) Expression() (string, error) {
	if err := m.check(); err != nil {
		return "", err
	}
	series := m.series()
	if m.Aggregation == None || m.Aggregation == Last {
		return series, nil
	}
	if len(m.By) == 0 && (m.Aggregation == Rate || m.Aggregation == Increase) {
		return series, nil
	}
	operator := string(m.Aggregation)
	if m.Aggregation == Rate || m.Aggregation == Increase {
		operator = string(Sum)
	}
	return fmt.Sprintf("%s by (%s) (%s)", operator, strings.Join(quoteNames(m.By), ", "), series), nil
}

func (m Metrics) check() error {
	if m.Metric == "" {
		return errcode.InvalidField("metric", "is missing", "name a metric; GET /v1/query/series lists them")
	}
	known := []Aggregation{None, Avg, Min, Max, Sum, Count, Last, Rate, Increase}
	if !slices.Contains(known, m.Aggregation) {
		return errcode.InvalidField("agg", "is not an aggregation: "+strconv.Quote(string(m.Aggregation)),
			"use avg, min, max, sum, count, last, rate or increase")
	}
	if len(m.By) > 0 && (m.Aggregation == None || m.Aggregation == Last) {
		return errcode.InvalidField("by", "needs an aggregation that joins series",
			"add agg=avg, min, max, sum, count, rate or increase")
	}
	if slices.Contains(m.By, "") {
		return errcode.InvalidField("by", "has an empty label name", "separate label names by single commas: by=service,instance")
	}
	return nil
}

// series returns the part of the expression that gives one value a series and step. A service
// may be the label service, job or both, which `or` counts once.
func (m Metrics) series() string {
	if m.Service == "" {
		return m.overTime(m.selector(""))
	}
	return m.overTime(m.selector("service")) + " or " + m.overTime(m.selector("job"))
}

func (m Metrics) selector(serviceLabel string) string {
	matchers := []string{matcher(model.MetricNameLabel, m.Metric)}
	if serviceLabel != "" {
		matchers = append(matchers, matcher(serviceLabel, m.Service))
	}
	if m.InstanceID != "" {
		matchers = append(matchers, matcher("instance", m.InstanceID))
	}
	return "{" + strings.Join(matchers, ",") + "}"
}

func matcher(name, value string) string {
	return labels.MustNewMatcher(labels.MatchEqual, name, value).String()
}

// overTime joins the samples of a step, where the step is long enough to hold several.
func (m Metrics) overTime(selector string) string {
	switch m.Aggregation {
	case Rate, Increase:
		return fmt.Sprintf("%s(%s[%s])", m.Aggregation, selector, window(max(m.Step, rateWindow)))
	case Min, Max, Count, Last:
		return m.bucket(string(m.Aggregation), selector)
	case Avg, Sum:
		return m.bucket(string(Avg), selector)
	}
	return selector
}

func (m Metrics) bucket(function, selector string) string {
	if m.Step < bucketsFrom {
		return selector
	}
	return fmt.Sprintf("%s_over_time(%s[%s])", function, selector, window(m.Step))
}

func window(d time.Duration) string {
	return model.Duration(d).String()
}

func quoteNames(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = name
		if !model.LegacyValidation.IsValidLabelName(name) {
			quoted[i] = strconv.Quote(name)
		}
	}
	return quoted
}
