package hostidentity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

const (
	// linkLocal is where the clouds' metadata services are, on every network of theirs.
	linkLocal = "http://169.254.169.254"
	// metadataTimeout is how long one request may take: the service is on the same machine.
	metadataTimeout = 2 * time.Second
	maxMetadata     = 256 << 10
)

// Metadata asks the metadata service of a cloud. It knows those of AWS (IMDSv2), Google and Azure.
type Metadata struct {
	base   string
	client *http.Client
}

// NewMetadata returns a client of the service at a base URL; empty for the link-local address at
// which the clouds have theirs. Nothing is asked yet. Proxies are not used, and redirects are not
// followed.
func NewMetadata(base string) *Metadata {
	if base == "" {
		base = linkLocal
	}
	return &Metadata{base: base, client: &http.Client{
		Timeout:       metadataTimeout,
		Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// ErrNoMetadata says that the host's cloud has no metadata service that we know: asking again
// is of no use.
var ErrNoMetadata = errors.New("its metadata service is not known here")

// Describe asks the service of the cloud that target names in cloud.provider, or when it names
// none, those that we know one after the other. It puts cloud.*, and host.type and host.image.id.
// On an error nothing is put.
func (m *Metadata) Describe(ctx context.Context, target pcommon.Map) error {
	asks := []struct {
		provider, platform string
		ask                func(context.Context) (map[string]string, error)
	}{
		{providerAWS, "aws_ec2", m.aws},
		{providerGCP, "gcp_compute_engine", m.google},
		{providerAzure, "azure.vm", m.azure},
	}
	provider, known := target.Get("cloud.provider")
	err := ErrNoMetadata
	for _, a := range asks {
		if known && provider.Str() != a.provider {
			continue
		}
		var found map[string]string
		if found, err = a.ask(ctx); err != nil {
			err = fmt.Errorf("ask the metadata service of %s: %w", a.provider, err)
			continue
		}
		target.PutStr("cloud.provider", a.provider)
		target.PutStr("cloud.platform", a.platform)
		for key, value := range found {
			if value != "" {
				target.PutStr(key, value)
			}
		}
		return nil
	}
	if errors.Is(err, ErrNoMetadata) {
		return fmt.Errorf("cloud %q: %w", provider.Str(), err)
	}
	return err
}

func (m *Metadata) aws(ctx context.Context) (map[string]string, error) {
	token, err := m.get(ctx, http.MethodPut, "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60")
	if err != nil {
		return nil, err
	}
	content, err := m.get(ctx, http.MethodGet, "/latest/dynamic/instance-identity/document", "X-aws-ec2-metadata-token", string(token))
	if err != nil {
		return nil, err
	}
	var document struct {
		AccountID        string `json:"accountId"`
		Region           string `json:"region"`
		AvailabilityZone string `json:"availabilityZone"`
		InstanceID       string `json:"instanceId"`
		InstanceType     string `json:"instanceType"`
		ImageID          string `json:"imageId"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("parse the identity document: %w", err)
	}
	if document.InstanceID == "" {
		return nil, errors.New("the identity document has no instanceId")
	}
	partition := "aws"
	switch {
	case strings.HasPrefix(document.Region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(document.Region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return map[string]string{
		"cloud.account.id":        document.AccountID,
		"cloud.region":            document.Region,
		"cloud.availability_zone": document.AvailabilityZone,
		"cloud.resource_id": fmt.Sprintf("arn:%s:ec2:%s:%s:instance/%s", partition, document.Region, document.AccountID,
			document.InstanceID),
		"host.type":     document.InstanceType,
		"host.image.id": document.ImageID,
	}, nil
}

// google asks for one value at a time: the whole would contain what users have put there.
func (m *Metadata) google(ctx context.Context) (map[string]string, error) {
	values := map[string]string{}
	for _, name := range []string{"instance/id", "instance/zone", "instance/machine-type", "instance/image", "project/project-id"} {
		content, err := m.get(ctx, http.MethodGet, "/computeMetadata/v1/"+name, "Metadata-Flavor", "Google")
		if err != nil {
			return nil, err
		}
		values[name] = strings.TrimSpace(string(content))
	}
	// The zone is projects/NUMBER/zones/europe-west1-b, the type projects/NUMBER/machineTypes/NAME.
	zone, project := last(values["instance/zone"]), values["project/project-id"]
	region := zone
	if i := strings.LastIndexByte(zone, '-'); i > 0 {
		region = zone[:i]
	}
	return map[string]string{
		"cloud.account.id":        project,
		"cloud.region":            region,
		"cloud.availability_zone": zone,
		"cloud.resource_id":       fmt.Sprintf("//compute.googleapis.com/projects/%s/zones/%s/instances/%s", project, zone, values["instance/id"]),
		"host.type":               last(values["instance/machine-type"]),
		"host.image.id":           values["instance/image"],
	}, nil
}

func (m *Metadata) azure(ctx context.Context) (map[string]string, error) {
	content, err := m.get(ctx, http.MethodGet, "/metadata/instance/compute?api-version=2021-02-01&format=json", "Metadata", "true")
	if err != nil {
		return nil, err
	}
	var compute struct {
		Location       string `json:"location"`
		Zone           string `json:"zone"`
		SubscriptionID string `json:"subscriptionId"`
		ResourceID     string `json:"resourceId"`
		VMID           string `json:"vmId"`
		VMSize         string `json:"vmSize"`
	}
	if err := json.Unmarshal(content, &compute); err != nil {
		return nil, fmt.Errorf("parse the answer: %w", err)
	}
	if compute.VMID == "" {
		return nil, errors.New("the answer has no vmId")
	}
	return map[string]string{
		"cloud.account.id":        compute.SubscriptionID,
		"cloud.region":            compute.Location,
		"cloud.availability_zone": compute.Zone,
		"cloud.resource_id":       compute.ResourceID,
		"host.type":               compute.VMSize,
	}, nil
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// get sends a request with one header, and returns the answer's content.
func (m *Metadata) get(ctx context.Context, method, path, header, value string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, m.base+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set(header, value)
	response, err := m.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxMetadata))
}
