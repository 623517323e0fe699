package hostreceiver

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/shirou/gopsutil/v3/common"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/pharos-obs/pharos/internal/hostidentity"
)

// serviceName is the service.name of all host metrics, so that a host is an instance of the
// service `host` to whoever looks for services.
const serviceName = "host"

// host says where the measured system's files are, and who it is.
type host struct {
	root      string // of the measured system; empty when it is the one we run on
	name      string // overrides the host's own name
	addresses bool   // whether the resource has them
	readings  clock
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

// sys returns the path of a file of the sys filesystem.
func (h *host) sys(elements ...string) string {
	base := os.Getenv("HOST_SYS") // gopsutil's own variable
	switch {
	case h.root != "":
		base = filepath.Join(h.root, "sys")
	case base == "":
		base = "/sys"
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
	resource.Attributes().PutStr("service.name", serviceName)
	err := hostidentity.Describe(h.context(ctx), h.root, h.name, resource.Attributes())
	if err == nil && h.addresses {
		err = hostidentity.DescribeAddresses(resource.Attributes())
	}
	return err
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
