package hostreceiver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/disk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestCPUUtilization(t *testing.T) {
	s := newCPU(fakeHost())
	metrics := pmetric.NewMetricSlice()
	b := newBatch(metrics, fakeNow, time.Time{}, newFiles())
	s.utilization(b, cpuModes{100, 50, 0, 800, 10, 0, 5})
	assert.Zero(t, metrics.Len(), "there is nothing to compare with")

	// 1 s of user, 3 s of idle; iowait went back by 2, which some kernels do.
	s.utilization(b, cpuModes{101, 50, 0, 803, 8, 0, 5})
	got := render(metrics, b.stamp)
	assert.Contains(t, got, "{cpu.mode=user} 0.25\n")
	assert.Contains(t, got, "{cpu.mode=idle} 0.75\n")
	assert.Contains(t, got, "{cpu.mode=iowait} 0\n")
}

// writeMounts returns a host with these lines of mountinfo.
func writeMounts(t *testing.T, lines string) *host {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(fakeRoot)))
	require.NoError(t, os.WriteFile(filepath.Join(root, "proc/1/mountinfo"), []byte(lines), 0o600))
	return &host{root: root}
}

func TestMounts(t *testing.T) {
	const container = `1 0 0:45 / / rw,relatime - overlay overlay rw,lowerdir=/a
2 1 0:21 / /proc rw - proc proc rw
3 1 0:23 / /dev/shm rw - tmpfs shm rw
4 1 254:1 /x /etc/hosts rw,relatime - ext4 /dev/vda1 rw
5 1 254:1 /y /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
6 1 0:50 / /run rw - tmpfs tmpfs rw
7 1 0:51 / /tmp rw - tmpfs tmpfs rw
8 1 0:52 / /mnt/nas rw - nfs4 nas:/x rw
`
	tests := []struct {
		name  string
		lines string
		cfg   func(*FilesystemConfig)
		want  []string
	}{
		{"container", container, nil, []string{"/ overlay", "/etc/hosts ext4"}},
		{
			"virtual", container, func(c *FilesystemConfig) { c.IncludeVirtual, c.ExcludeMountpoints = true, "^/(proc|etc)/?" },
			[]string{"/ overlay", "/run tmpfs", "/tmp tmpfs", "/dev/shm tmpfs", "/mnt/nas nfs4"},
		},
		{
			"root is never excluded", container, func(c *FilesystemConfig) { c.ExcludeMountpoints, c.ExcludeTypes = ".", "." },
			[]string{"/ overlay"},
		},
		{
			"bind mounts", "1 0 254:1 / /data rw - ext4 /dev/vda1 rw\n2 0 254:1 /srv / rw - ext4 /dev/vda1 rw\n", nil,
			[]string{"/ ext4"},
		},
		{"spaces", "1 0 254:1 / / rw - ext4 /dev/a rw\n2 0 8:1 / /my\\040disk rw - xfs /dev/b rw\n", nil, []string{"/ ext4", "/my disk xfs"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := defaultConfig().Scrapers.Filesystem
			if tt.cfg != nil {
				tt.cfg(&cfg)
			}
			h := writeMounts(t, tt.lines)
			mounts, err := newTestFilesystem(t, cfg, h).mounts(h.context(t.Context()))
			require.NoError(t, err)
			var got []string
			for _, m := range mounts {
				got = append(got, m.Mountpoint+" "+m.Fstype)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestDeadFilesystem has one mount that does not answer and one that fails; the third is measured.
func TestDeadFilesystem(t *testing.T) {
	h := writeMounts(t, "1 0 8:1 / / rw - ext4 /dev/a rw\n2 0 8:2 / /dead rw - ext4 /dev/b rw\n3 0 8:3 / /broken rw - ext4 /dev/c rw\n")
	s := newTestFilesystem(t, defaultConfig().Scrapers.Filesystem, h)
	s.timeout = 10 * time.Millisecond
	wake, calls := make(chan struct{}), make(chan string, 10)
	s.usage = func(_ context.Context, path string) (*disk.UsageStat, error) {
		switch filepath.Base(path) {
		case "dead":
			calls <- path
			<-wake
		case "broken":
			return nil, errors.New("input/output error")
		}
		return &disk.UsageStat{Total: 10, Used: 5, Free: 5}, nil
	}
	scrape := func() (string, error) {
		metrics := pmetric.NewMetricSlice()
		b := newBatch(metrics, fakeNow, time.Time{}, newFiles())
		err := s.scrape(h.context(t.Context()), b)
		return render(metrics, b.stamp), err
	}

	for _, want := range []string{"not answered within", "not answered an earlier call"} {
		got, err := scrape()
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, `measure "/broken": input/output error`)
		assert.Contains(t, got, "mountpoint=/,")
		assert.NotContains(t, got, "mountpoint=/dead,")
	}
	assert.Len(t, calls, 1, "a dead filesystem is not asked again")
	close(wake)
	require.Eventually(t, func() bool { return s.claim("/dead") }, 10*time.Second, time.Millisecond)
	s.release("/dead")
	got, err := scrape()
	require.ErrorContains(t, err, "broken")
	assert.Contains(t, got, "mountpoint=/dead,")
}
