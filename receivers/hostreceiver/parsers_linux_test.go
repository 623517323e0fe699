package hostreceiver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestContainerOf(t *testing.T) {
	const id = "3f4e2d1c0b9a88776655443322110000ffeeddccbbaa99887766554433221100"
	const pod = "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0a_1b.slice/"
	tests := []struct{ path, runtime, id, pod string }{
		{"/docker/" + id, "docker", id, ""},
		{"/system.slice/docker-" + id + ".scope", "docker", id, ""},
		{"/system.slice/nerdctl-" + id + ".scope", "containerd", id, ""},
		{"/machine.slice/libpod-" + id + ".scope", "podman", id, ""},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope", "podman", id, ""},
		{"/libpod_parent/libpod-" + id, "podman", id, ""},
		{pod + "crio-" + id + ".scope", "cri-o", id, "0a-1b"},
		{pod + "cri-containerd-" + id + ".scope", "containerd", id, "0a-1b"},
		{"/kubepods/burstable/pod0a-1b/" + id, "", id, "0a-1b"},
		{"/kubepods/pod0a-1b/" + id, "", id, "0a-1b"},
		{"/lxc/web", "lxc", "web", ""},
		{"/lxc.payload.web", "lxc", "web", ""},
		{"/machine.slice/machine-build.scope", "systemd-nspawn", "build", ""},
		{"/machine.slice/systemd-nspawn@build.service", "systemd-nspawn", "build", ""},
		{"/machine.slice/libpod-conmon-" + id + ".scope", "", "", ""},
		{"/system.slice/backup-" + id + ".service", "", "", ""},
		{"/system.slice/backup-" + id + ".scope", "", "", ""},
		{"/system.slice/ssh.service", "", "", ""},
		{"/machine.slice", "", "", ""},
		{"/docker/" + strings.ToUpper(id), "", "", ""},
		{"/lxc.monitor.web", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			group, ok := containerOf(tt.path)
			require.Equal(t, tt.id != "", ok)
			if ok {
				assert.Equal(t, cgroup{path: tt.path, id: tt.id, runtime: tt.runtime, pod: tt.pod}, group)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for word, want := range map[string]uint64{"0": 0, "42": 42, "18446744073709551615": 1<<64 - 1} {
		value, ok := uintOf([]byte(word))
		assert.True(t, ok, word)
		assert.Equal(t, want, value)
	}
	for _, word := range []string{"", "-1", "1.5", "18446744073709551616", "99999999999999999999", "999999999999999999999", "1 "} {
		_, ok := uintOf([]byte(word))
		assert.False(t, ok, word)
	}
	negative, ok := intOf([]byte("-5500"))
	assert.True(t, ok)
	assert.Equal(t, int64(-5500), negative)
	for _, word := range []string{"", "-", "--1", "9999999999999999999"} {
		_, ok := intOf([]byte(word))
		assert.False(t, ok, word)
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"AnonPages": "anon_pages", "Active(anon)": "active_anon", "Committed_AS": "committed_as", "NFS_Unstable": "nfs_unstable",
		"DirectMap4k": "direct_map4k", "SUnreclaim": "sunreclaim", "HugePages_Total": "huge_pages_total", "FileHugePages": "file_huge_pages",
	} {
		assert.Equal(t, want, snake(name))
	}
}

func TestParseMDStat(t *testing.T) {
	tests := []struct {
		name, content string
		want          []raidArray
	}{
		{"none", "Personalities : \nunused devices: <none>\n", nil},
		{
			"delayed", "md0 : active raid1 sdb1[1] sda1[0]\n      100 blocks [2/2] [UU]\n      \tresync=DELAYED\n",
			[]raidArray{{name: "md0", active: true, required: 2, working: 2}},
		},
		{
			"check", "md127 : active raid6 sda[0] sdb[1] sdc[2](F) sdd[3](S)\n  1 blocks level 6 [4/3] [UU_U]\n  [=>...]  check =  5.0% (1/20)\n",
			[]raidArray{{name: "md127", active: true, required: 4, working: 3, failed: 1, spare: 1, sync: "check", progress: 0.05}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, parseMDStat([]byte(tt.content))) })
	}
}

// TestDetails holds what is off by default.
func TestDetails(t *testing.T) {
	cfg := defaultConfig()
	cfg.Scrapers.Memory.Details, cfg.Scrapers.Network.Details, cfg.Scrapers.Sensors.Details = true, true, true
	h := fakeHost()
	for name, lines := range map[string][]string{
		"memory": {
			"system.memory.linux.usage{system.memory.linux.kind=active_anon} 3072000000",
			"system.memory.linux.usage{system.memory.linux.kind=vmalloc_used} 61440000",
		},
		"network": {
			"system.network.linux.events{network.interface.name=bond0,network.io.direction=receive,system.network.linux.event=frame} 4 since",
			"system.network.linux.events{network.interface.name=bond0,network.io.direction=receive,system.network.linux.event=multicast} 6 since",
			"system.network.linux.events{network.interface.name=bond0,network.io.direction=transmit,system.network.linux.event=collision} 10 since",
			"system.network.linux.events{network.interface.name=bond0,network.io.direction=transmit,system.network.linux.event=carrier} 11 since",
		},
		"sensors": {
			"hw.voltage{hw.id=coretemp/coretemp.0/in0} 1.35", "hw.current{hw.id=coretemp/coretemp.0/curr1} 2.5",
			"hw.power{hw.id=coretemp/coretemp.0/power1} 65",
			"hw.temperature.limit{hw.id=coretemp/coretemp.0/temp1,hw.limit_type=high.critical,hw.name=Package id 0} 100",
			"hw.temperature.limit{hw.id=coretemp/coretemp.0/temp1,hw.limit_type=high.degraded,hw.name=Package id 0} 80",
		},
	} {
		scrape, err := newScrape(name, &cfg.Scrapers, h)
		require.NoError(t, err)
		got := run(t, h, scrape, fakeNow)
		for _, line := range lines {
			assert.Contains(t, got, line)
		}
	}
}

// TestBareHost runs every scraper on a host that has none of what is optional.
func TestBareHost(t *testing.T) {
	root := copyTree(t, "etc", "proc/stat", "proc/meminfo", "proc/vmstat", "proc/loadavg", "proc/uptime", "proc/diskstats", "proc/filesystems",
		"proc/1", "proc/sys/fs")
	cfg := defaultConfig()
	h := &host{root: root}
	for _, name := range []string{"paging", "conntrack", "pressure", "sensors", "frequency", "raid", "edac", "nfs", "zfs", "containers", "kernel"} {
		removed(t, root, "proc/1/net/rpc", "proc/1/net/sockstat6")
		scrape, err := newScrape(name, &cfg.Scrapers, h)
		require.NoError(t, err)
		metrics := pmetric.NewMetricSlice()
		require.NoError(t, scrape(t.Context(), newBatch(metrics, fakeNow, time.Time{}, newFiles())), name)
	}
	for _, name := range []string{"cpu", "memory", "load", "disk", "network", "sockets", "kernel", "uptime", "paging"} {
		scrape, err := newScrape(name, &cfg.Scrapers, &host{root: t.TempDir()})
		require.NoError(t, err)
		err = scrape(t.Context(), newBatch(pmetric.NewMetricSlice(), fakeNow, time.Time{}, newFiles()))
		require.ErrorContains(t, err, "no such file", name)
	}
}

// FuzzParsers gives to each parser what no kernel would say.
func FuzzParsers(f *testing.F) {
	for _, content := range []string{
		"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4\nintr 5 6\nctxt 7\nprocs_running 1\n",
		"MemTotal: 5 kB\nHugePages_Total: 7\n", "TCP: inuse 12 orphan 1 tw 5 alloc 20 mem 3\nsockets: used\n",
		"Tcp: InSegs OutSegs\nTcp: 1 2\nUdp: x\n", "Udp6InErrors 4\n", "00000010 00000002 00000001\n", "a drop\n1 2\n",
		"some avg10=0 total=12\n", "md0 : active raid1 sdb1[1] sda1[0](F)\n [2/1] [_U]\n  check = 5.0%\n", "rpc 1 2\nio 3 4\nth 5\n", "size 4 5\n",
		"eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "254 0 vda 1 2 3 4 5 6 7 8 9 10 11\n", "/dev/vda2 partition 2 5 -2\n",
		"254:0 rbytes=1 wbytes=2\n", "IP HW\n10.0.0.1 0x1 0x2 02 * eth0\n", "/kubepods/pod1/", "3600.50 7000.00\n",
	} {
		f.Add([]byte(content))
	}
	all := func(string) bool { return false }
	f.Fuzz(func(t *testing.T, content []byte) {
		b := newBatch(pmetric.NewMetricSlice(), fakeNow, time.Time{}, newFiles())
		reportKernel(b, content)
		info := parseMemory(content)
		info.report(b)
		kindNames{}.report(b, content, true)
		addVMStat(b, content)
		addSwap(b, parseSwaps(content))
		(&socketMetrics{count: b.gauge("a", "", ""), memory: b.gauge("b", "", "")}).add(content, "ipv4")
		netstat := &netstatScraper{counters: netCounters(), byName: map[string]int{"Tcp:InSegs": 0, "Udp6InErrors": 1}, values: make([]uint64, 99), found: make([]bool, 99)}
		netstat.parseColumns(content)
		netstat.parsePairs(content)
		addSoftnet(b, content)
		addNeighbours(b, content)
		addConntrack(b, content)
		addPressure(b.counter("c", "", ""), content, "cpu")
		addRAID(b, parseMDStat(content))
		addNFSClient(b, content)
		addNFSServer(b, content)
		addARC(b, content)
		parseIOStat(content)
		containerOf("/" + string(content))
		_, _ = parseUptime(content)
		(&networkScraper{excluded: all, known: map[string]*interfacePath{}, class: "/nowhere/at/all"}).parse(content)
		(&diskScraper{excluded: all, known: map[string]string{}}).parse(content)
		for i := range b.metrics.Len() { // a number that grows is never below 0
			if m := b.metrics.At(i); m.Type() == pmetric.MetricTypeSum && m.Sum().IsMonotonic() {
				for j := range m.Sum().DataPoints().Len() {
					require.GreaterOrEqual(t, m.Sum().DataPoints().At(j).DoubleValue(), 0.0)
				}
			}
		}
	})
}
