package query

import (
	"context"
	"math"
	"time"

	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/backend/query/queryjson"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
)

const (
	defaultChartPoints = 600
	defaultChartSeries = 50
	// maxChartValues bounds the answer: with a thousand series there are fewer points.
	maxChartValues = 2_000_000
	// finestStep is the shortest step between evaluations unless the caller names one.
	finestStep = time.Second
)

// RangeQuery asks for a chart.
type RangeQuery struct {
	Query  string               `json:"query" minLength:"1" doc:"PromQL that gives a value for each series" example:"sum by (service) (rate(http_requests_total[5m]))"`
	From   querytime.Text       `json:"from,omitempty"`
	To     querytime.Text       `json:"to,omitempty"`
	Points int                  `json:"points,omitempty" minimum:"2" maximum:"5000" doc:"Times in the answer, give or take one or two: the width of the chart in pixels; 600 by default" example:"1200"`
	Limit  int                  `json:"limit,omitempty" minimum:"1" maximum:"1000" doc:"Series in the answer at most; 50 by default. With very many series there are fewer points" example:"50"`
	Order  Order                `json:"order,omitempty" enum:"max,last,avg,name" doc:"Which series are kept, and their order: those with the highest maximum (default), last value or average, or the first by name" example:"max"`
	Step   querytime.LengthText `json:"step,omitempty" doc:"The query is evaluated no more often than this: seconds, or a duration such as 15s; 1s by default"`
}

type rangeInput struct{ Body RangeQuery }

type rangeOutput struct {
	Body rangeAnswer
}

// rangeAnswer is written by AppendJSON; the tags are for the OpenAPI document.
type rangeAnswer struct {
	Step        float64       `json:"step" doc:"Seconds between two times" example:"3"`
	Times       []float64     `json:"times" doc:"Unix seconds; the grid that all series share. It begins at or just before from"`
	Series      []rangeSeries `json:"series" doc:"In the order that was asked for"`
	TotalSeries int           `json:"total_series" doc:"Series that the query gives, the ones left out included" example:"12"`
	Limit       int           `json:"limit" doc:"Series in the answer at most" example:"50"`
	Reduced     bool          `json:"reduced" doc:"The range holds more than there are points: each two values are the lowest and the highest of their bucket, in the order of their times"`
	Warnings    []string      `json:"warnings" doc:"What to know about the values"`

	frame *ChartAnswer
}

type rangeSeries struct {
	Labels seriesLabels `json:"labels"`
	Values []*float64   `json:"values" doc:"One for each time; null where there is none, or none that JSON has a number for"`
	Stats  *rangeStats  `json:"stats,omitempty" doc:"Over everything that was evaluated; absent when no value is finite"`
}

type rangeStats struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Avg  float64 `json:"avg"`
	Last float64 `json:"last"`
}

func (r *REST) chart(ctx context.Context, input *rangeInput) (*rangeOutput, error) {
	org, err := caller.Org(ctx)
	if err != nil {
		return nil, err
	}
	question, err := r.chartQuestion(input)
	if err != nil {
		return nil, err
	}
	frame, err := r.engine.Chart(ctx, org, question)
	if err != nil {
		return nil, err
	}
	return &rangeOutput{Body: rangeAnswer{Limit: question.Limit, frame: frame}}, nil
}

// chartQuestion reads the body; huma has checked its ranges.
func (r *REST) chartQuestion(input *rangeInput) (Chart, error) {
	body := input.Body
	from, to, err := querytime.ParseSpan(string(body.From), string(body.To), r.now())
	if err != nil {
		return Chart{}, err
	}
	question := Chart{
		Query: body.Query, From: from, To: to, Points: body.Points, Limit: body.Limit, Order: body.Order, Finest: finestStep,
	}
	if question.Points == 0 {
		question.Points = defaultChartPoints
	}
	if question.Limit == 0 {
		question.Limit = defaultChartSeries
	}
	if question.Order == "" {
		question.Order = ByMax
	}
	question.Points = min(question.Points, max(2, maxChartValues/question.Limit))
	if body.Step != "" {
		if question.Finest, err = querytime.ParseDuration("step", string(body.Step)); err != nil {
			return Chart{}, err
		}
		if question.Finest < time.Millisecond {
			return Chart{}, errcode.InvalidField("step", "is below a millisecond", "use a duration such as 15s")
		}
	}
	return question, nil
}

// AppendJSON appends the answer; the API's encoder prefers it to reflection.
func (a rangeAnswer) AppendJSON(b []byte) []byte {
	frame := a.frame
	b = append(b, `{"step":`...)
	b = queryjson.AppendSeconds(b, frame.Step.Milliseconds())
	b = append(b, `,"times":[`...)
	for i, t := range frame.Times {
		if i > 0 {
			b = append(b, ',')
		}
		b = queryjson.AppendSeconds(b, t)
	}
	b = append(b, `],"series":[`...)
	for i, series := range frame.Series {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendChartSeries(b, series)
	}
	b = append(b, `],"total_series":`...)
	b = queryjson.AppendNumber(b, float64(frame.Total))
	b = append(b, `,"limit":`...)
	b = queryjson.AppendNumber(b, float64(a.Limit))
	b = append(b, `,"reduced":`...)
	b = queryjson.AppendBool(b, frame.Reduced)
	b = append(b, `,"warnings":`...)
	b = queryjson.AppendStrings(b, frame.Warnings)
	return append(b, '}')
}

func appendChartSeries(b []byte, series ChartSeries) []byte {
	b = append(b, `{"labels":`...)
	b = queryjson.AppendLabels(b, series.Labels)
	b = append(b, `,"values":[`...)
	for i, value := range series.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = queryjson.AppendNumberOrNull(b, value)
	}
	b = append(b, ']')
	if !math.IsNaN(series.Stats.Last) {
		b = append(b, `,"stats":{"min":`...)
		b = queryjson.AppendNumber(b, series.Stats.Min)
		b = append(b, `,"max":`...)
		b = queryjson.AppendNumber(b, series.Stats.Max)
		b = append(b, `,"avg":`...)
		b = queryjson.AppendNumberOrNull(b, series.Stats.Avg)
		b = append(b, `,"last":`...)
		b = queryjson.AppendNumber(b, series.Stats.Last)
		b = append(b, '}')
	}
	return append(b, '}')
}

// MarshalJSON implements json.Marshaler.
func (a rangeAnswer) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil), nil }
