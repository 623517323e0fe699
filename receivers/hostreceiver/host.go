package hostreceiver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/common"
	gohost "github.com/shirou/gopsutil/v3/host"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// serviceName is the service.name of all host metrics, so that a host is an instance of the
// service `host` to whoever looks for services.
const serviceName = "host"

// host says where the measured system's files are, and who it is.
type host struct {
	root     string // of the measured system; empty when it is the one we run on
	name     string // overrides the host's own name
	readings clock
}

// context returns a context that makes gopsutil read below the root path.
func (h *host) context(ctx context.Context) context.Context {
	if h.root == "" {
		return ctx
	}
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: filepath.Join(h.root, "proc"),
		common.HostSysEnvKey:  filepath.Join(h.root, "sys"),
		common.HostEtcEnvKey:  filepath.Join(h.root, "etc"),
		common.HostVarEnvKey:  filepath.Join(h.root, "var"),
		common.HostRunEnvKey:  filepath.Join(h.root, "run"),
		common.HostDevEnvKey:  filepath.Join(h.root, "dev"),
		common.HostRootEnvKey: h.root,
	})
}

// proc returns the path of a file of the proc filesystem.
func (h *host) proc(elements ...string) string {
	base := os.Getenv("HOST_PROC") // gopsutil's own variable
	switch {
	case h.root != "":
		base = filepath.Join(h.root, "proc")
	case base == "":
		base = "/proc"
	}
	return filepath.Join(append([]string{base}, elements...)...)
}

// procNet returns the path of a file of proc's net folder. /proc/net is the network of whoever
// reads it; so below a root path it is that of the host's first process.
func (h *host) procNet(name string) string {
	if h.root != "" {
		if path := h.proc("1", "net", name); exists(path) {
			return path
		}
	}
	return h.proc("net", name)
}

// within returns where a path of the measured system is found.
func (h *host) within(path string) string {
	if h.root == "" {
		return path
	}
	return filepath.Join(h.root, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// describe fills the resource. What cannot be found out is left out.
func (h *host) describe(ctx context.Context, resource pcommon.Resource) error {
	name, err := h.hostName()
	if err != nil {
		return err
	}
	ctx = h.context(ctx)
	target := resource.Attributes()
	target.PutStr("service.name", serviceName)
	target.PutStr("service.instance.id", name)
	target.PutStr("host.name", name)
	if id := h.hostID(ctx); id != "" {
		target.PutStr("host.id", id)
	}
	target.PutStr("host.arch", runtime.GOARCH)
	target.PutStr("os.type", runtime.GOOS)
	if description := h.osDescription(ctx); description != "" {
		target.PutStr("os.description", description)
	}
	return nil
}

// osDescription returns the name and version of the system as people say it. On Linux gopsutil
// would run lsb_release, which takes longer than all the rest of a start.
func (h *host) osDescription(ctx context.Context) string {
	if runtime.GOOS == "linux" {
		content, err := os.ReadFile(h.within("/etc/os-release"))
		if err != nil {
			return ""
		}
		for line := range strings.Lines(string(content)) {
			if name, found := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); found {
				return strings.Trim(name, `"'`)
			}
		}
		return ""
	}
	platform, _, version, err := gohost.PlatformInformationWithContext(ctx)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(platform + " " + version)
}

func (h *host) hostName() (string, error) {
	if h.name != "" {
		return h.name, nil
	}
	if h.root != "" {
		if content, err := os.ReadFile(h.within("/etc/hostname")); err == nil && len(content) > 0 {
			return strings.TrimSpace(string(content)), nil
		}
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("read host name: %w (set host_name)", err)
	}
	return name, nil
}

// hostID returns OpenTelemetry's host.id: the machine id where there is one.
func (h *host) hostID(ctx context.Context) string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if content, err := os.ReadFile(h.within(path)); err == nil && len(content) > 0 {
			return strings.TrimSpace(string(content))
		}
	}
	id, err := gohost.HostIDWithContext(ctx)
	if err != nil {
		return ""
	}
	return id
}

// clock is the time and its ticks; tests have another one.
type clock struct {
	now  func() time.Time
	tick func(interval time.Duration) (ticks <-chan time.Time, stop func())
}

func systemClock() clock {
	return clock{
		now: time.Now,
		tick: func(interval time.Duration) (<-chan time.Time, func()) {
			ticker := time.NewTicker(interval)
			return ticker.C, ticker.Stop
		},
	}
}
