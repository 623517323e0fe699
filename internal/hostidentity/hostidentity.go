// Package hostidentity says which host this is, in OpenTelemetry's resource attributes, without
// asking anybody on the network.
package hostidentity

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	gohost "github.com/shirou/gopsutil/v3/host"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Describe puts service.instance.id, host.* and os.* of the system whose root filesystem is at
// root, empty for our own. A name that is not empty replaces the host's own. What cannot be found
// out is left out; an error means that the host has no name.
func Describe(ctx context.Context, root, name string, target pcommon.Map) error {
	if name == "" {
		var err error
		if name, err = hostName(root); err != nil {
			return err
		}
	}
	target.PutStr("service.instance.id", name)
	target.PutStr("host.name", name)
	if id := hostID(ctx, root); id != "" {
		target.PutStr("host.id", id)
	}
	target.PutStr("host.arch", runtime.GOARCH)
	target.PutStr("os.type", runtime.GOOS)
	if description := osDescription(ctx, root); description != "" {
		target.PutStr("os.description", description)
	}
	return nil
}

// osDescription returns the name and version of the system as people say it. On Linux gopsutil
// would run lsb_release, which takes longer than all the rest of a start.
func osDescription(ctx context.Context, root string) string {
	if runtime.GOOS == "linux" {
		content, err := os.ReadFile(filepath.Join(root, "/etc/os-release"))
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

func hostName(root string) (string, error) {
	if root != "" {
		if content, err := os.ReadFile(filepath.Join(root, "/etc/hostname")); err == nil && len(content) > 0 {
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
func hostID(ctx context.Context, root string) string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if content, err := os.ReadFile(filepath.Join(root, path)); err == nil && len(content) > 0 {
			return strings.TrimSpace(string(content))
		}
	}
	id, err := gohost.HostIDWithContext(ctx)
	if err != nil {
		return ""
	}
	return id
}
