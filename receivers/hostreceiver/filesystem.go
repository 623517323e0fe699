package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/disk"
)

// usageTimeout is how long a filesystem may take to answer. One that is dead (a lost network
// mount) can hold a call for ever; it is left alone until that call has come back.
const usageTimeout = 2 * time.Second

// filesystemScraper measures the space of mounted filesystems.
type filesystemScraper struct {
	host          *host
	virtual       bool
	excludedMount func(string) bool
	excludedType  func(string) bool
	usage         func(ctx context.Context, path string) (*disk.UsageStat, error)
	timeout       time.Duration

	table []byte               // the kernel's list of mounts at the last run, on Linux
	list  []disk.PartitionStat // what came of it

	mu    sync.Mutex
	asked map[string]bool // mount points whose call has not come back
}

func newFilesystem(cfg FilesystemConfig, h *host) (scrapeFunc, error) {
	s, err := buildFilesystem(cfg, h)
	if err != nil {
		return nil, err
	}
	return s.scrape, nil
}

func buildFilesystem(cfg FilesystemConfig, h *host) (*filesystemScraper, error) {
	excludedMount, err := excluder(cfg.ExcludeMountpoints)
	if err != nil {
		return nil, err
	}
	excludedType, err := excluder(cfg.ExcludeTypes)
	if err != nil {
		return nil, err
	}
	return &filesystemScraper{
		host: h, virtual: cfg.IncludeVirtual, excludedMount: excludedMount, excludedType: excludedType,
		usage: disk.UsageWithContext, timeout: usageTimeout, asked: map[string]bool{},
	}, nil
}

func (s *filesystemScraper) scrape(ctx context.Context, b *batch) error {
	mounts, err := s.current(ctx, b)
	if err != nil {
		return err
	}
	limit := b.amount("system.filesystem.limit", "By", "Capacity of the filesystem.")
	usage := b.amount("system.filesystem.usage", "By", "Space of the filesystem by state.")
	utilization := b.gauge("system.filesystem.utilization", "1", "Part of the space that users may fill which is used.")
	inodes := b.amount("system.filesystem.inodes.usage", "{inode}", "Inodes of the filesystem by state.")
	var errs []error
	for _, m := range mounts {
		u, err := s.measure(ctx, m.Mountpoint)
		if err != nil {
			errs = append(errs, fmt.Errorf("measure %q: %w", m.Mountpoint, err))
			continue
		}
		if u.Total == 0 {
			continue
		}
		limit.count(u.Total, mountAttributes(m, "")...)
		usage.count(u.Used, mountAttributes(m, "used")...)
		usage.count(u.Free, mountAttributes(m, "free")...)
		usage.count(u.Total-min(u.Total, u.Used+u.Free), mountAttributes(m, "reserved")...)
		utilization.float(u.UsedPercent/100, mountAttributes(m, "")...)
		if u.InodesTotal > 0 {
			inodes.count(u.InodesUsed, mountAttributes(m, "used")...)
			inodes.count(u.InodesFree, mountAttributes(m, "free")...)
		}
	}
	return errors.Join(errs...)
}

func mountAttributes(m disk.PartitionStat, state string) []attribute {
	mode := "rw"
	if slices.Contains(m.Opts, "ro") {
		mode = "ro"
	}
	attributes := []attribute{
		text(deviceKey, m.Device),
		text("system.filesystem.mode", mode),
		text("system.filesystem.mountpoint", m.Mountpoint),
		text("system.filesystem.type", m.Fstype),
	}
	if state != "" {
		attributes = append(attributes, text("system.filesystem.state", state))
	}
	return attributes
}

// current returns the filesystems to measure. They are looked up only when the kernel's list of
// mounts has changed; elsewhere than on Linux, always.
func (s *filesystemScraper) current(ctx context.Context, b *batch) ([]disk.PartitionStat, error) {
	table, err := b.files.read(s.host.proc("1", "mountinfo"))
	if err != nil {
		table, err = b.files.read(s.host.proc("self", "mountinfo"))
	}
	if err == nil && len(table) > 0 && bytes.Equal(table, s.table) {
		return s.list, nil
	}
	mounts, listErr := s.mounts(ctx)
	if listErr != nil {
		return nil, listErr
	}
	if err == nil {
		s.table, s.list = append(s.table[:0], table...), mounts
	}
	return mounts, nil
}

// mounts returns the filesystems to measure, each device once: with the shortest of its mount
// points, so that bind mounts of it are left out. The root filesystem is one of them even when
// it is an overlay, as in a container.
func (s *filesystemScraper) mounts(ctx context.Context) ([]disk.PartitionStat, error) {
	physical, err := disk.PartitionsWithContext(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	all, err := disk.PartitionsWithContext(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	candidates := physical
	if s.virtual {
		candidates = all
	} else if root := slices.IndexFunc(all, isRoot); root >= 0 && !slices.ContainsFunc(physical, isRoot) {
		candidates = append(candidates, all[root])
	}
	slices.SortStableFunc(candidates, func(a, b disk.PartitionStat) int { return len(a.Mountpoint) - len(b.Mountpoint) })

	var mounts []disk.PartitionStat
	seen := map[string]bool{}
	for _, m := range candidates {
		if !isRoot(m) && (s.excludedMount(m.Mountpoint) || s.excludedType(m.Fstype)) {
			continue
		}
		key := m.Device
		if s.virtual { // several tmpfs share a device name
			key += "\x00" + m.Mountpoint
		}
		if !seen[key] {
			seen[key] = true
			mounts = append(mounts, m)
		}
	}
	return mounts, nil
}

func isRoot(m disk.PartitionStat) bool { return m.Mountpoint == "/" }

// measure asks for the space of a filesystem and does not wait for ever.
func (s *filesystemScraper) measure(ctx context.Context, mountpoint string) (*disk.UsageStat, error) {
	if !s.claim(mountpoint) {
		return nil, errors.New("it has not answered an earlier call")
	}
	type answer struct {
		usage *disk.UsageStat
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		usage, err := s.usage(ctx, s.host.within(mountpoint))
		s.release(mountpoint)
		answers <- answer{usage, err}
	}()
	timeout := time.NewTimer(s.timeout)
	defer timeout.Stop()
	select {
	case a := <-answers:
		return a.usage, a.err
	case <-timeout.C:
		return nil, fmt.Errorf("it has not answered within %s", s.timeout)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *filesystemScraper) claim(mountpoint string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[mountpoint] {
		return false
	}
	s.asked[mountpoint] = true
	return true
}

func (s *filesystemScraper) release(mountpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, mountpoint)
}
