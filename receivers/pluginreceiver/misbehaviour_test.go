package pluginreceiver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/units"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// misbehaviour is something that a plugin does, and what comes of it.
type misbehaviour struct {
	mode   string
	change func(*Config)
	says   string // what is reported as the fault of the receiver
	// metric, key, value is one of the receiver's own metrics that counts it.
	metric, key, value string
	// gives is a metric that comes all the same.
	gives string
}

var misbehaviours = []misbehaviour{
	{mode: "crash at start", says: "exit status 3", metric: "pharos_plugin_restarts", key: "reason", value: "not_started"},
	{mode: "crash in collect", says: "the plugin has ended: exit status 4", metric: "pharos_plugin_restarts", key: "reason", value: "ended"},
	{
		mode: "hang at start", change: func(c *Config) { c.Timeouts.Start = 300 * time.Millisecond },
		says: "it has not answered in time", metric: "pharos_plugin_restarts", key: "reason", value: "not_started",
	},
	{
		mode: "hang in collect", change: func(c *Config) { c.Timeouts.Collect = 100 * time.Millisecond },
		says: "the plugin does not answer: it was late 3 times in a row", metric: "pharos_plugin_restarts", key: "reason", value: "hangs",
	},
	{mode: "panic", says: "the plugin cannot measure: the plugin has panicked: at the disco", metric: "pharos_plugin_collect_duration", key: "outcome", value: "error"},
	{mode: "error", says: "the plugin cannot measure: no database", metric: "pharos_plugin_collect_duration", key: "outcome", value: "error"},
	{
		mode: "flood points", change: func(c *Config) { c.Limits.Points = 1000 },
		says: "more data points than limits::points", metric: "pharos_plugin_dropped_points", key: "reason", value: dropTooMany, gives: "test.flood",
	},
	{
		mode: "flood bytes", change: func(c *Config) { c.Limits.Message = 64 * units.KiB },
		says: "longer than 64KiB (limits::message)", metric: "pharos_plugin_dropped_points", key: "reason", value: dropTooLong,
	},
	{mode: "flood output", metric: "pharos_plugin_collect_duration", key: "outcome", value: "ok", gives: "test.half"},
	{mode: "leak", says: "and its limit is 128.0 MiB (limits::memory)", metric: "pharos_plugin_restarts", key: "reason", value: "memory"},
	{
		mode: "burn", change: func(c *Config) { c.Limits.CPU, c.Limits.CPUWindow = 0.1, time.Second },
		says: "and its limit is 0.10 (limits::cpu)", metric: "pharos_plugin_restarts", key: "reason", value: "cpu", gives: "test.half",
	},
	{mode: "garbage", says: "not the handshake of a plugin: \"Hello, I am a plugin!", metric: "pharos_plugin_restarts", key: "reason", value: "not_started"},
	{mode: "other version", says: "built for another version of the protocol than 1", metric: "pharos_plugin_restarts", key: "reason", value: "not_started"},
	{mode: "lying version", says: "the plugin speaks version 7 of the protocol after it has agreed to 1", metric: "pharos_plugin_restarts", key: "reason", value: "not_started"},
	{
		mode: "other name", change: func(c *Config) { c.Name = "test" },
		says: `calls itself "mimic" and not "test"`, metric: "pharos_plugin_restarts", key: "reason", value: "not_started",
	},
	{mode: "nothing to give", says: "neither metrics nor logs", metric: "pharos_plugin_restarts", key: "reason", value: "not_started"},
	{mode: "only logs", says: "the plugin gives no metrics: take plugin/mine out of the pipeline of metrics", metric: "pharos_plugin_state", key: "state", value: stateRunning},
	{mode: "refuses collect", says: "says that it gives metrics, and refuses to", metric: "pharos_plugin_collect_duration", key: "outcome", value: "error"},
	{mode: "undecodable", says: "gives bytes that are no OTLP", metric: "pharos_plugin_dropped_points", key: "reason", value: dropUndecodable},
	{mode: "not UTF-8", says: "the plugin's answer cannot be read", metric: "pharos_plugin_collect_duration", key: "outcome", value: "error"},
	{mode: "future", says: "older than a day or from the future", metric: "pharos_plugin_dropped_points", key: "reason", value: dropTime},
	{mode: "not a number", says: "values that are no numbers", metric: "pharos_plugin_dropped_points", key: "reason", value: dropNotANumber},
	{mode: "other service", says: `as the service "checkout": they are sent as mine's own`, metric: "pharos_plugin_collect_duration", key: "outcome", value: "ok", gives: "test.mine"},
	{mode: "no TLS", says: "authentication handshake failed", metric: "pharos_plugin_restarts", key: "reason", value: "not_started"},
	{mode: "elsewhere", says: "is to be reached at tcp 192.0.2.1:443: a unix socket or a loopback address is allowed", metric: "pharos_plugin_restarts", key: "reason", value: "not_started"},
	{
		mode: "good", change: func(c *Config) { c.SHA256 = strings.Repeat("0", 64) },
		says: "it is another version, or was tampered with", metric: "pharos_plugin_restarts", key: "reason", value: "not_started",
	},
	{
		mode: "good", change: func(c *Config) { c.Config = map[string]any{"greting": "hi"} },
		says: "config.greting: there is no such setting", metric: "pharos_plugin_restarts", key: "reason", value: "settings",
	},
	{
		mode: "good", change: func(c *Config) { c.Config = map[string]any{"greeting": "rude"} },
		says: "config.greeting: is rude: say hello", metric: "pharos_plugin_restarts", key: "reason", value: "settings",
	},
}

// Whatever a plugin does, it is reported and counted, and the plugin beside it goes on.
func TestMisbehaviour(t *testing.T) {
	neighbour := begin(t, fast(t, "good"), false)
	eventually(t, "the good plugin collects", func() bool { return neighbour.metrics.DataPointCount() > 0 })
	pid := processOf(t, neighbour)
	t.Run("table", func(t *testing.T) {
		for _, tt := range misbehaviours {
			t.Run(tt.mode+" "+tt.value, func(t *testing.T) {
				t.Parallel()
				cfg := fast(t, tt.mode)
				if tt.change != nil {
					tt.change(cfg)
				}
				u := begin(t, cfg, false)
				eventually(t, "it is reported", func() bool { return strings.Contains(u.host.faults(), tt.says) })
				eventually(t, "it is counted", func() bool { return u.own(t, tt.metric, tt.key, tt.value) > 0 })
				if tt.gives != "" {
					eventually(t, "what is good of it comes", func() bool { return u.gave(tt.gives) })
				}
				before := neighbour.metrics.DataPointCount()
				eventually(t, "the good plugin goes on", func() bool { return neighbour.metrics.DataPointCount() > before })
				u.end()
			})
		}
	})
	assert.Empty(t, neighbour.host.faults())
	assert.Equal(t, pid, processOf(t, neighbour), "it was never started again")
}

// gave says whether a metric came, always as ours.
func (u *under) gave(name string) bool {
	for _, one := range u.metrics.AllMetrics() {
		for _, resource := range one.ResourceMetrics().All() {
			if service, _ := resource.Resource().Attributes().Get("service.name"); service.Str() != "mine" {
				return false
			}
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					if metric.Name() == name {
						return true
					}
				}
			}
		}
	}
	return false
}

// processOf returns how often a plugin was started again, which is never the same process.
func processOf(t *testing.T, u *under) float64 {
	t.Helper()
	total := 0.0
	for _, reason := range []string{"ended", "hangs", "memory", "cpu", "settings", "not_started"} {
		total += u.own(t, "pharos_plugin_restarts", "reason", reason)
	}
	return total
}

// noted returns the number that the plugin has left for the test.
func noted(t *testing.T, file string) int {
	t.Helper()
	number := 0
	eventually(t, "the plugin leaves a note", func() bool {
		content, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		number, err = strconv.Atoi(string(content))
		return err == nil
	})
	return number
}

func gone(pid int) bool {
	state, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	return strings.Contains(string(state), ") Z ") // nobody has waited for it yet
}

func TestNothingIsLeftBehind(t *testing.T) {
	for _, mode := range []string{"child", "ignore SIGTERM"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cfg := fast(t, mode)
			file := filepath.Join(t.TempDir(), "note")
			cfg.Environment[noteVariable] = configopaque.String(file)
			cfg.Timeouts.Stop = 300 * time.Millisecond
			cfg.Restart.Initial = time.Minute
			u := begin(t, cfg, false)
			pid := noted(t, file)
			if mode == "child" {
				eventually(t, "the end of its parent is reported", func() bool { return strings.Contains(u.host.faults(), "exit status 5") })
				eventually(t, "the child goes with its parent", func() bool { return gone(pid) })
				return
			}
			eventually(t, "it collects", func() bool { return u.metrics.DataPointCount() > 0 })
			assert.False(t, gone(pid))
			u.end()
			assert.True(t, gone(pid), "it is killed when it does not end by itself")
		})
	}
}

// A plugin does not outlive an agent that is killed.
func TestAgentIsKilled(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "note")
	agent := exec.CommandContext(t.Context(), path)
	agent.Env = append(os.Environ(), modeVariable+"=agent", noteVariable+"="+file, "TMPDIR="+t.TempDir())
	require.NoError(t, agent.Start())
	pid := noted(t, file)
	assert.False(t, gone(pid))
	require.NoError(t, agent.Process.Kill())
	_ = agent.Wait() // it was killed
	eventually(t, "the plugin goes with the agent", func() bool { return gone(pid) })
}

// Where the kernel does not kill it, the SDK sees that the agent has died, and ends the children, too.
func TestStandardInputEnds(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "note")
	one := exec.CommandContext(t.Context(), path)
	one.Env = append(os.Environ(), modeVariable+"=with child", noteVariable+"="+file, plugin.CookieKey+"="+plugin.CookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+t.TempDir())
	one.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := one.StdinPipe()
	require.NoError(t, err)
	output, err := one.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, one.Start())
	_, err = output.Read(make([]byte, 1)) // the handshake
	require.NoError(t, err)
	child := noted(t, file)
	assert.False(t, gone(child))
	require.NoError(t, input.Close())
	_ = one.Wait() // it kills its group, and so itself
	eventually(t, "the child goes with it", func() bool { return gone(child) })
}

func TestOutputIsBounded(t *testing.T) {
	core, logged := observer.New(zapcore.InfoLevel)
	cfg := fast(t, "flood output")
	cfg.Limits.OutputLines = 5
	u := beginLogged(t, cfg, false, zap.New(core))
	begun := time.Now()
	left := func() bool {
		for _, entry := range logged.FilterMessage("The plugin says").All() {
			if strings.HasSuffix(entry.ContextMap()["line"].(string), "more lines are left out)") {
				return true
			}
		}
		return false
	}
	eventually(t, "what is left out is said", left)
	u.end()
	assert.Less(t, logged.FilterMessage("The plugin says").Len(), 10*(int(time.Since(begun).Seconds())+2), "five lines a second, and how many more there were")
}
