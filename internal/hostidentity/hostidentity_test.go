package hostidentity

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// tree writes files into a folder and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return root
}

func TestDescribe(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // elsewhere there is no root to read from
	}
	t.Setenv("K8S_NODE_NAME", "node-3")
	t.Setenv("K8S_CLUSTER_NAME", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	root := tree(t, map[string]string{
		"etc/hostname": "web-1\n", "etc/machine-id": "0123\n",
		"etc/os-release":            "# comment\nNAME='Arch Linux'\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n\nodd\n",
		"proc/sys/kernel/osrelease": "6.18.1\n", "sys/class/dmi/id/sys_vendor": "DigitalOcean\n",
	})
	target := pcommon.NewMap()
	require.NoError(t, Describe(t.Context(), root, "", target))
	assert.Equal(t, map[string]any{
		"service.instance.id": "web-1", "host.name": "web-1", "host.id": "0123", "host.arch": architecture(runtime.GOARCH),
		"os.type": "linux", "os.name": "Arch Linux", "os.description": "Arch Linux", "os.build_id": "rolling", "os.kernel.release": "6.18.1",
		"cloud.provider": "digitalocean", "cloud.platform": "digitalocean_droplet", "k8s.node.name": "node-3",
	}, target.AsRaw(), "the pod around this program is not the host's")

	require.NoError(t, Describe(t.Context(), root, "edge", target))
	name, _ := target.Get("host.name")
	assert.Equal(t, "edge", name.Str())
}

func TestOwnSystem(t *testing.T) {
	target := pcommon.NewMap()
	require.NoError(t, Describe(t.Context(), "", "", target))
	name, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t, name, target.AsRaw()["host.name"])
	require.NoError(t, DescribeAddresses(target))
	for _, ip := range addressesOf(target, "host.ip") {
		assert.NotContains(t, ip, "127.0.0.")
	}
	for _, mac := range addressesOf(target, "host.mac") {
		assert.NotContains(t, mac, ":")
	}
}

func addressesOf(target pcommon.Map, key string) (found []string) {
	values, _ := target.AsRaw()[key].([]any)
	for _, value := range values {
		found = append(found, value.(string))
	}
	return found
}

func TestArchitecture(t *testing.T) {
	for goarch, want := range map[string]string{"amd64": "amd64", "arm64": "arm64", "386": "x86", "arm": "arm32", "ppc64le": "ppc64"} {
		assert.Equal(t, want, architecture(goarch))
	}
}

func TestReadCloud(t *testing.T) {
	tests := []struct {
		name string
		dmi  map[string]string
		want cloud
	}{
		{"EC2 on Nitro", map[string]string{"sys_vendor": "Amazon EC2", "product_name": "t3.micro"}, cloud{"aws", "aws_ec2"}},
		{"EC2 on Xen", map[string]string{"sys_vendor": "Xen", "bios_version": "4.2.amazon"}, cloud{"aws", "aws_ec2"}},
		{"Google", map[string]string{"sys_vendor": "Google", "product_name": "Google Compute Engine"}, cloud{"gcp", "gcp_compute_engine"}},
		{"Azure", map[string]string{"sys_vendor": "Microsoft Corporation", "chassis_asset_tag": azureAssetTag}, cloud{"azure", "azure.vm"}},
		{"Hyper-V at home", map[string]string{"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"}, cloud{}},
		{"Hetzner", map[string]string{"sys_vendor": "Hetzner", "product_name": "vServer"}, cloud{"hetzner", "hetzner_cloud"}},
		{"DigitalOcean", map[string]string{"sys_vendor": "DigitalOcean"}, cloud{"digitalocean", "digitalocean_droplet"}},
		{"Oracle", map[string]string{"sys_vendor": "QEMU", "chassis_asset_tag": "OracleCloud.com"}, cloud{"oracle_cloud", "oracle_cloud_compute"}},
		{"Alibaba", map[string]string{"sys_vendor": "Alibaba Cloud", "product_name": "Alibaba Cloud ECS"}, cloud{"alibaba_cloud", "alibaba_cloud_ecs"}},
		{"Open Telekom Cloud before OpenStack", map[string]string{"product_name": "OpenStack Nova", "chassis_asset_tag": "OpenTelekomCloud"}, cloud{"open_telekom_cloud", ""}},
		{"OpenStack", map[string]string{"sys_vendor": "RDO", "product_name": "OpenStack Compute"}, cloud{"openstack", "openstack_nova"}},
		{"a laptop", map[string]string{"sys_vendor": "LENOVO", "product_name": "20XW", "chassis_asset_tag": "No Asset Information"}, cloud{}},
		{"nothing", nil, cloud{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, readCloud(tree(t, tt.dmi)))
		})
	}
}

func TestContainerID(t *testing.T) {
	const id = "3f4e2d1c0b9a88776655443322110000ffeeddccbbaa99887766554433221100"
	other := strings.Repeat("a", 64)
	tests := []struct{ name, cgroup, mountinfo, want string }{
		{"cgroup 1", "12:pids:/docker/" + id + "\n11:cpu:/docker/" + id + "\n", "", id},
		{"systemd", "0::/system.slice/docker-" + id + ".scope\n", "", id},
		{"nested", "0::/docker/" + other + "/docker/" + id + "\n", "", id},
		{"kubernetes", "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope", "", id},
		{"own namespace, docker", "0::/\n", "1 2 254:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw - ext4 /dev/vda1 rw\n", id},
		{"own namespace, podman", "0::/\n", "1 2 0:45 /containers/overlay-containers/" + id + "/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n", id},
		{"a pod's sandbox", "0::/\n", "1 2 0:45 /run/containerd/sandboxes/" + other + "/hostname /etc/hostname rw - tmpfs tmpfs rw\n", ""},
		{"a host", "0::/init.scope\n", "1 2 254:1 / / rw - ext4 /dev/vda1 rw\n", ""},
		{"nothing to read", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := tree(t, map[string]string{"cgroup": tt.cgroup, "mountinfo": tt.mountinfo})
			assert.Equal(t, tt.want, containerID(filepath.Join(root, "cgroup"), filepath.Join(root, "mountinfo")))
		})
	}
	assert.Empty(t, containerID("/nowhere/cgroup", "/nowhere/mountinfo"))
}

func TestPod(t *testing.T) {
	environment := map[string]string{
		"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "agent-x7", "POD_NAMESPACE": "monitoring", "K8S_POD_UID": "u-1", "K8S_NODE_NAME": "node-3",
	}
	put := map[string]string{}
	take := func(key, value string) {
		if value != "" {
			put[key] = value
		}
	}
	describeContainer("", func(name string) string { return environment[name] }, take)
	delete(put, "container.id") // where this test runs
	assert.Equal(t, map[string]string{
		"k8s.node.name": "node-3", "k8s.pod.name": "agent-x7", "k8s.pod.uid": "u-1", "k8s.namespace.name": "monitoring",
	}, put)

	clear(put)
	delete(environment, "KUBERNETES_SERVICE_HOST")
	describeContainer("", func(name string) string { return environment[name] }, take)
	maps.DeleteFunc(put, func(key, _ string) bool { return key == "container.id" })
	assert.Equal(t, map[string]string{"k8s.node.name": "node-3"}, put, "a HOSTNAME alone makes no pod")
}
