package hostreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/pharos-obs/pharos/internal/configtest"
)

func TestDefaultConfig(t *testing.T) {
	cfg := NewFactory().CreateDefaultConfig()
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	assert.NoError(t, cfg.(*Config).Validate())
}

func TestReadmeExample(t *testing.T) {
	cfg := configtest.Example(t, "receivers::host", defaultConfig())

	assert.Equal(t, time.Second, cfg.CollectionInterval)
	assert.Equal(t, 30*time.Second, cfg.Scrapers.Filesystem.Interval)
	assert.True(t, cfg.Scrapers.Filesystem.Enabled)
	assert.NotEmpty(t, cfg.Scrapers.Filesystem.ExcludeTypes)
	assert.Equal(t, 5, cfg.Scrapers.Processes.Top)
	assert.False(t, cfg.Scrapers.Connections.Enabled)
}

func TestValidate(t *testing.T) {
	configtest.Faults(t, defaultConfig, map[string]func(*Config){
		"collection_interval: 1ns is too short: use at least 100ms": func(c *Config) { c.CollectionInterval = 1 },
		"scrapers.disk.interval: 1ms is too short":                  func(c *Config) { c.Scrapers.Disk.Interval = time.Millisecond },
		"scrapers.cpu.interval: -1s is too short":                   func(c *Config) { c.Scrapers.CPU.Interval = -time.Second },
		"every scraper is switched off":                             func(c *Config) { c.Scrapers = ScrapersConfig{} },
		"scrapers.disk.exclude_devices: error parsing regexp":       func(c *Config) { c.Scrapers.Disk.ExcludeDevices = "(" },
		"scrapers.filesystem.exclude_mountpoints: ":                 func(c *Config) { c.Scrapers.Filesystem.ExcludeMountpoints = "(" },
		"scrapers.filesystem.exclude_types: ":                       func(c *Config) { c.Scrapers.Filesystem.ExcludeTypes = "(" },
		"scrapers.network.exclude_interfaces: ":                     func(c *Config) { c.Scrapers.Network.ExcludeInterfaces = "(" },
		"scrapers.processes.top: -1 is out of range: use 0 to 1000": func(c *Config) { c.Scrapers.Processes.Top = -1 },
		"scrapers.processes.top: 1001 is out of range":              func(c *Config) { c.Scrapers.Processes.Top = 1001 },
		"scrapers.systemd.units: it is empty": func(c *Config) {
			c.Scrapers.Systemd.Enabled, c.Scrapers.Systemd.Units = true, nil
		},
		"scrapers.containers.max: 0 is out of range: use 1 to 10000": func(c *Config) { c.Scrapers.Containers.Max = 0 },
	})
}

func TestIntervals(t *testing.T) {
	tests := []struct {
		name       string
		scraper    namedScraper
		collection time.Duration
		want       time.Duration
	}{
		{"cheap", namedScraper{}, time.Second, time.Second},
		{"costly", namedScraper{least: costlyInterval}, time.Second, 10 * time.Second},
		{"costly and slow", namedScraper{least: costlyInterval}, time.Minute, time.Minute},
		{"own", namedScraper{least: costlyInterval, config: ScraperConfig{Interval: 2 * time.Second}}, time.Second, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.scraper.interval(tt.collection))
		})
	}
}

func TestDefaultExclusions(t *testing.T) {
	cfg := defaultConfig().Scrapers
	tests := []struct {
		pattern  string
		excluded []string
		kept     []string
	}{
		{
			cfg.Disk.ExcludeDevices,
			[]string{"loop0", "ram1", "zram0", "sr0", "sda1", "sdab12", "vda2", "xvda1", "nvme0n1p1", "mmcblk0p2"},
			[]string{"sda", "sdab", "vda", "nvme0n1", "mmcblk0", "dm-0", "md127"},
		},
		{
			cfg.Filesystem.ExcludeMountpoints,
			[]string{"/proc/sys", "/snap/core/1", "/var/lib/docker/overlay2/x", "/dev"},
			[]string{"/", "/data", "/device", "/var/lib/postgresql", "/snapshots"},
		},
		{
			cfg.Network.ExcludeInterfaces,
			[]string{"lo", "lo0", "veth12ab", "cali0"},
			[]string{"eth0", "ens5", "wlan0", "long0", "docker0"},
		},
	}
	for _, tt := range tests {
		excluded, err := excluder(tt.pattern)
		require.NoError(t, err)
		for _, name := range tt.excluded {
			assert.True(t, excluded(name), name)
		}
		for _, name := range tt.kept {
			assert.False(t, excluded(name), name)
		}
	}
}
