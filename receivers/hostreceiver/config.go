package hostreceiver

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"go.opentelemetry.io/collector/component"
)

const (
	defaultInterval = 10 * time.Second
	// minInterval keeps a typing error ("1" for "1s" is a nanosecond) from eating a core.
	minInterval = 100 * time.Millisecond
	// costlyInterval is the least default interval of the scrapers that read many files or have
	// many series, and slowInterval of those that cost most, or measure what hardly changes.
	costlyInterval = 10 * time.Second
	slowInterval   = time.Minute
	maxTop         = 1000
	maxContainers  = 10000
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
	// Addresses adds `host.ip` and `host.mac` to the resource.
	Addresses bool `mapstructure:"addresses"`
	// CloudMetadata asks the cloud's link-local metadata service (AWS, Google, Azure) for the
	// region, zone, account and type of the instance. Which cloud it is, is known without.
	CloudMetadata bool `mapstructure:"cloud_metadata"`
	// YieldTo is the extension that knows of agents: while one measures the host with the same
	// host.id, this receiver rests. Empty means that it never does.
	YieldTo component.ID `mapstructure:"yield_to"`
	// Scrapers switches the scrapers on and off and sets what is particular to each.
	Scrapers ScrapersConfig `mapstructure:"scrapers"`
}

// ScrapersConfig holds the settings of each scraper. Those from Sockets on, but Processes, are of
// what only Linux tells, and measure nothing elsewhere.
type ScrapersConfig struct {
	// CPU measures the time of each core by mode, and the utilization of all together; on Linux
	// also context switches, interrupts, and the tasks that run or are blocked.
	CPU ScraperConfig `mapstructure:"cpu"`
	// Load reads the load averages.
	Load ScraperConfig `mapstructure:"load"`
	// Memory measures memory by state.
	Memory MemoryConfig `mapstructure:"memory"`
	// Paging measures swap space, swapping and page faults.
	Paging ScraperConfig `mapstructure:"paging"`
	// Disk measures the traffic of block devices.
	Disk DiskConfig `mapstructure:"disk"`
	// Filesystem measures the space of mounted filesystems.
	Filesystem FilesystemConfig `mapstructure:"filesystem"`
	// Network measures the traffic of interfaces; on Linux also their state, speed and bonds.
	Network NetworkConfig `mapstructure:"network"`
	// Connections counts TCP connections by state, and UDP sockets; on Linux at most once a minute
	// where netlink may not be asked, or not for the host's network.
	Connections ScraperConfig `mapstructure:"connections"`
	// Uptime measures the time since the start of the system.
	Uptime ScraperConfig `mapstructure:"uptime"`
	// Processes counts processes, and measures those that use most CPU or memory.
	Processes ProcessesConfig `mapstructure:"processes"`
	// Sockets counts sockets by protocol, and their memory.
	Sockets ScraperConfig `mapstructure:"sockets"`
	// Netstat reads the counters of TCP, UDP, IP and ICMP: retransmits, drops of listeners, errors.
	Netstat ScraperConfig `mapstructure:"netstat"`
	// Conntrack reads how many connections the firewall tracks, and how many it can.
	Conntrack ScraperConfig `mapstructure:"conntrack"`
	// Pressure reads how long tasks waited for CPU, memory and disks (PSI).
	Pressure ScraperConfig `mapstructure:"pressure"`
	// Kernel reads the open files of the system and their limit, and the entropy.
	Kernel ScraperConfig `mapstructure:"kernel"`
	// Clock reads whether the clock is synchronized, and how wrong it may be.
	Clock ScraperConfig `mapstructure:"clock"`
	// Sensors reads temperatures and fans.
	Sensors SensorsConfig `mapstructure:"sensors"`
	// Frequency reads how fast each CPU runs, and how often heat slowed it down.
	Frequency ScraperConfig `mapstructure:"frequency"`
	// RAID reads the state of software RAID arrays.
	RAID ScraperConfig `mapstructure:"raid"`
	// EDAC counts the errors of memory that has ECC.
	EDAC ScraperConfig `mapstructure:"edac"`
	// NFS counts the calls of the NFS client and server.
	NFS ScraperConfig `mapstructure:"nfs"`
	// ZFS reads the cache of ZFS.
	ZFS ScraperConfig `mapstructure:"zfs"`
	// Containers measures CPU, memory and disk traffic of containers by their control groups.
	Containers ContainersConfig `mapstructure:"containers"`
	// Systemd asks systemd for the state of its units. It is off by default.
	Systemd SystemdConfig `mapstructure:"systemd"`
}

// ScraperConfig holds what every scraper has.
type ScraperConfig struct {
	// Enabled switches the scraper on; all but systemd are on by default.
	Enabled bool `mapstructure:"enabled"`
	// Interval is how often the scraper runs. 0 means collection_interval, but at least 1m for
	// clock, sensors, frequency, raid, edac, nfs and systemd, and at least 10s for all
	// others but cpu, load, memory, paging, disk and network.
	Interval time.Duration `mapstructure:"interval"`
}

// MemoryConfig holds the settings of the memory scraper.
type MemoryConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// Details adds all kinds of memory that Linux tells apart, where the default are twelve.
	Details bool `mapstructure:"details"`
}

// SensorsConfig holds the settings of the sensors scraper.
type SensorsConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// Details adds voltages, currents, power, and the limits of temperatures.
	Details bool `mapstructure:"details"`
}

// ContainersConfig holds the settings of the containers scraper.
type ContainersConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// Max is how many containers are measured at most; `system.container.count` says how many
	// there are.
	Max int `mapstructure:"max"`
}

// SystemdConfig holds the settings of the systemd scraper.
type SystemdConfig struct {
	ScraperConfig `mapstructure:",squash"`
	// Units are the names of units to report, with * and ?. The default is all services.
	Units []string `mapstructure:"units"`
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
	// Details adds, on Linux, what kind of errors an interface had, and multicast packets.
	Details bool `mapstructure:"details"`
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
			Memory: MemoryConfig{ScraperConfig: on},
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
			Sockets:     on,
			Netstat:     on,
			Conntrack:   on,
			Pressure:    on,
			Kernel:      on,
			Clock:       on,
			Sensors:     SensorsConfig{ScraperConfig: on},
			Frequency:   on,
			RAID:        on,
			EDAC:        on,
			NFS:         on,
			ZFS:         on,
			Containers:  ContainersConfig{ScraperConfig: on, Max: 100},
			Systemd:     SystemdConfig{Units: []string{"*.service"}},
		},
	}
}

// References returns the extensions that the receiver works on, by setting.
func (c *Config) References() map[string]component.ID {
	if c.YieldTo == (component.ID{}) {
		return nil
	}
	return map[string]component.ID{"yield_to": c.YieldTo}
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
	if most := c.Scrapers.Containers.Max; most < 1 || most > maxContainers {
		errs = append(errs, fmt.Errorf("scrapers.containers.max: %d is out of range: use 1 to %d, or `enabled: false`", most, maxContainers))
	}
	if c.Scrapers.Systemd.Enabled && len(c.Scrapers.Systemd.Units) == 0 {
		errs = append(errs, errors.New("scrapers.systemd.units: it is empty: name units, such as `*.service`"))
	}
	return errors.Join(errs...)
}

// namedScraper is the common part of a scraper's settings.
type namedScraper struct {
	name   string
	least  time.Duration // of the interval, unless the scraper has one of its own
	config ScraperConfig
}

// interval returns how often the scraper runs.
func (s namedScraper) interval(collection time.Duration) time.Duration {
	if s.config.Interval > 0 {
		return s.config.Interval
	}
	return max(collection, s.least)
}

func (s *ScrapersConfig) all() []namedScraper {
	return []namedScraper{
		{"cpu", 0, s.CPU},
		{"load", 0, s.Load},
		{"memory", 0, s.Memory.ScraperConfig},
		{"paging", 0, s.Paging},
		{"disk", 0, s.Disk.ScraperConfig},
		{"network", 0, s.Network.ScraperConfig},
		{"sockets", costlyInterval, s.Sockets},
		{"netstat", costlyInterval, s.Netstat},
		{"pressure", costlyInterval, s.Pressure},
		{"kernel", costlyInterval, s.Kernel},
		{"zfs", costlyInterval, s.ZFS},
		{"filesystem", costlyInterval, s.Filesystem.ScraperConfig},
		{"connections", costlyInterval, s.Connections},
		{"conntrack", costlyInterval, s.Conntrack},
		{"uptime", costlyInterval, s.Uptime},
		{"containers", costlyInterval, s.Containers.ScraperConfig},
		{"processes", costlyInterval, s.Processes.ScraperConfig},
		{"clock", slowInterval, s.Clock},
		{"sensors", slowInterval, s.Sensors.ScraperConfig},
		{"frequency", slowInterval, s.Frequency},
		{"raid", slowInterval, s.RAID},
		{"edac", slowInterval, s.EDAC},
		{"nfs", slowInterval, s.NFS},
		{"systemd", slowInterval, s.Systemd.ScraperConfig},
	}
}
