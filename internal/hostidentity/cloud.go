package hostidentity

import (
	"path/filepath"
	"strings"
)

// cloud is who runs the machine below this system, in the words of the conventions where they
// have some; empty for hardware of one's own.
type cloud struct{ provider, platform string }

// The providers that have a metadata service we ask.
const (
	providerAWS   = "aws"
	providerGCP   = "gcp"
	providerAzure = "azure"
)

// azureAssetTag is the same on every virtual machine of Azure; the vendor alone may be Hyper-V.
const azureAssetTag = "7783-7084-3265-9085-8269-3286-77"

// dmiRule recognises a cloud by what its virtual machines say in a field of DMI.
type dmiRule struct {
	file  string
	value string
	exact bool // or else a prefix
	cloud cloud
}

// dmiRules go from the surest to those that several clouds have in common.
func dmiRules() []dmiRule {
	aws := cloud{providerAWS, "aws_ec2"}
	return []dmiRule{
		{"chassis_asset_tag", azureAssetTag, true, cloud{providerAzure, "azure.vm"}},
		{"chassis_asset_tag", "OracleCloud.com", true, cloud{"oracle_cloud", "oracle_cloud_compute"}},
		{"chassis_asset_tag", "Amazon EC2", true, aws},
		{"chassis_asset_tag", "ibmcloud", true, cloud{"ibm_cloud", ""}},
		{"chassis_asset_tag", "OpenTelekomCloud", true, cloud{"open_telekom_cloud", ""}},
		{"chassis_asset_tag", "HUAWEICLOUD", true, cloud{"huawei_cloud", ""}},
		{"sys_vendor", "Amazon EC2", true, aws},
		{"bios_vendor", "Amazon EC2", true, aws},
		{"bios_version", "4.2.amazon", true, aws}, // Xen
		{"product_name", "Google Compute Engine", true, cloud{providerGCP, "gcp_compute_engine"}},
		{"product_name", "Alibaba Cloud ECS", false, cloud{"alibaba_cloud", "alibaba_cloud_ecs"}},
		{"sys_vendor", "Alibaba Cloud", true, cloud{"alibaba_cloud", "alibaba_cloud_ecs"}},
		{"sys_vendor", "Tencent Cloud", true, cloud{"tencent_cloud", "tencent_cloud_cvm"}},
		{"sys_vendor", "DigitalOcean", true, cloud{"digitalocean", "digitalocean_droplet"}},
		{"sys_vendor", "Hetzner", true, cloud{"hetzner", "hetzner_cloud"}},
		{"sys_vendor", "Vultr", true, cloud{"vultr", ""}},
		{"sys_vendor", "Linode", true, cloud{"akamai_cloud", "akamai_cloud.compute"}},
		{"sys_vendor", "Akamai", false, cloud{"akamai_cloud", "akamai_cloud.compute"}},
		{"sys_vendor", "Scaleway", true, cloud{"scaleway", ""}},
		{"sys_vendor", "UpCloud", true, cloud{"upcloud", ""}},
		{"sys_vendor", "OVHcloud", false, cloud{"ovhcloud", ""}},
		{"product_name", "Exoscale", false, cloud{"exoscale", ""}},
		{"product_name", "CloudStack", false, cloud{"cloudstack", ""}},
		{"product_name", "OpenStack", false, cloud{"openstack", "openstack_nova"}},
		{"sys_vendor", "OpenStack Foundation", true, cloud{"openstack", "openstack_nova"}},
	}
}

// readCloud recognises the cloud by the folder of DMI in sys.
func readCloud(folder string) cloud {
	known := map[string]string{}
	for _, rule := range dmiRules() {
		value, read := known[rule.file]
		if !read {
			value = word(filepath.Join(folder, rule.file))
			known[rule.file] = value
		}
		if value == rule.value || !rule.exact && strings.HasPrefix(value, rule.value) {
			return rule.cloud
		}
	}
	return cloud{}
}
