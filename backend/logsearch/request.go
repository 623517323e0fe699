package logsearch

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// Filters is which records a query is about; its fields must all be true.
type Filters struct {
	Query      string            `json:"query,omitempty" doc:"Filter in the log filter language" example:"\"connection refused\" -path:/health latency:>500"`
	Service    string            `json:"service,omitempty" doc:"Value of the field service"`
	InstanceID string            `json:"instance_id,omitempty" doc:"Value of the field instance_id"`
	Level      string            `json:"level,omitempty" doc:"Level, or several separated by commas" example:"warn,error"`
	Labels     map[string]string `json:"labels,omitempty" doc:"Values of labels"`
	From       querytime.Text    `json:"from,omitempty"`
	To         querytime.Text    `json:"to,omitempty"`
}

// Filter joins the query text and the fields into one filter.
func (f Filters) Filter() (*logfilter.Filter, error) {
	parsed, err := logfilter.Parse(f.Query)
	if err != nil {
		return nil, err
	}
	filters := []*logfilter.Filter{parsed}
	if f.Service != "" {
		filters = append(filters, logfilter.FieldEquals(logfilter.FieldService, f.Service))
	}
	if f.InstanceID != "" {
		filters = append(filters, logfilter.FieldEquals(logfilter.FieldInstanceID, f.InstanceID))
	}
	if f.Level != "" {
		level, err := levels(f.Level)
		if err != nil {
			return nil, err
		}
		filters = append(filters, level)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		if name == "" {
			return nil, errcode.InvalidField("labels", "has an empty label name", "name the label")
		}
		filters = append(filters, logfilter.FieldEquals(logfilter.LabelsPrefix+name, f.Labels[name]))
	}
	return logfilter.And(filters...), nil
}

func levels(list string) (*logfilter.Filter, error) {
	values := strings.Split(list, ",")
	for i, value := range values {
		if values[i] = strings.TrimSpace(value); values[i] == "" {
			return nil, errcode.InvalidField("level", "has an empty level", "separate levels by single commas: warn,error")
		}
	}
	return &logfilter.Filter{Root: logfilter.Exact{Field: logfilter.FieldLevel, Values: values}}, nil
}

func (f Filters) span(now time.Time) (time.Time, time.Time, error) {
	return querytime.ParseSpan(string(f.From), string(f.To), now)
}

// limit checks a number of rows or values; 0 gives the fallback.
func limit(asked, fallback, most int) (int, error) {
	if asked == 0 {
		return min(fallback, most), nil
	}
	if asked < 0 || asked > most {
		return 0, errcode.InvalidField("limit", "is not from 1 to "+strconv.Itoa(most), "use a limit such as "+strconv.Itoa(min(fallback, most)))
	}
	return asked, nil
}
