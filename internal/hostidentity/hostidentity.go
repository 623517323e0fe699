// Package hostidentity says which host this is, in OpenTelemetry's resource attributes, without
// asking anybody on the network unless it is told to.
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

// Describe puts service.instance.id, host.*, os.*, cloud.*, container.* and k8s.* of the system
// whose root filesystem is at root, empty for our own. A name that is not empty replaces the
// host's own. What cannot be found out is left out; an error means that the host has no name.
//
// Below a root the system is not the one this program runs in: of the container around this
// program, only the Kubernetes node is the host's.
func Describe(ctx context.Context, root, name string, target pcommon.Map) error {
	if name == "" {
		var err error
		if name, err = hostName(root); err != nil {
			return err
		}
	}
	put := func(key, value string) {
		if value != "" {
			target.PutStr(key, value)
		}
	}
	put("service.instance.id", name)
	put("host.name", name)
	put("host.id", hostID(ctx, root))
	put("host.arch", architecture(runtime.GOARCH))
	put("os.type", runtime.GOOS)
	describeOS(ctx, root, put)
	cloud := readCloud(filepath.Join(root, "/sys/class/dmi/id"))
	put("cloud.provider", cloud.provider)
	put("cloud.platform", cloud.platform)
	describeContainer(root, os.Getenv, put)
	return nil
}

// describeOS puts the name and version of the system. On Linux gopsutil would run lsb_release,
// which takes longer than all the rest of a start.
func describeOS(ctx context.Context, root string, put func(key, value string)) {
	if runtime.GOOS != "linux" {
		platform, _, version, err := gohost.PlatformInformationWithContext(ctx)
		if err != nil {
			return
		}
		put("os.description", strings.TrimSpace(platform+" "+version))
		put("os.name", platform)
		put("os.version", version)
		return
	}
	put("os.kernel.release", word(filepath.Join(root, "/proc/sys/kernel/osrelease")))
	content, err := os.ReadFile(filepath.Join(root, "/etc/os-release"))
	if err != nil {
		content, err = os.ReadFile(filepath.Join(root, "/usr/lib/os-release"))
	}
	if err != nil {
		return
	}
	release := parseRelease(string(content))
	put("os.description", release["PRETTY_NAME"])
	put("os.name", release["NAME"])
	put("os.version", release["VERSION_ID"])
	put("os.build_id", release["BUILD_ID"])
}

// parseRelease parses os-release(5): assignments as in a shell, with or without quotes.
func parseRelease(content string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(content) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && !strings.HasPrefix(key, "#") {
			values[key] = strings.Trim(value, `"'`)
		}
	}
	return values
}

// architecture returns the name that the conventions have for Go's.
func architecture(goarch string) string {
	switch goarch {
	case "386":
		return "x86"
	case "arm":
		return "arm32"
	case "ppc64le":
		return "ppc64"
	}
	return goarch
}

func hostName(root string) (string, error) {
	if root != "" {
		if name := word(filepath.Join(root, "/etc/hostname")); name != "" {
			return name, nil
		}
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("read host name: %w (set host_name)", err)
	}
	return name, nil
}

// hostID returns OpenTelemetry's host.id: the machine id where there is one. It is the same with
// and without a cloud's metadata, so that a host stays the one it was.
func hostID(ctx context.Context, root string) string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if id := word(filepath.Join(root, path)); id != "" {
			return id
		}
	}
	id, err := gohost.HostIDWithContext(ctx)
	if err != nil {
		return ""
	}
	return id
}

// word returns what a small file says, or "" when it cannot be read.
func word(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
