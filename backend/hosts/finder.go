package hosts

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/storage"
)

const (
	// recent is where everything is looked for; what was lost earlier is no reason any more.
	recent = 10 * time.Minute
	// samplesAHost is how many series of a host are asked for their newest sample.
	samplesAHost = 2
	// mostNamed is how many hosts are asked for by name; of more, all are.
	mostNamed = 200

	hostLabel    = "host_name"
	agentService = "pharos-agent"
)

// Whoever measures a host sends at least one of these.
const measured = "system_cpu_load_average_1m|system_memory_usage_bytes|system_cpu_utilization_ratio"

// ownMetrics are those of an agent that are read.
const ownMetrics = metricInfo + "|" + metricUp + "|" + metricFailure + "|" + metricMemory + "|" + metricCPU + "|" + metricUptime + "|" + metricGoroutines +
	"|" + metricItems + "|" + metricBytes + "|" + metricAge + "|" + metricDelivered + "|" + metricDropped + "|" + metricSuccess +
	"|" + metricState + "|" + metricRestarts + "|" + metricPoints + "|" + metricRecords + "|" + metricOccupied + "|" + limiterPrefix + ".*"

// finder makes lists.
type finder struct{ engine *query.Engine }

// find lists the hosts of an organisation that reported within a time, sorted by name.
func (f finder) find(ctx context.Context, org storage.OrgID, from, to time.Time) ([]Host, error) {
	found := tallies{}
	start := latest(from, to.Add(-recent))
	if err := f.look(ctx, org, start, to, found); err != nil {
		return nil, err
	}
	missing, err := f.missing(ctx, org, from, to, found)
	if err != nil {
		return nil, err
	}
	// An outage is mostly short, and a host that is gone for long is rare: each is searched for no
	// further back than it must be.
	for _, back := range []time.Duration{time.Hour, 6 * time.Hour, to.Sub(from)} {
		earlier := latest(from, to.Add(-back))
		if len(missing) == 0 || !earlier.Before(start) {
			continue
		}
		if err := f.search(ctx, org, earlier, start, missing, found); err != nil {
			return nil, err
		}
		maps.DeleteFunc(missing, func(name, metrics string) bool { return found.has(name, metrics) })
		start = earlier
	}
	return found.list(to), nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// matchers select metrics of hosts by a pattern of their names.
func matchers(names string, more ...*labels.Matcher) []*labels.Matcher {
	return append([]*labels.Matcher{
		labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, names),
		labels.MustNewMatcher(labels.MatchNotEqual, hostLabel, ""),
	}, more...)
}

// senders match who counts with metrics: anybody may measure a host, only our agent speaks of itself.
func senders(metrics string) []*labels.Matcher {
	if metrics == measured {
		return nil
	}
	return []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "service", agentService)}
}

// look reads what hosts and agents sent lately.
func (f finder) look(ctx context.Context, org storage.OrgID, from, to time.Time, found tallies) error {
	var iterator chunkenc.Iterator
	selection := query.Selection{From: from, To: to, Matchers: [][]*labels.Matcher{
		matchers("target_info", labels.MustNewMatcher(labels.MatchNotEqual, "os_type", "")), matchers(measured),
	}}
	err := f.engine.EachSeries(ctx, org, selection, func(series promstorage.Series) error {
		set := series.Labels()
		host := found.of(set.Get(hostLabel))
		if set.Get(model.MetricNameLabel) == "target_info" {
			host.describe(set)
			return nil
		}
		if host.asked >= samplesAHost {
			return nil
		}
		host.asked++
		iterator = series.Iterator(iterator)
		s, err := read(iterator)
		host.see(s)
		return err
	})
	if err != nil {
		return fmt.Errorf("find the hosts that report: %w", err)
	}
	selection.Matchers = [][]*labels.Matcher{matchers(ownMetrics, senders(metricInfo)...)}
	err = f.engine.EachSeries(ctx, org, selection, func(series promstorage.Series) error {
		iterator = series.Iterator(iterator)
		s, err := read(iterator)
		if err != nil || s.count == 0 {
			return err
		}
		set := series.Labels()
		host := found.of(set.Get(hostLabel))
		host.knownAgent().add(set, s)
		if set.Get(model.MetricNameLabel) == metricInfo {
			host.see(s)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what agents say of themselves: %w", err)
	}
	return nil
}

// missing returns the hosts that reported earlier and not lately, each with the metrics to look
// for: an agent that is silent is missing on a host that others measure too. It asks for the names
// of the whole time: the local store forgets, of an earlier time alone, names that came late.
func (f finder) missing(ctx context.Context, org storage.OrgID, from, to time.Time, found tallies) (map[string]string, error) {
	missing := map[string]string{}
	for _, metrics := range []string{measured, metricInfo} {
		selection := query.Selection{From: from, To: to, Matchers: [][]*labels.Matcher{matchers(metrics, senders(metrics)...)}}
		names, err := f.engine.LabelValues(ctx, org, hostLabel, selection)
		if err != nil {
			return nil, fmt.Errorf("find the hosts that reported earlier: %w", err)
		}
		for _, name := range names.Items {
			if !found.has(name, metrics) {
				missing[name] = metrics
			}
		}
	}
	return missing, nil
}

// search looks for the newest samples of hosts that are missing.
func (f finder) search(ctx context.Context, org storage.OrgID, from, to time.Time, missing map[string]string, found tallies) error {
	byMetrics := map[string][]string{}
	for name, metrics := range missing {
		byMetrics[metrics] = append(byMetrics[metrics], name)
		found.of(name).asked = 0
	}
	selection := query.Selection{From: from, To: to}
	for metrics, names := range byMetrics {
		some := among(names)
		selection.Matchers = append(selection.Matchers, matchers(metrics, append(senders(metrics), some...)...), matchers("target_info", append(some, labels.MustNewMatcher(labels.MatchNotEqual, "os_type", ""))...))
	}
	var iterator chunkenc.Iterator
	err := f.engine.EachSeries(ctx, org, selection, func(series promstorage.Series) error {
		set := series.Labels()
		name := set.Get(hostLabel)
		if _, wanted := missing[name]; !wanted {
			return nil
		}
		host, metric := found.of(name), set.Get(model.MetricNameLabel)
		if metric == "target_info" {
			host.describe(set)
			return nil
		}
		if metric != metricInfo {
			if host.asked >= samplesAHost {
				return nil
			}
			host.asked++
		}
		iterator = series.Iterator(iterator)
		s, err := read(iterator)
		if err != nil || s.count == 0 {
			return err
		}
		if metric == metricInfo {
			host.knownAgent().report(set, s)
		}
		host.see(s)
		return nil
	})
	if err != nil {
		return fmt.Errorf("find when silent hosts reported last: %w", err)
	}
	return nil
}

// among matches hosts by name; many are not named at all.
func among(names []string) []*labels.Matcher {
	if len(names) > mostNamed {
		return nil
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = regexp.QuoteMeta(name)
	}
	return []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, hostLabel, strings.Join(names, "|"))}
}
