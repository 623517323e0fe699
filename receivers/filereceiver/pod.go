package filereceiver

import (
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// pod is what the path of a log says of a container in Kubernetes.
type pod struct{ namespace, name, uid, container string }

// podOf reads .../pods/NAMESPACE_NAME_UID/CONTAINER/N.log; other paths are of none.
func podOf(path string) pod {
	if !strings.Contains(path, "/pods/") {
		return pod{}
	}
	folder := filepath.Dir(path)
	outer := filepath.Dir(folder)
	words := strings.Split(filepath.Base(outer), "_")
	if len(words) != 3 || filepath.Base(filepath.Dir(outer)) != "pods" {
		return pod{}
	}
	return pod{words[0], words[1], words[2], filepath.Base(folder)}
}

// describe puts OpenTelemetry's attributes.
func (p pod) describe(attributes pcommon.Map) {
	if p.uid == "" {
		return
	}
	attributes.PutStr("k8s.namespace.name", p.namespace)
	attributes.PutStr("k8s.pod.name", p.name)
	attributes.PutStr("k8s.pod.uid", p.uid)
	attributes.PutStr("k8s.container.name", p.container)
	attributes.PutStr("service.instance.id", p.name)
}
