package services

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/storage"
)

// Service is one that sends data.
type Service struct {
	Name       string     `json:"name" example:"checkout"`
	Instances  int        `json:"instances" doc:"Different instances among its series"`
	Series     int        `json:"series" doc:"Series with samples in the range"`
	Metrics    int        `json:"metrics" doc:"Different metrics among them"`
	Logs       uint64     `json:"logs" doc:"Log records in the range"`
	LastMetric *time.Time `json:"last_metric,omitempty" doc:"Time of the newest sample in the range, of a few series of each instance"`
	LastLog    *time.Time `json:"last_log,omitempty" doc:"Time of the newest log record in the range"`
}

const (
	// recent is where the newest samples are looked for first.
	recent = 6 * time.Minute
	// samplesAnInstance is how many series of an instance are asked for their newest sample.
	samplesAnInstance = 4
	// maxLogServices bounds how many services the logs are asked for.
	maxLogServices = 1000
)

// finder makes lists.
type finder struct {
	engine *query.Engine
	logs   storage.LogReader
}

// tally is what is known about a service while its series are read.
type tally struct {
	series    int
	metrics   map[string]struct{}
	instances map[string]struct{}
	newest    int64          // Unix milliseconds; 0 for none
	asked     map[string]int // series asked for their newest sample, by instance
	logs      storage.FieldValue
}

type tallies map[string]*tally

func (t tallies) of(name string) *tally {
	known, ok := t[name]
	if !ok {
		known = &tally{metrics: map[string]struct{}{}, instances: map[string]struct{}{}, asked: map[string]int{}}
		t[strings.Clone(name)] = known
	}
	return known
}

// find lists the services of an organisation, sorted by name.
func (f *finder) find(ctx context.Context, org storage.OrgID, from, to time.Time) ([]Service, error) {
	found := tallies{}
	if err := f.countSeries(ctx, org, from, to, found); err != nil {
		return nil, err
	}
	for _, start := range []time.Time{latest(from, to.Add(-recent)), from} {
		if err := f.findNewest(ctx, org, start, to, found); err != nil {
			return nil, err
		}
	}
	fields, err := f.logs.Fields(ctx, org, storage.FieldsQuery{
		From: from, To: to, Names: []string{"service"}, Limit: maxLogServices, Newest: true,
	})
	if err != nil {
		return nil, fmt.Errorf("count the log records of services: %w", err)
	}
	for _, field := range fields {
		for _, v := range field.Values {
			found.of(v.Value).logs = v
		}
	}
	return found.list(), nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// selection are all series that name a service: by the label service, and by job alone.
func selection(from, to time.Time) query.Selection {
	some, none := labels.MustNewMatcher(labels.MatchNotEqual, "service", ""), labels.MustNewMatcher(labels.MatchEqual, "service", "")
	job := labels.MustNewMatcher(labels.MatchNotEqual, "job", "")
	return query.Selection{From: from, To: to, Matchers: [][]*labels.Matcher{{some}, {job, none}}}
}

func serviceOf(set labels.Labels) string { return cmp.Or(set.Get("service"), set.Get("job")) }

func (f *finder) countSeries(ctx context.Context, org storage.OrgID, from, to time.Time, found tallies) error {
	err := f.engine.EachSeries(ctx, org, selection(from, to), func(series promstorage.Series) error {
		set := series.Labels()
		service := found.of(serviceOf(set))
		service.series++
		note(service.metrics, set.Get(model.MetricNameLabel))
		if instance := set.Get("instance"); instance != "" {
			note(service.instances, instance)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count the series of services: %w", err)
	}
	return nil
}

// note adds a string that may not be kept to a set.
func note(set map[string]struct{}, text string) {
	if _, known := set[text]; !known {
		set[strings.Clone(text)] = struct{}{}
	}
}

// findNewest looks for the newest samples of the services that have none yet.
func (f *finder) findNewest(ctx context.Context, org storage.OrgID, from, to time.Time, found tallies) error {
	missing := map[string]*tally{}
	for name, service := range found {
		if service.newest == 0 && service.series > 0 {
			clear(service.asked)
			missing[name] = service
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var iterator chunkenc.Iterator
	err := f.engine.EachSeries(ctx, org, selection(from, to), func(series promstorage.Series) error {
		set := series.Labels()
		service, ok := missing[serviceOf(set)]
		if !ok {
			return nil
		}
		instance := set.Get("instance")
		if service.asked[instance] >= samplesAnInstance {
			return nil
		}
		service.asked[strings.Clone(instance)]++
		iterator = series.Iterator(iterator)
		service.newest = max(service.newest, newestSample(iterator))
		return iterator.Err()
	})
	if err != nil {
		return fmt.Errorf("find the newest samples of services: %w", err)
	}
	return nil
}

// newestSample returns the time of the last sample that is no staleness marker; 0 for none.
func newestSample(iterator chunkenc.Iterator) int64 {
	newest := int64(0)
	for {
		switch iterator.Next() {
		case chunkenc.ValNone:
			return newest
		case chunkenc.ValFloat:
			if t, v := iterator.At(); !value.IsStaleNaN(v) {
				newest = t
			}
		default:
			newest = iterator.AtT()
		}
	}
}

// list makes the answer.
func (t tallies) list() []Service {
	out := make([]Service, 0, len(t))
	for _, name := range slices.Sorted(maps.Keys(t)) {
		known := t[name]
		service := Service{
			Name: name, Instances: len(known.instances), Series: known.series, Metrics: len(known.metrics),
			Logs: known.logs.Count, LastLog: known.logs.Newest,
		}
		if known.newest != 0 {
			at := time.UnixMilli(known.newest).UTC()
			service.LastMetric = &at
		}
		out = append(out, service)
	}
	return out
}
