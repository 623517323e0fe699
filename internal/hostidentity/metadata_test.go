package hostidentity

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// service is a metadata service that answers only to the header that goes with a path.
func service(t *testing.T, answers map[string]answer) *Metadata {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, found := answers[r.Method+" "+r.URL.Path]
		if !found || r.Header.Get(a.header) != a.value {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(a.content))
	}))
	t.Cleanup(server.Close)
	return NewMetadata(server.URL)
}

type answer struct{ header, value, content string }

func amazon(document string) map[string]answer {
	return map[string]answer{
		"PUT /latest/api/token":                          {"X-aws-ec2-metadata-token-ttl-seconds", "60", "secret"},
		"GET /latest/dynamic/instance-identity/document": {"X-aws-ec2-metadata-token", "secret", document},
	}
}

const amazonDocument = `{"accountId":"123","region":"eu-west-1","availabilityZone":"eu-west-1b","instanceId":"i-0a","instanceType":"t3.micro","imageId":"ami-9"}`

var amazonAttributes = map[string]any{
	"cloud.provider": "aws", "cloud.platform": "aws_ec2", "cloud.account.id": "123", "cloud.region": "eu-west-1",
	"cloud.availability_zone": "eu-west-1b", "cloud.resource_id": "arn:aws:ec2:eu-west-1:123:instance/i-0a",
	"host.type": "t3.micro", "host.image.id": "ami-9",
}

func TestMetadata(t *testing.T) {
	google := map[string]answer{}
	for name, content := range map[string]string{
		"instance/id": "42\n", "instance/zone": "projects/7/zones/europe-west1-b", "instance/machine-type": "projects/7/machineTypes/e2-small",
		"instance/image": "projects/debian-cloud/global/images/debian-12", "project/project-id": "shop",
	} {
		google["GET /computeMetadata/v1/"+name] = answer{"Metadata-Flavor", "Google", content}
	}
	azure := map[string]answer{"GET /metadata/instance/compute": {
		"Metadata", "true",
		`{"location":"westeurope","zone":"","subscriptionId":"sub","resourceId":"/subscriptions/sub/vm","vmId":"v-1","vmSize":"Standard_B1s"}`,
	}}
	tests := []struct {
		name     string
		provider string
		answers  map[string]answer
		want     map[string]any
	}{
		{"aws", "aws", amazon(amazonDocument), amazonAttributes},
		{"google", "gcp", google, map[string]any{
			"cloud.provider": "gcp", "cloud.platform": "gcp_compute_engine", "cloud.account.id": "shop", "cloud.region": "europe-west1",
			"cloud.availability_zone": "europe-west1-b", "cloud.resource_id": "//compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/42",
			"host.type": "e2-small", "host.image.id": "projects/debian-cloud/global/images/debian-12",
		}},
		{"azure, its name unknown", "", azure, map[string]any{
			"cloud.provider": "azure", "cloud.platform": "azure.vm", "cloud.account.id": "sub", "cloud.region": "westeurope",
			"cloud.resource_id": "/subscriptions/sub/vm", "host.type": "Standard_B1s",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := pcommon.NewMap()
			if tt.provider != "" {
				target.PutStr("cloud.provider", tt.provider)
			}
			require.NoError(t, service(t, tt.answers).Describe(t.Context(), target))
			assert.Equal(t, tt.want, target.AsRaw())
		})
	}
}

func TestMetadataRefused(t *testing.T) {
	tests := []struct {
		name, provider string
		answers        map[string]answer
		want           string
	}{
		{"another cloud", "hetzner", nil, `cloud "hetzner": its metadata service is not known here`},
		{"forbidden", "aws", nil, "ask the metadata service of aws: PUT /latest/api/token: 403 Forbidden"},
		{"no JSON", "aws", amazon("<html>"), "parse the identity document: invalid character"},
		{"empty", "aws", amazon("{}"), "the identity document has no instanceId"},
		{"none answers", "", nil, "ask the metadata service of azure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := pcommon.NewMap()
			if tt.provider != "" {
				target.PutStr("cloud.provider", tt.provider)
			}
			before := target.AsRaw()
			require.ErrorContains(t, service(t, tt.answers).Describe(t.Context(), target), tt.want)
			assert.Equal(t, before, target.AsRaw())
		})
	}
}

func TestMetadataFollowsNobody(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	t.Cleanup(server.Close)
	target := pcommon.NewMap()
	target.PutStr("cloud.provider", "azure")
	require.ErrorContains(t, NewMetadata(server.URL).Describe(t.Context(), target), "302 Found")

	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, NewMetadata(server.URL).Describe(ended, target), context.Canceled)
	assert.Equal(t, "http://169.254.169.254", NewMetadata("").base)
}
