package hostreceiver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// copyTree returns a root with parts of the fake one.
func copyTree(t *testing.T, parts ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, part := range parts {
		from, to := filepath.Join(fakeRoot, part), filepath.Join(root, part)
		if info, err := os.Stat(from); err == nil && info.IsDir() {
			require.NoError(t, os.CopyFS(to, os.DirFS(from)))
			continue
		}
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		write(t, to, string(content))
	}
	return root
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func removed(t *testing.T, root string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		require.NoError(t, os.RemoveAll(filepath.Join(root, part)))
	}
}

// TestContainersOfCgroup1 reads the separate trees of the first version.
func TestContainersOfCgroup1(t *testing.T) {
	root := t.TempDir()
	h := &host{root: root}
	id := strings.Repeat("d4", 32)
	for file, content := range map[string]string{
		"cpu/%s/cpu.stat": "nr_periods 50\nnr_throttled 5\nthrottled_time 2500000000\n", "cpuacct/%s/cpuacct.usage_user": "3000000000\n",
		"cpuacct/%s/cpuacct.usage_sys": "1000000000\n", "memory/%s/memory.usage_in_bytes": "5000\n", "memory/%s/memory.limit_in_bytes": "9223372036854771712\n",
		"memory/%s/memory.stat": "inactive_file 1\ntotal_inactive_file 2000\ntotal_rss 2500\n", "pids/%s/pids.current": "3\n",
	} {
		write(t, filepath.Join(root, "sys/fs/cgroup", fmt.Sprintf(file, "docker/"+id)), content)
	}
	got := run(t, h, newContainers(ContainersConfig{Max: 10}, h), fakeNow)
	labels := "container.id=" + id + ",container.runtime.name=docker"
	for _, line := range []string{
		"system.container.count{} 1\n", "container.cpu.time{" + labels + ",cpu.mode=user} 3 since", "container.cpu.time{" + labels + ",cpu.mode=system} 1 since",
		"container.cpu.periods{" + labels + "} 50 ", "container.cpu.throttled.periods{" + labels + "} 5 ", "container.cpu.throttled.time{" + labels + "} 2.5 ",
		"container.memory.usage{" + labels + "} 5000\n", "container.memory.working_set{" + labels + "} 3000\n", "container.memory.rss{" + labels + "} 2500\n",
		"container.process.count{" + labels + "} 3\n",
	} {
		assert.Contains(t, got, line)
	}
	assert.NotContains(t, got, "container.memory.limit{", "there is none")
}

// TestContainersAreBounded starts and ends containers, more of them than are to be measured.
func TestContainersAreBounded(t *testing.T) {
	root := t.TempDir()
	h := &host{root: root}
	tree := filepath.Join(root, "sys/fs/cgroup")
	write(t, filepath.Join(tree, "cgroup.controllers"), "cpu memory\n")
	folder := func(n int) string { return filepath.Join(tree, fmt.Sprintf("docker/%064x", n)) }
	for n := range 5 {
		write(t, filepath.Join(folder(n), "memory.current"), "1\n")
	}
	scrape := newContainers(ContainersConfig{Max: 3}, h)
	from := newFiles()
	scraped := func() string { return runWith(t, h, scrape, fakeNow, from) }
	got := scraped()
	assert.Contains(t, got, "system.container.count{} 5\n")
	assert.Equal(t, 3, strings.Count(got, "container.memory.usage{"))

	require.NoError(t, os.RemoveAll(folder(0)))
	require.NoError(t, os.RemoveAll(folder(1)))
	require.NoError(t, os.RemoveAll(folder(2)))
	assert.Equal(t, 0, strings.Count(scraped(), "container.memory.usage{"), "those that have ended are left out at once")
	for range findCycles {
		got = scraped()
	}
	assert.Contains(t, got, "system.container.count{} 2\n")
	assert.Equal(t, 2, strings.Count(got, "container.memory.usage{"))
	for path := range from.known {
		assert.NotContains(t, path, folder(0), "its buffers are forgotten")
	}
}

func TestFilesAreReadOnceACycle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "1\n")
	from := newFiles()
	from.renew()
	value, err := from.number(path)
	require.NoError(t, err)
	assert.Equal(t, uint64(1), value)
	write(t, path, strings.Repeat("7", 5000))
	value, err = from.number(path)
	require.NoError(t, err)
	assert.Equal(t, uint64(1), value, "not read again")
	from.renew()
	content, err := from.read(path)
	require.NoError(t, err)
	assert.Len(t, content, 5000)
	_, err = from.number(path)
	require.ErrorContains(t, err, "is not a number")
	require.NoError(t, os.Remove(path))
	from.renew()
	_, err = from.read(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "read "+path)
}
