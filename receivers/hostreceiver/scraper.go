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
		interval := named.interval(cfg.CollectionInterval)
		if byInterval[interval] == nil {
			byInterval[interval] = &group{interval: interval}
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

func newScrape(name string, cfg *ScrapersConfig, h *host) (scrapeFunc, error) {
	switch name {
	case "cpu":
		return newCPU().scrape, nil
	case "load":
		return scrapeLoad, nil
	case "memory":
		return scrapeMemory, nil
	case "paging":
		return scrapePaging, nil
	case "disk":
		return newDisk(cfg.Disk)
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
	return nil, fmt.Errorf("there is no scraper %q", name)
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
