package hostidentity

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// serviceAccount is where Kubernetes tells a pod its namespace.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// describeContainer puts the container and the pod that this program runs in, by what the kernel
// and the environment say. Below a root it puts only what is the host's, too.
func describeContainer(root string, env func(string) string, put func(key, value string)) {
	first := func(names ...string) string {
		for _, name := range names {
			if value := env(name); value != "" {
				return value
			}
		}
		return ""
	}
	put("k8s.cluster.name", first("K8S_CLUSTER_NAME"))
	put("k8s.node.name", first("K8S_NODE_NAME"))
	if root != "" {
		return
	}
	put("container.id", containerID("/proc/self/cgroup", "/proc/self/mountinfo"))
	if env("KUBERNETES_SERVICE_HOST") == "" {
		return
	}
	put("k8s.pod.name", first("K8S_POD_NAME", "POD_NAME", "HOSTNAME"))
	put("k8s.pod.uid", first("K8S_POD_UID", "POD_UID"))
	put("k8s.container.name", first("K8S_CONTAINER_NAME"))
	namespace := first("K8S_NAMESPACE_NAME", "K8S_POD_NAMESPACE", "POD_NAMESPACE")
	if namespace == "" {
		namespace = word(serviceAccount)
	}
	put("k8s.namespace.name", namespace)
}

// containerID returns the id of the container whose processes have these files in proc. The
// control group names it, unless the container has a namespace of its own for them; then some
// mount comes from the runtime's folder of the container (etc/hosts, for instance). The folder
// `sandboxes` is that of a pod and not of a container.
func containerID(cgroup, mountinfo string) string {
	id := regexp.MustCompile(`[0-9a-f]{64}`)
	if content, err := os.ReadFile(filepath.Clean(cgroup)); err == nil {
		for line := range strings.Lines(string(content)) {
			if found := id.FindAllString(line, -1); len(found) > 0 {
				return found[len(found)-1]
			}
		}
	}
	content, err := os.ReadFile(filepath.Clean(mountinfo))
	if err != nil {
		return ""
	}
	folder := regexp.MustCompile(`/(?:containers|overlay-containers)/([0-9a-f]{64})/`)
	if found := folder.FindStringSubmatch(string(content)); found != nil {
		return found[1]
	}
	return ""
}
