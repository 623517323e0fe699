package deliveryexporter

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// incompressible is a text of which no compression makes less.
func incompressible(bytes int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 3))
	text := make([]byte, bytes)
	for i := range text {
		text[i] = byte('!' + random.IntN(90))
	}
	return string(text)
}

type grpcLogs struct {
	plogotlp.UnimplementedGRPCServer
	export func(plogotlp.ExportRequest) (plogotlp.ExportResponse, error)
}

func (g *grpcLogs) Export(_ context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return g.export(request)
}

// serveGRPC returns the address of a server that ends with the test.
func serveGRPC(t *testing.T, export func(plogotlp.ExportRequest) (plogotlp.ExportResponse, error), opts ...grpc.ServerOption) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(opts...)
	plogotlp.RegisterGRPCServer(server, &grpcLogs{export: export})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-served)
	})
	return listener.Addr().String()
}

func newTestClient(t *testing.T, cfg *Config) client {
	t.Helper()
	require.NoError(t, cfg.Validate())
	c, err := newClient(cfg, "logs", settings().BuildInfo)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.close()) })
	return c
}

func encodedLogs(t *testing.T, messages ...string) []byte {
	t.Helper()
	encoded, err := plogotlp.NewExportRequestFromLogs(logsOf(messages...)).MarshalProto()
	require.NoError(t, err)
	return encoded
}

func TestAnswersOfGRPC(t *testing.T) {
	wait, err := status.New(codes.ResourceExhausted, "busy").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(7 * time.Second)})
	require.NoError(t, err)
	for _, tt := range []struct {
		name     string
		answer   error
		rejected int64
		message  string
		refused  bool
		after    time.Duration
	}{
		{name: "all", message: "one"},
		{name: "some", message: "one", rejected: 3},
		{name: "busy", message: "one", answer: wait.Err(), after: 7 * time.Second},
		{name: "away", message: "one", answer: status.Error(codes.Unavailable, "not now")},
		{name: "no key", message: "one", answer: status.Error(codes.Unauthenticated, "who are you?")},
		{name: "wrong", message: "one", answer: status.Error(codes.InvalidArgument, "no"), refused: true},
		{name: "larger than gRPC takes", message: incompressible(5<<20, 1), refused: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig(t, "http://"+serveGRPC(t, func(plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
				response := plogotlp.NewExportResponse()
				response.PartialSuccess().SetRejectedLogRecords(tt.rejected)
				return response, tt.answer
			}))
			cfg.Protocol = protocolGRPC
			got, err := newTestClient(t, cfg).send(t.Context(), codecNone, encodedLogs(t, tt.message))
			assert.Equal(t, int(tt.rejected), got.rejected)
			var refused *refusedError
			assert.Equal(t, tt.refused, errors.As(err, &refused))
			var later *laterError
			switch {
			case tt.refused:
			case tt.answer == nil:
				require.NoError(t, err)
			default:
				require.ErrorAs(t, err, &later)
				assert.Equal(t, tt.after, later.after)
			}
		})
	}
}

// certify makes a certificate for 127.0.0.1, signed by itself, which serves as its own CA.
func certify(t *testing.T, name string) (certificate, key string, pair tls.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), 0o600))
	pair, err = tls.LoadX509KeyPair(certificate, key)
	require.NoError(t, err)
	return certificate, key, pair
}

// Both protocols trust the CA that they are given and no other, and show a certificate where one is
// wanted.
func TestTLS(t *testing.T) {
	serverCA, _, serverPair := certify(t, "server")
	clientCertificate, clientKey, clientPair := certify(t, "client")
	clients := x509.NewCertPool()
	clients.AddCert(clientPair.Leaf)
	secured := &tls.Config{Certificates: []tls.Certificate{serverPair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12}

	web := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	web.TLS = secured
	web.StartTLS()
	defer web.Close()
	const anyFault = "whatever comes first: the server's alert, or the end of the connection"
	urls := map[string]string{
		protocolHTTP: web.URL,
		protocolGRPC: "https://" + serveGRPC(t, func(plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
			return plogotlp.NewExportResponse(), nil
		}, grpc.Creds(credentials.NewTLS(secured))),
	}
	for protocol, url := range urls {
		for name, tt := range map[string]struct {
			section TLSConfig
			fault   string
		}{
			"both":               {TLSConfig{CAFile: serverCA, CertFile: clientCertificate, KeyFile: clientKey}, ""},
			"another CA":         {TLSConfig{CAFile: clientCertificate, CertFile: clientCertificate, KeyFile: clientKey}, "unknown authority"},
			"no certificate":     {TLSConfig{CAFile: serverCA}, anyFault},
			"another name":       {TLSConfig{CAFile: serverCA, CertFile: clientCertificate, KeyFile: clientKey, ServerName: "elsewhere"}, "elsewhere"},
			"the CA of a system": {TLSConfig{CertFile: clientCertificate, KeyFile: clientKey}, "unknown authority"},
		} {
			t.Run(protocol+"/"+name, func(t *testing.T) {
				cfg := testConfig(t, url)
				cfg.Protocol, cfg.TLS = protocol, tt.section
				_, err := newTestClient(t, cfg).send(t.Context(), codecNone, encodedLogs(t, "one"))
				switch tt.fault {
				case "":
					require.NoError(t, err)
				case anyFault:
					require.Error(t, err)
				default:
					require.ErrorContains(t, err, tt.fault)
				}
			})
		}
	}
}
