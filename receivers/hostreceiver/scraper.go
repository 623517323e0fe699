package hostreceiver

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// scrapeFunc measures one thing and adds it to the batch. What it added before an error is kept.
// The context makes gopsutil read below the root path.
type scrapeFunc func(ctx context.Context, b *batch) error

// scraper is a scrapeFunc with its name and its state.
type scraper struct {
	name   string
	scrape scrapeFunc
	failed bool // the last run failed; only its own group touches it
}

// group holds the scrapers of one interval. They run one after the other and send together.
type group struct {
	interval time.Duration
	scrapers []*scraper
	files    *files
}

// newGroups builds the scrapers that are switched on, grouped by interval, the shortest first.
func newGroups(cfg *Config, h *host) ([]*group, error) {
	byInterval := map[time.Duration]*group{}
	for _, named := range cfg.Scrapers.all() {
		if !named.config.Enabled {
			continue
		}
		scrape, err := newScrape(named.name, &cfg.Scrapers, h)
		if err != nil {
			return nil, fmt.Errorf("scraper %s: %w", named.name, err)
		}
		if scrape == nil {
			continue
		}
		interval := named.interval(cfg.CollectionInterval)
		if byInterval[interval] == nil {
			byInterval[interval] = &group{interval: interval, files: newFiles()}
		}
		g := byInterval[interval]
		g.scrapers = append(g.scrapers, &scraper{name: named.name, scrape: scrape})
	}
	groups := make([]*group, 0, len(byInterval))
	for _, g := range byInterval {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int { return int(a.interval - b.interval) })
	return groups, nil
}

// newScrape returns nil for a scraper of what this system does not tell.
func newScrape(name string, cfg *ScrapersConfig, h *host) (scrapeFunc, error) {
	switch name {
	case "cpu":
		return newCPU(h).scrape, nil
	case "load":
		return newLoad(h), nil
	case "memory":
		return newMemory(cfg.Memory, h), nil
	case "paging":
		return newPaging(h), nil
	case "disk":
		return newDisk(cfg.Disk, h)
	case "filesystem":
		return newFilesystem(cfg.Filesystem, h)
	case "network":
		return newNetwork(cfg.Network, h)
	case "connections":
		return newConnections(h), nil
	case "uptime":
		return newUptime(h), nil
	case "processes":
		return newProcesses(cfg.Processes, h), nil
	}
	return newSystemScrape(name, cfg, h), nil
}

// excluder returns a function that says whether a name is left out.
func excluder(pattern string) (func(name string) bool, error) {
	if pattern == "" {
		return func(string) bool { return false }, nil
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("compile %q: %w", pattern, err)
	}
	return expression.MatchString, nil
}
