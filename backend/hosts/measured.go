package hosts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/storage"
)

// measuredFor is how long an agent may be silent before somebody else measures its host.
const measuredFor = 2 * time.Minute

// MeasuredByAgent says whether an agent measures the host with a host.id: whether it has reported
// lately, and runs a receiver `host`.
func MeasuredByAgent(ctx context.Context, engine *query.Engine, org storage.OrgID, hostID string, now time.Time) (bool, error) {
	equal := func(name, value string) *labels.Matcher { return labels.MustNewMatcher(labels.MatchEqual, name, value) }
	// The host's clock and ours are one, but for what waits in a queue.
	selection := query.Selection{From: now.Add(-measuredFor), To: now.Add(time.Minute), Matchers: [][]*labels.Matcher{
		{equal(model.MetricNameLabel, "target_info"), equal("service", agentService), equal("host_id", hostID)},
	}}
	instances := map[string]struct{}{}
	each := func(fn func(set labels.Labels)) error {
		err := engine.EachSeries(ctx, org, selection, func(series promstorage.Series) error {
			s, err := read(series.Iterator(nil))
			if s.count > 0 {
				fn(series.Labels())
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("find the agent of this host: %w", err)
		}
		return nil
	}
	if err := each(func(set labels.Labels) { instances[strings.Clone(set.Get("instance"))] = struct{}{} }); err != nil || len(instances) == 0 {
		return false, err
	}
	selection.Matchers = nil
	for instance := range instances {
		selection.Matchers = append(selection.Matchers, []*labels.Matcher{
			equal(model.MetricNameLabel, metricUp), equal("service", agentService), equal("instance", instance), equal("kind", "receiver"),
			labels.MustNewMatcher(labels.MatchRegexp, "part", "host(/.*)?"),
		})
	}
	found := false
	err := each(func(labels.Labels) { found = true })
	return found, err
}
