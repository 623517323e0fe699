package syslogreceiver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/pharos-obs/pharos/internal/recordid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink takes logs, or refuses them.
type sink struct {
	mu     sync.Mutex
	err    error
	asked  int
	bodies []string
	ids    map[string]int
	hosts  map[string]string // body -> host.name service.name
	level  map[string]string
}

func (*sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s *sink) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return s.err
	}
	for _, resource := range logs.ResourceLogs().All() {
		host, _ := resource.Resource().Attributes().Get("host.name")
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			id, _ := record.Attributes().Get(recordid.Attribute)
			s.bodies = append(s.bodies, record.Body().Str())
			s.ids[id.Str()]++
			s.hosts[record.Body().Str()] = host.Str() + " " + service.Str()
			s.level[record.Body().Str()] = record.SeverityText()
		}
	}
	return nil
}

func (s *sink) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) has(bodies ...string) func() bool {
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, body := range bodies {
			if !slices.Contains(s.bodies, body) {
				return false
			}
		}
		return true
	}
}

func start(t *testing.T, change func(*Config)) (*syslogReceiver, *sink) {
	t.Helper()
	cfg := defaultConfig()
	cfg.HostName, cfg.Timezone = "web-1", "UTC"
	change(cfg)
	require.NoError(t, cfg.Validate())
	taken := &sink{ids: map[string]int{}, hosts: map[string]string{}, level: map[string]string{}}
	created, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(NewFactory().Type()), cfg, taken)
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, created.Shutdown(context.Background())) })
	return created.(*syslogReceiver), taken
}

func soon(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, time.Millisecond)
}

func TestDatagrams(t *testing.T) {
	r, taken := start(t, func(c *Config) { c.UDP, c.MaxMessageBytes = "127.0.0.1:0", 500 })
	connection, err := net.Dial("udp", r.packets[0].LocalAddr().String())
	require.NoError(t, err)
	defer connection.Close()
	for _, message := range []string{
		"<34>1 2026-11-30T10:00:00Z router-7 sshd 1 - - five", "<14>Nov 30 10:00:00 web-1 cron[3]: three\n", "<14>Nov 30 10:00:00 app: local",
		"no priority", "", "<14>Nov 30 10:00:00 app: " + strings.Repeat("x", 600),
	} {
		_, err := connection.Write([]byte(message))
		require.NoError(t, err)
	}
	soon(t, taken.has("five", "three", "local", "no priority", strings.Repeat("x", 500-len("<14>Nov 30 10:00:00 app: "))))
	taken.mu.Lock()
	defer taken.mu.Unlock()
	assert.Equal(t, "router-7 sshd", taken.hosts["five"])
	assert.Equal(t, "web-1 cron", taken.hosts["three"])
	assert.Equal(t, "web-1 app", taken.hosts["local"])
	assert.Equal(t, "web-1 syslog", taken.hosts["no priority"])
	assert.Equal(t, "crit", taken.level["five"])
	assert.Len(t, taken.ids, 5)
}

func TestDatagramsAreDroppedWhenNobodyTakesThem(t *testing.T) {
	r, taken := start(t, func(c *Config) { c.UDP = "127.0.0.1:0" })
	taken.refuse(errors.New("full"))
	connection, err := net.Dial("udp", r.packets[0].LocalAddr().String())
	require.NoError(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte("<14>lost"))
	require.NoError(t, err)
	soon(t, func() bool { taken.mu.Lock(); defer taken.mu.Unlock(); return taken.asked > 0 })
	taken.refuse(nil)
	_, err = connection.Write([]byte("<14>kept"))
	require.NoError(t, err)
	soon(t, taken.has("kept"))
	assert.False(t, taken.has("lost")())
}

// A sender waits while nobody takes its messages, and none is lost or doubled.
func TestConnections(t *testing.T) {
	r, taken := start(t, func(c *Config) { c.TCP, c.MaxConnections = "127.0.0.1:0", 3 })
	taken.refuse(errors.New("full"))
	var want []string
	var senders sync.WaitGroup
	for sender := range 3 {
		connection, err := net.Dial("tcp", r.listener.Addr().String())
		require.NoError(t, err)
		defer connection.Close()
		for n := range 1000 {
			want = append(want, fmt.Sprintf("message %d of %d", n, sender))
		}
		senders.Go(func() {
			for n := range 1000 {
				text := fmt.Sprintf("<14>Nov 30 10:00:00 app: message %d of %d", n, sender)
				framed := text + "\n"
				if n%2 == 0 {
					framed = fmt.Sprintf("%d %s", len(text), text)
				}
				if _, err := connection.Write([]byte(framed)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	soon(t, func() bool { taken.mu.Lock(); defer taken.mu.Unlock(); return taken.asked > 3 })
	soon(t, func() bool { return len(r.slots) == 3 })
	further, err := net.Dial("tcp", r.listener.Addr().String())
	require.NoError(t, err)
	defer further.Close()
	_, err = further.Read(make([]byte, 1))
	require.Error(t, err, "too many")
	taken.refuse(nil)
	senders.Wait()
	soon(t, taken.has(want...))
	taken.mu.Lock()
	assert.Len(t, taken.bodies, 3000)
	assert.Len(t, taken.ids, 3000)
	taken.mu.Unlock()
}

func TestRefusedForGood(t *testing.T) {
	r, taken := start(t, func(c *Config) { c.TCP = "127.0.0.1:0" })
	taken.refuse(consumererror.NewPermanent(errors.New("too large")))
	connection, err := net.Dial("tcp", r.listener.Addr().String())
	require.NoError(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte("<14>bad\n"))
	require.NoError(t, err)
	soon(t, func() bool { taken.mu.Lock(); defer taken.mu.Unlock(); return taken.asked > 0 })
	taken.refuse(nil)
	_, err = connection.Write([]byte("<14>good\n"))
	require.NoError(t, err)
	soon(t, taken.has("good"))
}

func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certFile, keyFile = filepath.Join(t.TempDir(), "crt"), filepath.Join(t.TempDir(), "key")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(certFile, certPEM, 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certPEM))
	return certFile, keyFile, pool
}

func TestTLS(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	r, taken := start(t, func(c *Config) {
		c.TCP, c.TLS = "127.0.0.1:0", TLSConfig{CertFile: certFile, KeyFile: keyFile, ClientCAFile: certFile}
	})
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	connection, err := tls.Dial("tcp", r.listener.Addr().String(), &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	require.NoError(t, err)
	_, err = connection.Write([]byte("<14>over TLS\n"))
	require.NoError(t, err)
	require.NoError(t, connection.Close())
	soon(t, taken.has("over TLS"))
	stranger, err := tls.Dial("tcp", r.listener.Addr().String(), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	if err == nil { // the refusal comes with the first read
		defer stranger.Close()
		_, err = stranger.Read(make([]byte, 1))
	}
	require.Error(t, err)
}

// The program `logger` of every Linux reaches the receiver in each way it knows.
func TestLogger(t *testing.T) {
	logger, err := exec.LookPath("logger")
	if err != nil {
		t.Log("there is no logger on this system: nothing to try")
		return
	}
	socket := filepath.Join(t.TempDir(), "log")
	r, taken := start(t, func(c *Config) { c.UDP, c.TCP, c.Unix = "127.0.0.1:0", "127.0.0.1:0", socket })
	_, udp, _ := net.SplitHostPort(r.packets[0].LocalAddr().String())
	_, tcp, _ := net.SplitHostPort(r.listener.Addr().String())
	var want []string
	for _, arguments := range [][]string{
		{"--server", "127.0.0.1", "--port", udp, "--udp", "--rfc3164"},
		{"--server", "127.0.0.1", "--port", udp, "--udp", "--rfc5424"},
		{"--server", "127.0.0.1", "--port", tcp, "--tcp", "--rfc3164"},
		{"--server", "127.0.0.1", "--port", tcp, "--tcp", "--rfc5424", "--octet-count"},
		{"--socket", socket},
	} {
		body := "by " + strings.Join(arguments[1:], " ")
		want = append(want, body)
		output, err := exec.CommandContext(t.Context(), logger, append(arguments, "--priority", "auth.warning", "--tag", "tried", "--id=77", "--", body)...).CombinedOutput()
		require.NoError(t, err, string(output))
	}
	soon(t, taken.has(want...))
	taken.mu.Lock()
	defer taken.mu.Unlock()
	for _, body := range want {
		assert.True(t, strings.HasSuffix(taken.hosts[body], " tried"), taken.hosts[body])
		assert.Equal(t, "warning", taken.level[body])
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	for says, change := range map[string]func(*Config){
		"udp: listen":             func(c *Config) { c.UDP = "256.0.0.1:1" },
		"tcp: listen":             func(c *Config) { c.UDP, c.TCP = "127.0.0.1:0", "256.0.0.1:1" },
		"unix: listen":            func(c *Config) { c.Unix = "/nowhere/x" },
		"tls: cert_file and key_": func(c *Config) { c.TCP, c.TLS = "127.0.0.1:0", TLSConfig{CertFile: "/nowhere", KeyFile: "/nowhere"} },
	} {
		cfg := defaultConfig()
		change(cfg)
		created, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(NewFactory().Type()), cfg, &sink{})
		require.NoError(t, err)
		require.ErrorContains(t, created.Start(t.Context(), componenttest.NewNopHost()), says)
		require.NoError(t, created.Shutdown(t.Context()))
	}
}
