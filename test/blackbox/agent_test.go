package blackbox

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/test/agent"
	"github.com/pharos-obs/pharos/test/cluster"
	"github.com/pharos-obs/pharos/test/server"
)

// numbersInput is how an agent reads the numbered lines of a file.
const numbersInput = `files/numbers: { include: [%q], start_at: beginning, poll_interval: 50ms, discover_interval: 200ms, directory: %q, service: %s }`

// patience is how long the data of an agent may take to the server on a busy machine.
const patience = 90 * time.Second

// numbers is a log file of numbered lines that an agent reads.
type numbers struct {
	service string
	file    *os.File
	next    int
}

// followNumbers makes the agent read numbered lines, as a service.
func followNumbers(t *testing.T, a *agent.Agent, service string) *numbers {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "numbers.log"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	a.Write("conf.d/"+service+".yaml", fmt.Sprintf(`
receivers: { %s }
service: { pipelines: { logs/%s: { receivers: [files/numbers], processors: [memory_limiter], exporters: [delivery] } } }
`, fmt.Sprintf(numbersInput, file.Name(), filepath.Join(a.State, "files"), service), service))
	a.Overlay = `{exporters: {delivery: {timeout: 3s, retry: {initial: 50ms, max: 500ms}}},
  extensions: {agent_status: {interval: 200ms}}, receivers: {host: {collection_interval: 500ms}}}`
	return &numbers{service: service, file: file}
}

// write appends lines.
func (n *numbers) write(t *testing.T, lines int) {
	t.Helper()
	var text []byte
	for range lines {
		text = append(strconv.AppendInt(text, int64(n.next), 10), '\n')
		n.next++
	}
	_, err := n.file.Write(text)
	assert.NoError(t, err)
}

// arrive waits until every line is at the server, once.
func (n *numbers) arrive(t *testing.T, c client) {
	t.Helper()
	var lost, twice []int
	deadline := time.Now().Add(patience)
	for {
		found := make([]int, n.next)
		for _, record := range c.logsOf(t, n.service) {
			number, err := strconv.Atoi(record.Message)
			require.NoError(t, err)
			require.Less(t, number, n.next, "never written")
			found[number]++
		}
		lost, twice = nil, nil
		for number, times := range found {
			switch {
			case times == 0:
				lost = append(lost, number)
			case times > 1:
				twice = append(twice, number)
			}
		}
		if len(lost) == 0 || time.Now().After(deadline) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if len(lost) > 0 {
		require.Fail(t, "lost", "%d of %d lines, from %d to %d", len(lost), n.next, lost[0], lost[len(lost)-1])
	}
	if len(twice) > 0 {
		require.Fail(t, "there twice", "%d of %d lines, from %d to %d", len(twice), n.next, twice[0], twice[len(twice)-1])
	}
}

// quietServer is one whose stores hold nothing but what the test sends.
func quietServer(t *testing.T, args ...string) *server.Server {
	t.Helper()
	return server.Start(t, append([]string{"--config", overlay(t, quiet)}, args...)...)
}

// TestAgent runs the agent as it is installed: what it measures is there by PromQL, and how it is.
func TestAgent(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	a := agent.New(t, "http://"+s.HTTP, s.Bootstrap.APIKey)
	a.Overlay = ""
	assert.Zero(t, a.Run("validate").Code)
	a.Start()
	for _, query := range []string{
		`sum(system_memory_usage_bytes{job="host"}) > 1e6`,
		`sum(system_cpu_time_seconds_total{job="host"}) > 0`,
		`count(system_network_io_bytes_total{job="host"}) > 0`,
		`pharos_agent_info`,
		`pharos_agent_part_up{part="host"} == 1`,
	} {
		require.Eventually(t, func() bool { return len(c.query(t, query)) > 0 }, patience, 100*time.Millisecond, query)
	}
	hostname, err := os.Hostname()
	require.NoError(t, err)
	assert.Equal(t, hostname, c.query(t, "system_memory_limit_bytes")[0].Metric["host_name"])
	assert.Zero(t, a.Stop())
}

// TestAgentServerAway takes the server away in every way: nothing is lost, nothing is there twice.
func TestAgentServerAway(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	door := agent.NewDoor(t, "http://"+s.HTTP, nil)
	a := agent.New(t, door.URL, s.Bootstrap.APIKey)
	lines := followNumbers(t, a, "bb-away")
	a.Start()
	lines.write(t, 100)
	lines.arrive(t, c)
	for _, away := range []struct {
		name       string
		away, back func()
	}{
		{"stopped", func() { require.Zero(t, s.Stop()) }, s.Start},
		{"killed", s.Kill, s.Start},
		{"busy", func() { door.Refuse(http.StatusTooManyRequests, "1") }, door.Open},
		{"unavailable", func() {
			door.Refuse(http.StatusServiceUnavailable, time.Now().Add(2*time.Second).UTC().Format(http.TimeFormat))
		}, door.Open},
		{"full", func() { door.Refuse(http.StatusInsufficientStorage, "") }, door.Open},
		{"no such path", func() { door.Refuse(http.StatusNotFound, "") }, door.Open},
		{"silent", door.Swallow, door.Open},
		{"answers are lost", door.LoseAnswers, door.Open},
	} {
		away.away()
		from := time.Now()
		before := door.Asked()
		for range 5 {
			lines.write(t, 200)
			time.Sleep(200 * time.Millisecond)
		}
		require.Eventually(t, func() bool { return door.Asked() >= before+2 }, patience, 20*time.Millisecond, "%s: it tries again", away.name)
		require.Eventually(t, func() bool { return a.Failing("delivery") != "" }, patience, 20*time.Millisecond, "%s: it says so", away.name)
		until := time.Now()
		away.back()
		lines.write(t, 100)
		lines.arrive(t, c)
		require.Eventually(t, func() bool { return a.Failing("delivery") == "" }, patience, 20*time.Millisecond, "%s: it works again", away.name)
		meanwhile := fmt.Sprintf("count_over_time(system_cpu_load_average_1m[%dms] @ %.3f)", until.Sub(from).Milliseconds(), float64(until.UnixMilli())/1000)
		require.Eventually(t, func() bool { return c.number(t, meanwhile) > 0 }, patience, 100*time.Millisecond, "%s: what was measured meanwhile", away.name)
	}
	for _, queue := range a.Status().Queues {
		assert.Zero(t, queue.Dropped, queue.Signal)
	}
}

// TestAgentKilled kills the agent at random moments while a file grows and the server comes and
// goes.
func TestAgentKilled(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	door := agent.NewDoor(t, "http://"+s.HTTP, nil)
	a := agent.New(t, door.URL, s.Bootstrap.APIKey)
	lines := followNumbers(t, a, "bb-killed")
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				lines.write(t, 50)
			}
		}
	})
	for round := range 12 {
		switch round % 4 {
		case 1:
			door.Refuse(http.StatusServiceUnavailable, "")
		case 2:
			door.LoseAnswers()
		case 3:
			door.Open()
		}
		a.Launch()
		time.Sleep(time.Duration(100+rand.IntN(700)) * time.Millisecond)
		if round%4 == 3 { // both
			s.Kill()
			a.Kill()
			s.Start()
			continue
		}
		a.Kill()
	}
	close(stop)
	writing.Wait()
	door.Open()
	a.Start()
	lines.arrive(t, c)
}

// TestAgentMemory lets the agent take no more memory: its sources wait, and lose nothing.
func TestAgentMemory(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	a := agent.New(t, "http://"+s.HTTP, s.Bootstrap.APIKey)
	lines := followNumbers(t, a, "bb-memory")
	limits := strings.NewReplacer("limit_mib: 160", "limit_mib: 2", "spike_limit_mib: 32", "spike_limit_mib: 1", "check_interval: 5s", "check_interval: 100ms")
	a.Write("agent.yaml", limits.Replace(string(configs.Agent)))
	a.Start()
	require.Eventually(t, func() bool { return strings.Contains(a.Log(), "Refusing data") }, patience, 20*time.Millisecond)
	for range 10 {
		lines.write(t, 200)
		time.Sleep(50 * time.Millisecond)
	}
	assert.Less(t, len(c.logsOf(t, lines.service)), lines.next)
	a.Write("agent.yaml", string(configs.Agent))
	a.Signal(syscall.SIGHUP)
	lines.arrive(t, c)
}

// TestAgentReload gives the running agent a wrong configuration, and then a right one.
func TestAgentReload(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	a := agent.New(t, "http://"+s.HTTP, s.Bootstrap.APIKey)
	lines := followNumbers(t, a, "bb-reload")
	a.Start()
	lines.write(t, 10)
	lines.arrive(t, c)

	a.Write("conf.d/wrong.yaml", "receivers: { host/other: { collection_interval: 1ns } }\nservice: { pipelines: { metrics/other: { receivers: [host/other], exporters: [delivery] } } }\n")
	assert.Equal(t, 2, a.Run("validate").Code)
	a.Signal(syscall.SIGHUP)
	require.Eventually(t, func() bool { return strings.Contains(a.Log(), "the old one goes on") }, patience, 20*time.Millisecond)
	assert.Contains(t, a.Log(), "collection_interval", "it says why")
	lines.write(t, 10)
	lines.arrive(t, c)

	require.NoError(t, os.Remove(filepath.Join(a.Config, "conf.d/wrong.yaml")))
	a.Write("conf.d/more.yaml", "receivers: { host/other: { collection_interval: 1s, host_name: other } }\nservice: { pipelines: { metrics/other: { receivers: [host/other], exporters: [delivery] } } }\n")
	a.Signal(syscall.SIGHUP)
	require.Eventually(t, func() bool { return len(c.query(t, `system_uptime_seconds{host_name="other"}`)) == 1 }, patience, 100*time.Millisecond)
	lines.write(t, 10)
	lines.arrive(t, c)
	assert.Zero(t, a.Stop())
}

// TestAgentKey starts with a key that the server refuses: nothing is lost until it is right, and
// nobody has to restart the agent.
func TestAgentKey(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	a := agent.New(t, "http://"+s.HTTP, "")
	lines := followNumbers(t, a, "bb-key")
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("phk_wrong\n"), 0o600))
	a.Overlay = strings.Replace(a.Overlay, "timeout: 3s", fmt.Sprintf("timeout: 3s, api_key_file: %q", key), 1)
	a.Start()
	lines.write(t, 100)
	require.Eventually(t, func() bool { return strings.Contains(a.Failing("delivery"), "401") }, patience, 20*time.Millisecond, "the status says so")
	assert.Contains(t, a.Log(), "401")
	assert.NotContains(t, a.Log(), "phk_wrong")

	require.NoError(t, os.WriteFile(key, []byte(s.Bootstrap.APIKey+"\n"), 0o600))
	lines.write(t, 100)
	lines.arrive(t, c)
	require.Eventually(t, func() bool { return a.Failing("delivery") == "" }, patience, 20*time.Millisecond)
}

// TestAgentTLS sends to a server with a CA of its own, and to one that wants a certificate.
func TestAgentTLS(t *testing.T) {
	t.Parallel()
	s := quietServer(t, "--public", "localhost")
	ca := filepath.Join(s.Dir, "tls", "ca.crt")
	pem, err := os.ReadFile(ca)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	c := client{"https://" + s.HTTP, s.Bootstrap.APIKey, &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12},
	}}, nil}

	a := agent.New(t, s.Bootstrap.URL, s.Bootstrap.APIKey)
	lines := followNumbers(t, a, "bb-tls")
	plain := a.Overlay
	a.Start()
	lines.write(t, 10)
	require.Eventually(t, func() bool { return strings.Contains(a.Failing("delivery"), "unknown authority") }, patience, 20*time.Millisecond)
	assert.Zero(t, a.Stop())

	a.Overlay = strings.Replace(plain, "timeout: 3s", fmt.Sprintf("timeout: 3s, tls: {ca_file: %q}", ca), 1)
	a.Start()
	lines.arrive(t, c)
	assert.Zero(t, a.Stop())

	// The server's own certificate serves as the client's: its CA has signed it.
	certificate, key := filepath.Join(s.Dir, "tls", "server.crt"), filepath.Join(s.Dir, "tls", "server.key")
	own, err := tls.LoadX509KeyPair(certificate, key)
	require.NoError(t, err)
	strict := agent.NewDoor(t, s.Bootstrap.URL, &tls.Config{
		Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: roots, MinVersion: tls.VersionTLS12,
	})
	a.Env = append(a.Env, "PHAROS_URL="+strict.URL)
	a.Start()
	lines.write(t, 10)
	require.Eventually(t, func() bool { return strings.Contains(a.Failing("delivery"), "certificate required") }, patience, 20*time.Millisecond)
	assert.Zero(t, a.Stop())

	a.Overlay = strings.Replace(plain, "timeout: 3s", fmt.Sprintf("timeout: 3s, tls: {ca_file: %q, cert_file: %q, key_file: %q}", ca, certificate, key), 1)
	a.Start()
	lines.arrive(t, c)
}

// TestAgentGRPC sends by gRPC over a network that breaks, and one that swallows what is sent.
func TestAgentGRPC(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	c := clientOf(s)
	link := cluster.NewLink(t, s.GRPC)
	a := agent.New(t, "http://"+link.Address, s.Bootstrap.APIKey)
	lines := followNumbers(t, a, "bb-grpc")
	a.Overlay = strings.Replace(a.Overlay, "timeout: 3s", "timeout: 1s, protocol: grpc", 1)
	a.Start()
	lines.write(t, 100)
	lines.arrive(t, c)
	for _, breaks := range []func(){link.Cut, link.Hang} {
		breaks()
		lines.write(t, 500)
		require.Eventually(t, func() bool { return a.Failing("delivery") != "" }, patience, 20*time.Millisecond)
		lines.write(t, 500)
		link.Restore()
		lines.arrive(t, c)
	}
}
