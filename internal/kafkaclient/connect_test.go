package kafkaclient

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/tlsclient"
)

// certificate writes a certificate for a name, signed by itself, and its key.
func certificate(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600))
	return certFile, keyFile
}

// listen accepts one connection, and returns whom it came from.
func listen(t *testing.T, certFile, keyFile string, clients *x509.CertPool) (address string, client <-chan string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	came := make(chan string, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		if connection.(*tls.Conn).Handshake() != nil {
			came <- "nobody"
			return
		}
		came <- connection.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
		_, _ = io.Copy(io.Discard, connection)
	}()
	return listener.Addr().String(), came
}

func TestTLS(t *testing.T) {
	serverCert, serverKey := certificate(t, "kafka.internal")
	clientCert, clientKey := certificate(t, "pharos-writer")
	pool := x509.NewCertPool()
	content, err := os.ReadFile(clientCert)
	require.NoError(t, err)
	require.True(t, pool.AppendCertsFromPEM(content))
	cfg := DefaultConfig()
	cfg.TLS = tlsclient.Config{Enabled: true, CAFile: serverCert, CertFile: clientCert, KeyFile: clientKey, ServerName: "kafka.internal"}
	require.NoError(t, cfg.TLS.Validate())

	t.Run("a consumer group", func(t *testing.T) {
		address, client := listen(t, serverCert, serverKey, pool)
		dialer, err := cfg.Dialer()
		require.NoError(t, err)
		connection, err := dialer.DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		assert.Equal(t, "pharos-writer", <-client)
		require.NoError(t, connection.Close())
	})
	t.Run("requests", func(t *testing.T) {
		address, client := listen(t, serverCert, serverKey, pool)
		transport, err := cfg.Transport()
		require.NoError(t, err)
		defer transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		go func() { // ends with the context: nobody answers
			_, _ = (&kafka.Client{Addr: kafka.TCP(address), Transport: transport}).Metadata(ctx, &kafka.MetadataRequest{})
		}()
		assert.Equal(t, "pharos-writer", <-client)
	})
	t.Run("another name", func(t *testing.T) {
		address, _ := listen(t, serverCert, serverKey, pool)
		other := cfg
		other.TLS.ServerName = "elsewhere.internal"
		dialer, err := other.Dialer()
		require.NoError(t, err)
		_, err = dialer.DialContext(t.Context(), "tcp", address)
		assert.ErrorContains(t, err, "kafka.internal, not elsewhere.internal")
	})
}

func TestFilesThatAreNoCertificates(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for says, settings := range map[string]tlsclient.Config{
		"tls::ca_file: there is no certificate in " + empty: {Enabled: true, CAFile: empty},
		"tls::cert_file:": {Enabled: true, CertFile: empty, KeyFile: empty},
	} {
		cfg := DefaultConfig()
		cfg.TLS = settings
		_, err := cfg.Transport()
		require.ErrorContains(t, err, says)
		_, err = cfg.Dialer()
		require.ErrorContains(t, err, says)
	}
}

func TestSASL(t *testing.T) {
	for mechanism, name := range map[string]string{"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"} {
		cfg := DefaultConfig()
		cfg.SASL = SASLConfig{Mechanism: mechanism, Username: "pharos", Password: "secret"}
		require.NoError(t, cfg.SASL.Validate())
		transport, err := cfg.Transport()
		require.NoError(t, err)
		assert.Equal(t, name, transport.SASL.Name())
		dialer, err := cfg.Dialer()
		require.NoError(t, err)
		assert.Equal(t, name, dialer.SASLMechanism.Name())
		_, first, err := transport.SASL.Start(t.Context())
		require.NoError(t, err)
		assert.Contains(t, string(first), "pharos")
	}
	cfg := DefaultConfig()
	transport, err := cfg.Transport()
	require.NoError(t, err)
	assert.Nil(t, transport.SASL)
	assert.Nil(t, transport.TLS)
}

func TestNoBroker(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	cfg := DefaultConfig()
	cfg.Brokers = []string{listener.Addr().String()}
	transport, err := cfg.Transport()
	require.NoError(t, err)
	defer transport.CloseIdleConnections()
	require.ErrorContains(t, cfg.EnsureTopic(t.Context(), transport, "logs.incoming", 0), `create topic "logs.incoming"`)
	cfg.CreateTopics.Enabled = false
	require.NoError(t, cfg.EnsureTopic(t.Context(), transport, "logs.incoming", 0), "nothing to do")
}

func TestHeaders(t *testing.T) {
	headers := Headers{{Key: HeaderOrg, Value: []byte("first")}, {Key: HeaderOrg, Value: []byte("last")}}
	assert.Equal(t, "last", headers.Get(HeaderOrg))
	assert.Empty(t, headers.Get(HeaderBatch))
	headers.Set(HeaderBatch, "B")
	headers.Set(HeaderBatch, "C")
	assert.Equal(t, "C", headers.Get(HeaderBatch))
	assert.Equal(t, []string{HeaderOrg, HeaderOrg, HeaderBatch}, headers.Keys())
}
