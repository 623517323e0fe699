package hostreceiver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxCgroupFolders and maxCgroupDepth bound a walk through a tree of control groups.
	maxCgroupFolders = 4000
	maxCgroupDepth   = 10
	containerIDLen   = 64
)

// cgroup is the control group of a container.
type cgroup struct {
	path    string // below the root of the tree
	id      string
	runtime string // docker, containerd, cri-o, podman, lxc or systemd-nspawn; empty when its path does not tell
	pod     string // k8s.pod.uid; empty outside of Kubernetes
}

// findContainers walks through a tree of control groups and returns those of containers by path.
// It does not look into a container.
func findContainers(root string) []cgroup {
	var found []cgroup
	folders := 0
	var walk func(path string, depth int)
	walk = func(path string, depth int) {
		if folders++; folders > maxCgroupFolders || depth > maxCgroupDepth {
			return
		}
		for _, name := range subfolders(filepath.Join(root, path)) {
			below := path + "/" + name
			if group, ok := containerOf(below); ok {
				found = append(found, group)
			} else {
				walk(below, depth+1)
			}
		}
	}
	walk("", 0)
	slices.SortFunc(found, func(a, b cgroup) int { return strings.Compare(a.path, b.path) })
	return found
}

// containerOf says whether a path is that of a container's control group, and of which. These
// are the last elements that runtimes give to it:
//
//	docker/ID            docker-ID.scope            Docker without and with systemd
//	cri-containerd-ID.scope  nerdctl-ID.scope       containerd
//	crio-ID  crio-ID.scope                          CRI-O
//	libpod-ID  libpod-ID.scope                      Podman
//	kubepods/.../ID                                 Kubernetes without systemd
//	lxc.payload.NAME  lxc/NAME                      LXC
//	machine-NAME.scope  systemd-nspawn@NAME.service systemd-nspawn
func containerOf(path string) (cgroup, bool) {
	parent, name := filepath.Split(path)
	name = strings.TrimSuffix(name, ".scope")
	group := cgroup{path: path, pod: podOf(parent)}
	if id, ok := strings.CutPrefix(name, "lxc.payload."); ok {
		group.id, group.runtime = id, "lxc"
		return group, true
	}
	if strings.HasSuffix(parent, "/lxc/") {
		group.id, group.runtime = name, "lxc"
		return group, true
	}
	if id, ok := strings.CutPrefix(name, "machine-"); ok && strings.HasSuffix(path, ".scope") {
		group.id, group.runtime = id, "systemd-nspawn"
		return group, true
	}
	if id, ok := strings.CutPrefix(strings.TrimSuffix(name, ".service"), "systemd-nspawn@"); ok {
		group.id, group.runtime = id, "systemd-nspawn"
		return group, true
	}
	if len(name) < containerIDLen || !isContainerID(name[len(name)-containerIDLen:]) {
		return group, false
	}
	group.id = name[len(name)-containerIDLen:]
	switch prefix := strings.TrimSuffix(name[:len(name)-containerIDLen], "-"); {
	case strings.HasSuffix(prefix, "conmon"): // the runtime's own watcher of a container
		return group, false
	case prefix == "docker", prefix == "" && strings.HasSuffix(parent, "/docker/"):
		group.runtime = "docker"
	case prefix == "cri-containerd", prefix == "nerdctl":
		group.runtime = "containerd"
	case prefix == "crio":
		group.runtime = "cri-o"
	case prefix == "libpod":
		group.runtime = "podman"
	case prefix != "":
		return group, false
	}
	return group, true
}

// podOf returns the id of the pod whose control group a path goes through. systemd's names have
// underscores in it, as a dash is a level of its slices.
func podOf(path string) string {
	for element := range strings.SplitSeq(path, "/") {
		if !strings.HasPrefix(element, "pod") && !strings.HasPrefix(element, "kubepods") {
			continue
		}
		_, id, found := strings.Cut("-"+strings.TrimSuffix(element, ".slice"), "-pod")
		if found { // not in "kubepods" itself
			return strings.ReplaceAll(id, "_", "-")
		}
	}
	return ""
}

func isContainerID(id string) bool {
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(id) == containerIDLen
}

// subfolders returns the names of the folders in a folder, and none of one that is gone.
func subfolders(path string) []string {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	var found []string
	for _, entry := range entries {
		if entry.IsDir() {
			found = append(found, entry.Name())
		}
	}
	return found
}
