package blackbox

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/pharos-obs/pharos/test/server"
)

// TestPublic listens for others: with a certificate of a CA of its own, and never in plaintext.
func TestPublic(t *testing.T) {
	t.Parallel()
	s := server.Start(t, "--public", "localhost")
	ca, err := os.ReadFile(filepath.Join(s.Dir, "tls", "ca.crt"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	trust := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}
	_, port, err := net.SplitHostPort(s.HTTP)
	require.NoError(t, err)
	assert.Equal(t, "https://localhost:"+port, s.Bootstrap.URL)

	for _, address := range []string{s.HTTP, s.OTLPHTTP} {
		c := client{"https://" + address, s.Bootstrap.APIKey, &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}, nil}
		body := protobuf.metrics(t, otlpGauge("tls"+address, "bb.tls", 1, time.Now()))
		got := c.send(t, http.MethodPost, "/v1/metrics", body, map[string]string{"Content-Type": protobuf.contentType})
		require.Equal(t, http.StatusOK, got.status, "%s", got)

		stranger := client{"https://" + address, s.Bootstrap.APIKey, &http.Client{Transport: &http.Transport{}}, nil}
		_, err := stranger.try(t.Context(), http.MethodGet, "/v1/health", nil, nil)
		var unknown *tls.CertificateVerificationError
		require.ErrorAs(t, err, &unknown, "who does not know the CA does not trust it")

		plain, err := newClient(address, s.Bootstrap.APIKey).try(t.Context(), http.MethodPost, "/v1/metrics", bytes.NewReader(body),
			map[string]string{"Content-Type": protobuf.contentType})
		if err == nil {
			assert.Equal(t, http.StatusBadRequest, plain.status, "%s", plain)
		}
	}
	conn, err := grpc.NewClient(s.GRPC, grpc.WithTransportCredentials(credentials.NewTLS(trust)))
	require.NoError(t, err)
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", s.Bootstrap.APIKey)
	request := pmetricotlp.NewExportRequestFromMetrics(otlpGauge("tls-grpc", "bb.tls", 1, time.Now()))
	_, err = pmetricotlp.NewGRPCClient(conn).Export(ctx, request)
	require.NoError(t, err)
	_, err = pmetricotlp.NewGRPCClient(dial(t, s.GRPC)).Export(ctx, request)
	require.Error(t, err, "in plaintext")

	c := client{"https://" + s.HTTP, s.Bootstrap.APIKey, &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}, nil}
	assert.InDelta(t, 3, c.number(t, "count(bb_tls)"), 0)
	login := c.with("").postJSON(t, "/v1/auth/login", map[string]string{"email": s.Bootstrap.AdminEmail, "password": s.Bootstrap.AdminPassword})
	require.Equal(t, http.StatusOK, login.status, "%s", login)
	for _, cookie := range login.header.Values("Set-Cookie") {
		assert.Contains(t, cookie, "Secure")
	}
	for _, secret := range []string{"tls/ca.key", "tls/server.key", "bootstrap.json"} {
		info, err := os.Stat(filepath.Join(s.Dir, secret))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), secret)
	}
	s.Restart()
	again, err := os.ReadFile(filepath.Join(s.Dir, "tls", "ca.crt"))
	require.NoError(t, err)
	assert.Equal(t, ca, again, "the CA stays")
}
