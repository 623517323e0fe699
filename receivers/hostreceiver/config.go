package hostreceiver

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

const (
	defaultInterval = 10 * time.Second
	// minInterval keeps a typing error ("1" for "1s" is a nanosecond) from eating a core.
	minInterval = 100 * time.Millisecond
	// costlyInterval is the least default interval of the scrapers that read many files.
	costlyInterval = 10 * time.Second
	maxTop         = 1000
)

// Config is the configuration of the receiver.
type Config struct {
	// CollectionInterval is how often the scrapers without an interval of their own run.
	CollectionInterval time.Duration `mapstructure:"collection_interval"`
	// RootPath is where the host's root filesystem is mounted, for a receiver in a container:
	// with `/host`, it reads `/host/proc` and so on. Empty means this system's own.
	RootPath string `mapstructure:"root_path"`
	// HostName replaces the host's own name in `host.name` and `service.instance.id`.
	HostName string `mapstructure:"host_name"`
	// Scrapers switches the scrapers on and off and sets what is particular to each.
	Scrapers ScrapersConfig `mapstructure:"scrapers"`
}

// ScrapersConfig holds the settings of each scraper.
type ScrapersConfig struct {
	// CPU measures the time of each core by mode, and the utilization of all together.
	CPU ScraperConfig `mapstructure:"cpu"`
	// Load reads the load averages.
	Load ScraperConfig `mapstructure:"load"`
	// Memory measures memory by state.
	Memory ScraperConfig `mapstructure:"memory"`
	// Paging measures swap space, swapping and page faults.
	Paging ScraperConfig `mapstructure:"paging"`
	// Disk measures the traffic of block devices.
	Disk DiskConfig `mapstructure:"disk"`
	// Filesystem measures the space of mounted filesystems.
	Filesystem FilesystemConfig `mapstructure:"filesystem"`
	// Network measures the traffic of interfaces.
	Network NetworkConfig `mapstructure:"network"`
	// Connections counts TCP connections by state, and UDP sockets.
	Connections ScraperConfig `mapstructure:"connections"`
	// Uptime measures the time since the start of the system.
	Uptime ScraperConfig `mapstructure:"uptime"`
	// Processes counts processes, and measures those that use most CPU or memory.
	Processes ProcessesConfig `mapstructure:"processes"`
}

// ScraperConfig holds what every scraper has.
type ScraperConfig struct {
	// Enabled switches the scraper on; all are on by default.
	Enabled bool `mapstructure:"enabled"`
	// Interval is how often the scraper runs. 0 means collection_interval, and for filesystem,
	// connections, uptime and processes at least 10s.
	Interval time.Duration `mapstructure:"interval"`
}

// DiskConfig holds the settings of the disk scraper.
type DiskConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// ExcludeDevices is a regular expression of device names to leave out. The default leaves
	// out partitions, and loop, RAM, floppy and optical devices.
	ExcludeDevices string `mapstructure:"exclude_devices"`
}

// FilesystemConfig holds the settings of the filesystem scraper.
type FilesystemConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// ExcludeMountpoints is a regular expression of mount points to leave out.
	ExcludeMountpoints string `mapstructure:"exclude_mountpoints"`
	// ExcludeTypes is a regular expression of filesystem types to leave out.
	ExcludeTypes string `mapstructure:"exclude_types"`
	// IncludeVirtual adds filesystems without a disk below them (tmpfs, overlay, network
	// filesystems). The root filesystem is always included.
	IncludeVirtual bool `mapstructure:"include_virtual"`
}

// NetworkConfig holds the settings of the network scraper.
type NetworkConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// ExcludeInterfaces is a regular expression of interface names to leave out. The default
	// leaves out the loopback interface and the host's ends of container interfaces.
	ExcludeInterfaces string `mapstructure:"exclude_interfaces"`
}

// ProcessesConfig holds the settings of the process scraper.
type ProcessesConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// Top is how many processes are reported by CPU, and how many by memory; 0 only counts
	// processes by state.
	Top int `mapstructure:"top"`
}

func defaultConfig() *Config {
	on := ScraperConfig{Enabled: true}
	return &Config{
		CollectionInterval: defaultInterval,
		Scrapers: ScrapersConfig{
			CPU:    on,
			Load:   on,
			Memory: on,
			Paging: on,
			Disk: DiskConfig{
				ScraperConfig:  on,
				ExcludeDevices: `^((loop|ram|zram|fd|sr)\d+|(h|s|v|xv)d[a-z]+\d+|(nvme\d+n\d+|mmcblk\d+|nbd\d+)p\d+)$`,
			},
			Filesystem: FilesystemConfig{
				ScraperConfig:      on,
				ExcludeMountpoints: `^/(proc|sys|dev|run/user|snap|var/lib/(docker|containers|containerd|kubelet))($|/)`,
				ExcludeTypes:       `^(squashfs|iso9660|udf|erofs)$`,
			},
			Network: NetworkConfig{
				ScraperConfig:     on,
				ExcludeInterfaces: `^(lo\d*|Loopback.*|veth.*|cali.*|lxc.*)$`,
			},
			Connections: on,
			Uptime:      on,
			Processes:   ProcessesConfig{ScraperConfig: on, Top: 10},
		},
	}
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.CollectionInterval < minInterval {
		errs = append(errs, fmt.Errorf("collection_interval: %s is too short: use at least %s", c.CollectionInterval, minInterval))
	}
	enabled := false
	for _, s := range c.Scrapers.all() {
		enabled = enabled || s.config.Enabled
		if s.config.Interval != 0 && s.config.Interval < minInterval {
			errs = append(errs, fmt.Errorf("scrapers.%s.interval: %s is too short: use at least %s, or 0 for collection_interval",
				s.name, s.config.Interval, minInterval))
		}
	}
	if !enabled {
		errs = append(errs, errors.New("scrapers: every scraper is switched off: set `enabled: true` for one, or remove the receiver"))
	}
	for name, pattern := range map[string]string{
		"disk.exclude_devices":           c.Scrapers.Disk.ExcludeDevices,
		"filesystem.exclude_mountpoints": c.Scrapers.Filesystem.ExcludeMountpoints,
		"filesystem.exclude_types":       c.Scrapers.Filesystem.ExcludeTypes,
		"network.exclude_interfaces":     c.Scrapers.Network.ExcludeInterfaces,
	} {
		if _, err := regexp.Compile(pattern); err != nil {
			errs = append(errs, fmt.Errorf("scrapers.%s: %w: use RE2 syntax", name, err))
		}
	}
	if top := c.Scrapers.Processes.Top; top < 0 || top > maxTop {
		errs = append(errs, fmt.Errorf("scrapers.processes.top: %d is out of range: use 0 to %d", top, maxTop))
	}
	return errors.Join(errs...)
}

// namedScraper is the common part of a scraper's settings.
type namedScraper struct {
	name   string
	costly bool
	config ScraperConfig
}

// interval returns how often the scraper runs.
func (s namedScraper) interval(collection time.Duration) time.Duration {
	switch {
	case s.config.Interval > 0:
		return s.config.Interval
	case s.costly:
		return max(collection, costlyInterval)
	}
	return collection
}

func (s *ScrapersConfig) all() []namedScraper {
	return []namedScraper{
		{"cpu", false, s.CPU},
		{"load", false, s.Load},
		{"memory", false, s.Memory},
		{"paging", false, s.Paging},
		{"disk", false, s.Disk.ScraperConfig},
		{"network", false, s.Network.ScraperConfig},
		{"filesystem", true, s.Filesystem.ScraperConfig},
		{"connections", true, s.Connections},
		{"uptime", true, s.Uptime},
		{"processes", true, s.Processes.ScraperConfig},
	}
}
