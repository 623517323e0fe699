//go:build !linux

package hostreceiver

// newSystemScrape returns nil: what these scrapers measure is not to be had here.
func newSystemScrape(string, *ScrapersConfig, *host) scrapeFunc { return nil }
